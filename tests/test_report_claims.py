"""What the report says of itself: nothing that did not happen in this very study."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
from coded import Interview, around, code, put, suggest
from test_report import parsed, study, table

from tdfnlp import build_report, themes
from tdfnlp.framework import Valence
from tdfnlp.report import Report
from tdfnlp.report.parts import Table
from tdfnlp.store import Given, Label, Store

GOALS = "themes Motivation: reflective"


def answers(found: Table) -> Mapping[str, str]:
    return {str(row[0]): str(row[2]) for row in found.rows}


def methods(made: Report) -> str:
    return " ".join(map(str, made.sections[0].parts))


def test_a_study_coded_elsewhere_claims_neither_audit_nor_second_coder(tmp_path: Path) -> None:
    with Store.open(tmp_path / "s.db") as store:
        numbers = put(store, Interview("A", ["It is hard.", "It rained."], "P"))
        suggest(store, around([0, 1]))
        goals = (Label(("Goals",), "Goals", "barrier"),)
        for number, labels in zip(numbers, (goals, ()), strict=True):
            store.answer("eve", Given(number, labels, token=str(number), how="imported"))
        made = build_report(store)
    assert answers(table(made, "SRQR"))["S15"] == "One coder a passage and a log of every answer."
    assert answers(table(made, "SRQR"))["S19"] == (
        "No passage had a second coder. Others are for the authors."
    )
    assert "audit" not in answers(table(made, "JARS-Qual"))["12"].split("Every count")[0]
    assert "2 answers came from earlier coding in other programs; that no code applies was " in (
        methods(made)
    )
    assert "2 passages are confirmed: 1 with a code, 1 without" in methods(made)


def test_what_happened_is_claimed(tmp_path: Path) -> None:
    with study(tmp_path / "s.db") as store:
        made = build_report(store)
    assert answers(table(made, "SRQR"))["S15"].startswith("Agreement of coders and a log")
    limits = answers(table(made, "SRQR"))["S19"]
    assert "25 answers may have been led by a machine's suggestion; no blind audit" in limits
    assert "Preliminary: 29 of 35" in limits


def test_without_suggestions_none_are_claimed(tmp_path: Path) -> None:
    with Store.open(tmp_path / "s.db") as store:
        put(store, Interview("A", ["It is hard."], "P"))
        code(store, "ann", {1: [("Goals", "barrier")]})
        made = build_report(store)
    assert "No suggestions were made; people coded without any." in made.about[0]
    assert "machine" not in made.about[0]
    assert answers(table(made, "COREQ"))["27"].endswith("no model.")
    assert "1 passage is confirmed" in methods(made)


def test_saturation_of_groups_that_nobody_named_is_not_for_print(tmp_path: Path) -> None:
    with Store.open(tmp_path / "s.db") as store:
        numbers = put(store, *(Interview(f"I{n}", ["We plan for it."], "P") for n in range(7)))
        coded: dict[int, list[tuple[str, Valence | None]]] = {
            n: [("Goals", "barrier")] if n < 6 else [] for n in numbers[:6]
        }
        code(store, "ann", coded)
        made = build_report(store)
        said = str(next(one for one in made.sections if one.title == "Saturation").parts[0])
        assert "Not to be reported yet: 1 theme is the program's grouping." in said
        assert "22" not in answers(table(made, "COREQ"))
        assert "22 Data saturation" in table(made, "COREQ").notes[0]
        # The sixth interview was coded and brought nothing; the seventh is not decided.
        assert [row[1] for row in table(made, "saturation").rows] == [f"I{n}" for n in range(6)]
        themes.rename(store, "ann", themes.current(store)[0].key, "Plans", token="1")
        assert "reached at interview 6 of 6" in answers(table(build_report(store), "COREQ"))["22"]


def test_interviews_without_any_theme_are_no_saturation(tmp_path: Path) -> None:
    with Store.open(tmp_path / "s.db") as store:
        numbers = put(store, *(Interview(f"I{n}", ["It rained."], "P") for n in range(6)))
        code(store, "ann", {n: [] for n in numbers})
        section = next(one for one in build_report(store).sections if one.title == "Saturation")
        assert "There are no themes." in str(section.parts) and len(section.parts) == 1


def test_neutral_passages_of_a_theme_are_told(tmp_path: Path) -> None:
    with Store.open(tmp_path / "s.db") as store:
        numbers = put(store, Interview("A", ["We plan for it."] * 4, "P"))
        sides: Sequence[Valence | None] = ("mixed", "neutral", "neutral", None)
        code(store, "ann", {n: [("Goals", s)] for n, s in zip(numbers, sides, strict=True)})
        (row,) = table(build_report(store), GOALS).rows
        assert row[2] == "Mixed 1, neutral 2, not given 1"


@pytest.mark.parametrize("first", ["All participants", "Ward"])
def test_a_group_may_be_called_as_it_likes(tmp_path: Path, first: str) -> None:
    with Store.open(tmp_path / "s.db") as store:
        put(store, Interview("A", ["Hard."], "P", first), Interview("B", ["Easy."], "P", "Zoo"))
        code(store, "ann", {1: [("Goals", "barrier")], 2: [("Goals", "barrier")]})
        made = build_report(store)
    (row,) = table(made, GOALS).rows
    assert row[3:] == ("\u2713 1 (1)", "\u2713 1 (1)", 2, 2)
    figures = next(one for one in made.data if one.name == "domains by group")
    assert [row[1:] for row in figures.rows if row[0] == "Goals"] == [
        (first, 1, 1, 1),
        ("Zoo", 1, 1, 1),
    ]


def test_speech_without_a_label_is_told(tmp_path: Path) -> None:
    with Store.open(tmp_path / "s.db") as store:
        put(store, Interview("A", ["Hard."], "P", "Ward"), Interview("B", ["Hard."], None, "Zoo"))
        code(store, "ann", {n: [("Goals", "barrier")] for n in (1, 2)})
        made = build_report(store)
    assert "A participant is a speaker's label in one transcript." in methods(made)
    assert "In 1 transcript some or all speech has no speaker's label" in methods(made)


def test_figures_in_the_sheets_are_numbers(tmp_path: Path) -> None:
    with Store.open(tmp_path / "s.db") as store:
        put(store, Interview("A", ["Hard.", "Easy."], "P"))
        code(store, "ann", {1: [("Goals", "barrier")], 2: [("Goals", "facilitator")]})
        made = build_report(store)
    found = next(one for one in made.data if one.name == "relevance")
    first = dict(zip(found.columns, found.rows[0], strict=True))
    assert first["domain"] == "Goals" and first["barriers"] == 1 == first["people"]
    assert (first["spread"], first["conflicting"], first["likely"]) == ("yes", "no", "yes")
    assert sum(int(str(row[found.columns.index("passages")])) for row in found.rows) == 2


def test_each_row_says_what_it_is_of(tmp_path: Path) -> None:
    with Store.open(tmp_path / "s.db") as store:
        put(store, Interview("A", ["Hard."], "P"))
        code(store, "ann", {1: [("Goals", "barrier")]})
        made = build_report(store)
    named = sum(len(one.rows) for one in made.tables() if one.named)
    heads = sum(len(one.head()) for one in made.tables())
    blocks = sum(h is not None for one in made.tables() for h, _ in one.blocks())
    behind = sum(len(one.tables()[0].head()) for one in made.appendix)
    assert parsed(made).tags["th"] == named + heads + blocks + behind


def test_groups_that_the_figure_leaves_out_are_counted(tmp_path: Path) -> None:
    with Store.open(tmp_path / "s.db") as store:
        put(store, *(Interview(f"I{n}", ["Hard."], "P", f"Site {n:02d}") for n in range(14)))
        code(store, "ann", {n: [("Goals", "barrier")] for n in range(1, 15)})
        made = build_report(store)
    figure = next(one for one in made.figures() if one.name == "domains by group")
    assert figure.title.endswith("; 2 more groups stand in the table")
    assert len(table(made, "domains by group").columns) == 1 + 14 + 1
