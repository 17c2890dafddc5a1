"""The report: what it counts, what it prints, and that bad input leaves it sound."""

import csv
import json
from collections import Counter
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from io import BytesIO
from pathlib import Path

import numpy as np
import openpyxl
import pytest
from click.testing import CliRunner
from coded import Interview, answer, around, code, put, suggest
from docx import Document

from tdfnlp import build_report, themes
from tdfnlp.cli import cli
from tdfnlp.coding import Suggestion
from tdfnlp.errors import InputError, OutputError
from tdfnlp.export import Suggestions
from tdfnlp.framework import COM_B, DOMAINS, Valence
from tdfnlp.report import Figure, Report, Section, Table
from tdfnlp.report.saturation import reached
from tdfnlp.report.text import label, listed, plain, short
from tdfnlp.report.word import document
from tdfnlp.store import Given, Label, Store
from tdfnlp.transcript import Utterance

RESOURCES, ROLE = "Environmental context and resources", "Social/professional role and identity"
SAID = (
    "The referral form is far too long for a clinic.",
    "Our manager gave us an extra hour for it, which helps.",
    "I am not sure it is my job to ask, but I do not mind.",
    "The form asks for things that nobody in the clinic has.",
    "My bus was late this morning.",
)
CODES: dict[int, list[tuple[str, Valence | None]]] = {
    0: [(RESOURCES, "barrier")],
    1: [(RESOURCES, "facilitator"), ("Social influences", "facilitator")],
    2: [(ROLE, "mixed")],
    3: [(RESOURCES, "barrier"), ("Knowledge", "barrier")],
    4: [],
}


def study(path: Path) -> Store:
    """Seven interviews of two groups, all said and coded alike, the last one not coded yet."""
    store = Store.open(path)
    numbers = put(
        store,
        *(
            Interview(
                f"I{n}", [f"{words} ({n})" for words in SAID], "P", "Ward" if n < 4 else "Clinic"
            )
            for n in range(1, 8)
        ),
    )
    run = suggest(store, around([0, 1, 2, 0, 3] * 7, spread=0))
    coded = {number: CODES[place % 5] for place, number in enumerate(numbers[:30])}
    code(store, "ann", dict(list(coded.items())[:5]))
    code(store, "ann", dict(list(coded.items())[5:]), run=run)
    code(store, "bob", {1: [(RESOURCES, "barrier")], 2: [("Goals", "barrier")], 5: []})
    store.answer("bob", Given(3, skip=True, token="skipped"))
    return store


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    with study(tmp_path_factory.mktemp("study") / "falls.db") as store:
        yield store


@pytest.fixture(scope="module")
def report(store: Store) -> Report:
    return build_report(store)


@pytest.fixture(scope="module")
def folder(report: Report, tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("report") / "out"
    report.save(place)
    return place


def table(report: Report, name: str) -> Table:
    return next(one for one in (*report.tables(), *report.data) if one.name == name)


def column(one: Table, name: str) -> list[object]:
    return [row[one.columns.index(name)] for row in one.rows]


# What it counts: utterance 2 is open (ann and bob differ), 31 to 35 are not answered.


def test_people_and_passages_of_each_theme_in_each_group(report: Report) -> None:
    found = table(report, "themes Opportunity: physical")
    assert found.columns[3:5] == ("Clinic (n\u00a0=\u00a04)", "Ward (n\u00a0=\u00a03)")
    assert {row[0] for row in found.rows} == {f"{RESOURCES}: 6 people, 17 passages"}
    by_direction = {row[2]: row[3:] for row in found.rows}
    assert by_direction == {
        "Barrier": ("\u2713 3 (6)", "\u2713 3 (6)", 6, 12),
        "Facilitator": ("\u2713 3 (3)", "\u2713 2 (2)", 5, 5),
    }


def test_a_domain_of_two_components_is_told_once(report: Report) -> None:
    reflective = next(one for one in report.sections if one.title == "Motivation: reflective")
    automatic = next(one for one in report.sections if one.title == "Motivation: automatic")
    assert any(ROLE in str(row[0]) for row in reflective.tables()[0].rows)
    assert not automatic.tables()
    assert f"{ROLE} belongs to Motivation: reflective" in str(automatic.parts[0])
    assert "No confirmed passage: Reinforcement, Emotion." in automatic.parts


def test_every_component_has_its_section(report: Report) -> None:
    assert [one.title for one in report.sections if one.title in COM_B] == list(COM_B)


def test_passages_can_be_found_again_in_their_transcripts(report: Report, store: Store) -> None:
    texts = {one.id: one.text for one in store.transcripts()}
    rows = table(report, "passages").to_pandas()
    assert len(rows) == 12 + 5 + 5 + 6 + 6
    for row in rows.to_dict("records"):
        assert texts[row["transcript"]][row["start"] : row["end"]] == row["text"]
    assert set(rows["domain"]) == {RESOURCES, "Social influences", ROLE, "Knowledge"}
    assert "Goals" not in set(rows["domain"]), "coders differ on it"


def test_theme_figures_add_up_to_their_passages(report: Report) -> None:
    figures, passages = table(report, "themes"), table(report, "passages")
    counted = Counter(column(passages, "theme"))
    assert dict(zip(column(figures, "theme"), column(figures, "passages"), strict=True)) == counted
    sides = ("barrier", "facilitator", "mixed", "neutral", "direction not given")
    for place, total in enumerate(column(figures, "passages")):
        assert sum(int(str(column(figures, side)[place])) for side in sides) == total
    assert all("proposed" in str(one) for one in column(figures, "worded by"))


def test_relevance_follows_the_stated_rule(report: Report) -> None:
    found = table(report, "relevance")
    rows = {str(row[0]): row for row in found.rows}
    # Medians of 17, 5, 6, 6 passages: 6. Both sides in resources, by different people.
    assert rows[RESOURCES][1:] == (
        "17 (74 %)",
        "6 (86 %)",
        2,
        "12 / 5 / 0",
        "F, S, C",
        "Likely",
    )
    assert rows["Knowledge"][-2:] == ("F, S", "Likely")
    assert rows["Social influences"][-2:] == ("S", "\u2013")
    assert rows["Emotion"][1:4] == ("0 (0 %)", "0 (0 %)", 0)
    assert len(rows) == len(DOMAINS) and found.rows[0][0] == RESOURCES
    assert "median" in found.notes[0] and "authors judge" in found.notes[0]


def test_one_person_of_two_minds_is_no_conflict(tmp_path: Path) -> None:
    with Store.open(tmp_path / "s.db") as store:
        put(store, Interview("A", ["It is hard.", "It is easy."]))
        code(store, "ann", {1: [("Goals", "barrier")], 2: [("Goals", "facilitator")]})
        row = table(build_report(store), "relevance").rows[0]
        assert row[0] == "Goals" and "C" not in str(row[5])


def test_domains_that_share_a_passage_are_counted(report: Report) -> None:
    assert table(report, "together").rows == (
        ("Knowledge", RESOURCES, 6),
        (RESOURCES, "Social influences", 5),
    )


def test_saturation_counts_new_themes_in_the_order_of_the_study(report: Report) -> None:
    found = table(report, "saturation")
    assert column(found, "Transcript") == [f"I{n}" for n in range(1, 7)]
    total = len(table(report, "themes").rows)
    assert column(found, "Themes so far")[-1] == total
    assert sum(int(str(one)) for one in column(found, "New themes")) == total
    (said,) = [
        one
        for s in report.sections
        if s.title == "Saturation"
        for one in s.parts
        if isinstance(one, str)
    ]
    assert "reached at interview 6 of 6; the last run brought 0 %" in said


@pytest.mark.parametrize(
    ("new", "at"),
    [([9, 5, 3, 3, 1, 0], 6), ([5, 5, 5, 5, 5, 5], None), ([1, 2, 3], None), ([0] * 8, None)],
)
def test_saturation_is_reached_where_a_run_brings_little(new: list[int], at: int | None) -> None:
    assert reached(new) == at


def test_saturation_that_is_not_reached_is_said(tmp_path: Path) -> None:
    with Store.open(tmp_path / "s.db") as store:
        numbers = put(store, *(Interview(f"I{n}", [f"Reason {n}."], "P") for n in range(6)))
        run = suggest(store, around([0] * 6))
        suggest(store, around([0] * 6))
        answer(
            store,
            "ann",
            {n: [Label(("Goals", f"Aim {n}"), "Goals", None)] for n in numbers},
            run=run,
        )
        made = build_report(store)
        said = next(one for one in made.sections if one.title == "Saturation").parts[0]
        assert "not reached in 6 interviews; the last run brought 50 %" in str(said)
        assert "Suggestions were renewed 1 time." in str(made.sections[0].parts[0])


def test_methods_hold_the_figures_of_the_study(report: Report) -> None:
    text = " ".join(str(one) for one in report.sections[0].parts)
    for part in (
        "7 transcripts of 7 participants",
        "Clinic (n\u00a0=\u00a04) and Ward (n\u00a0=\u00a03)",
        "35 passages",
        "(invented-0123)",
        "Suggestions were made by a machine; every code reported here was decided by people.",
        "2 coders gave 34 answers on 30 passages.",
        "Of 25 answers given with a suggestion in sight, 0 took the suggested domain as it was, "
        "20 changed it, and 5 found that no code applies.",
        "3 passages had two or more coders; 0 passages were adjudicated, and 1 on which coders",
        "29 passages are confirmed: 23 with a code, 6 without; they come from 6 of 7",
    ):
        assert part in text
    assert any("Preliminary: 29 of 35 passages (83 %)" in one for one in report.about)


def test_the_audit_log_has_every_answer_and_every_change(tmp_path: Path) -> None:
    with study(tmp_path / "s.db") as store:
        store.undo("bob", "undone")
        theme = themes.current(store)[0]
        themes.rename(store, "ann", theme.key, "Mine", token="1")
        log = table(build_report(store), "audit log")
        verdicts = Counter(column(log, "verdict"))
        assert len(log.rows) == len(store.record()) + len(store.theme_changes())
        assert verdicts["undo"] == 1 and verdicts["themes: name"] == 1
        assert column(log, "when") == sorted(map(str, column(log, "when")))
        assert sum(one is not None for one in column(log, "takes back")) == 1


def test_models_are_named_with_hashes_thresholds_and_training(report: Report) -> None:
    facts = {str(row[1]): str(row[2]) for row in table(report, "runs").rows}
    assert facts["Model"] == "invented-0123" and facts["Codebook (SHA-256)"] == "f" * 64
    assert facts["Thresholds for a suggestion"].startswith("Knowledge 0.50; Skills 0.50")
    assert (
        "Goals 7" in facts["Training units per domain"] and facts["Other thresholds"] == "ask 0.4"
    )


def test_every_item_of_a_standard_is_answered_or_left_to_the_authors(report: Report) -> None:
    for name, number in (("COREQ", 32), ("SRQR", 21), ("JARS-Qual", 14)):
        one = table(report, name)
        left = one.notes[0].removeprefix("For the authors: ").removesuffix(".").split("; ")
        items = [str(row[0]).strip("S") for row in one.rows]
        items += [entry.split(" ")[0].strip("S") for entry in left]
        assert sorted(map(int, items)) == list(range(1, number + 1))
        assert all(row[2] for row in one.rows)


def test_coders_and_machine_are_compared(report: Report) -> None:
    section = next(one for one in report.sections if one.title == "Agreement")
    assert any(isinstance(one, str) and "ann and bob" in one for one in section.parts)
    assert {"agreement", "agreement by domain"} <= {one.name for one in section.tables()}


def test_the_blind_audit_is_reported(tmp_path: Path) -> None:
    with study(tmp_path / "s.db") as store:
        store.configure(audit_share=1.0)
        from tdfnlp.queue import next_questions

        for n, one in enumerate(next_questions(store, coder="cy", n=20)):
            labels = (Label(("Knowledge",), "Knowledge", "barrier"),)
            store.answer("cy", Given(one.id, labels, token=f"cy{n}"))
        made = build_report(store)
        assert "random audit" in str(made.sections[0].parts)
        assert column(table(made, "audit"), "Domain")[0] == "All domains"


# Quotes.


def test_quotes_are_of_different_people_and_stand_with_their_place(report: Report) -> None:
    found = table(report, "quotes Opportunity: physical")
    by_theme: dict[str, list[str]] = {}
    for theme, quote, _, source in found.rows:
        by_theme.setdefault(str(theme), []).append(str(source))
        assert str(quote).startswith("\u201c")
    for sources in by_theme.values():
        assert len(sources) == 2 and len({one.split(",")[1] for one in sources}) == 2
    assert all(one.startswith("P, I") for one in sources)
    assert any("(Ward), " in one or "(Clinic), " in one for one in sources)


def test_typical_quotes_come_first(tmp_path: Path) -> None:
    with Store.open(tmp_path / "s.db") as store:
        said = [
            "A middling sentence about the forms we have.",
            "An odd sentence on what we have here.",
        ]
        put(store, *(Interview(f"I{n}", [said[n == 2]], "P") for n in range(4)))
        vectors = np.array([[1, 0], [1, 0.1], [0, 1], [1, 0]], dtype=np.float32)
        suggest(store, vectors)
        code(store, "ann", {n: [("Goals", "barrier")] for n in (1, 2, 3, 4)})
        quotes = table(build_report(store, quotes_per_theme=4), "quotes Motivation: reflective")
        assert "odd" in str(quotes.rows[-1][1])


def test_people_choose_other_quotes(store: Store, report: Report, tmp_path: Path) -> None:
    listed = json.loads(report.quotes)
    theme = next(one for one in listed["themes"] if one["domain"] == "Knowledge")
    assert theme["chosen"] == [] and sum(one["shown"] for one in theme["candidates"]) == 2
    other = next(one for one in theme["candidates"] if not one["shown"])
    theme["chosen"] = [other["utterance"]]
    file = tmp_path / "quotes.json"
    file.write_text(json.dumps(listed), "utf-8")
    for wanted in (file, {"Knowledge": [other["utterance"]]}):
        again = build_report(store, quotes=wanted)
        quotes = table(again, "quotes Capability: psychological").rows
        assert [row[1] for row in quotes] == [f"\u201c{other['text']}\u201d"]
        kept = json.loads(again.quotes)["themes"]
        assert [one["chosen"] for one in kept if one["chosen"]] == [[other["utterance"]]]


def test_chosen_quotes_that_are_gone_are_counted(store: Store) -> None:
    about = build_report(store, quotes={"Knowledge": [1], "Goals": [2]}).about
    assert any("2 chosen quotes are not shown" in one for one in about)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        '{"themes": [{"domain": "Goals"}]}',
        '{"themes": [{"domain": "Goals", "chosen": ["a"]}]}',
    ],
)
def test_a_damaged_list_of_quotes_is_said(store: Store, tmp_path: Path, text: str) -> None:
    file = tmp_path / "quotes.json"
    file.write_text(text, "utf-8")
    with pytest.raises(InputError, match=r"quotes.json is no list of quotes"):
        build_report(store, quotes=file)


def test_a_theme_needs_a_quote(store: Store) -> None:
    with pytest.raises(InputError, match="at least one quote"):
        build_report(store, quotes_per_theme=0)


# What it writes.


def test_the_folder_holds_page_word_file_sheets_and_figures(folder: Path, report: Report) -> None:
    names = {str(one.relative_to(folder)) for one in folder.rglob("*") if one.is_file()}
    assert {"report.html", "report.docx", "report.xlsx", "quotes.json"} <= names
    assert {"tables/themes.csv", "tables/passages.csv", "tables/audit_log.csv"} <= names
    for one in ("directions", "domains_by_group", "together", "saturation"):
        assert (folder / "figures" / f"{one}.svg").read_bytes().lstrip().startswith(b"<?xml")
        assert (folder / "figures" / f"{one}.png").read_bytes().startswith(b"\x89PNG")
    assert len(report.figures()) == 4


class Page(HTMLParser):
    """Tags that are open, and what the page would load."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: Counter[str] = Counter()
        self.loads: list[str] = []
        self.open: list[str] = []
        self.ids: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags[tag] += 1
        if tag not in ("meta", "img", "col", "br"):
            self.open.append(tag)
        for name, value in attrs:
            assert not name.startswith("on")
            if name in ("src", "href"):
                self.loads.append(value or "")
            if name == "id":
                self.ids.append(value or "")
            if (tag, name) == ("img", "alt"):
                assert value

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def parsed(report: Report) -> Page:
    from tdfnlp.report.html import page

    found = Page()
    found.feed(page(report).decode("utf-8"))
    assert found.open == []
    return found


def test_the_page_is_one_file_without_a_script(report: Report) -> None:
    page = parsed(report)
    assert not page.tags["script"] and page.tags["title"] == page.tags["h1"] == 1
    assert all(one.startswith(("#", "data:image/svg+xml;base64,")) for one in page.loads)
    assert {one[1:] for one in page.loads if one.startswith("#")} <= set(page.ids)
    behind = sum(len(one.tables()) for one in report.appendix)
    assert page.tags["table"] == page.tags["caption"] == len(report.tables()) + behind
    assert page.tags["details"] == behind == len(table(report, "themes").rows)


def test_the_word_file_has_real_tables_with_numbered_captions(folder: Path, report: Report) -> None:
    doc = Document(str(folder / "report.docx"))
    assert len(doc.tables) == len(report.tables())
    assert len(doc.inline_shapes) == len(report.figures())
    captions = [one.text for one in doc.paragraphs if one.style and one.style.name == "Caption"]
    assert sum(one.startswith("Table ") for one in captions) == len(report.tables())
    assert captions[0] == f"Table 1. {report.tables()[0].title}"
    xml = doc.element.xml
    assert xml.count("SEQ Table") == len(report.tables()) and "SEQ Figure" in xml
    for made, given in zip(doc.tables, report.tables(), strict=True):
        assert [cell.text for cell in made.rows[0].cells] == list(given.head())
        assert len(made.rows) == 1 + sum((h is not None) + len(rows) for h, rows in given.blocks())
        assert made.rows[0]._tr.xpath("w:trPr/w:tblHeader")


def test_sheets_hold_numbers_as_numbers(folder: Path, report: Report) -> None:
    book = openpyxl.load_workbook(folder / "report.xlsx")
    assert book.sheetnames == [one.name[:31] for one in report.data]
    sheet = book["themes"]
    head = [cell.value for cell in sheet[1]]
    assert isinstance(sheet.cell(2, head.index("people") + 1).value, int)
    with (folder / "tables" / "passages.csv").open(encoding="utf-8-sig", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert rows[0]["start"].isdigit() and len(rows) == book["passages"].max_row - 1 == 34


def test_the_same_study_gives_the_same_bytes(store: Store, report: Report, folder: Path) -> None:
    again = build_report(store)
    for one, other in zip(report.figures(), again.figures(), strict=True):
        assert (one.svg, one.png) == (other.svg, other.png)
    from tdfnlp.report.html import page
    from tdfnlp.report.sheets import workbook

    assert page(again) == (folder / "report.html").read_bytes()
    assert workbook(again.data) == (folder / "report.xlsx").read_bytes()


def test_parts_show_themselves_in_a_notebook(report: Report) -> None:
    parts = [one for section in report.sections for one in section.parts]
    for one in (report, report.sections[0], *(part for part in parts if not isinstance(part, str))):
        shown = one._repr_html_()
        assert "<script" not in shown and shown.count("<") > 2
    assert any(isinstance(one, Figure) for one in parts)
    assert "<h3>Domains</h3>" in report._repr_html_()


def test_saving_says_what_is_wrong_with_the_place(report: Report, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x", "utf-8")
    with pytest.raises(OutputError, match="needs a folder"):
        report.save(tmp_path / "file")


# Bad input.


def test_nothing_confirmed_is_a_sentence(tmp_path: Path) -> None:
    with Store.open(tmp_path / "s.db") as store:
        with pytest.raises(InputError, match="has 0 passages and no answers"):
            build_report(store)
        put(store, Interview("A", ["It is hard."]))
        code(store, "ann", {1: [("Goals", None)]})
        code(store, "bob", {1: [("Skills", None)]})
        with pytest.raises(InputError, match="coders differ on all 1"):
            build_report(store)


def test_no_code_at_all_is_a_sound_report(tmp_path: Path) -> None:
    with Store.open(tmp_path / "s.db") as store:
        put(store, Interview("A", ["It rained.", "It snowed."]))
        code(store, "ann", {1: [], 2: []})
        made = build_report(store)
        parsed(made)
        made.save(tmp_path / "out")
        assert "No confirmed passage belongs to a domain." in str(made.sections)
        assert "No suggestions were made" in str(made.sections[0].parts)
        assert "No passage had a second coder." in str(made.sections[0].parts)


def test_without_groups_there_is_one_column(tmp_path: Path) -> None:
    with Store.open(tmp_path / "s.db") as store:
        put(
            store,
            Interview("A", ["It is hard to plan for it."], None),
            Interview("B", ["Yes."], None),
        )
        code(store, "ann", {1: [("Goals", None)], 2: []})
        made = build_report(store, title="Falls")
        found = table(made, "themes Motivation: reflective")
        assert found.columns == (
            "Domain",
            "Theme",
            "Direction",
            "People (n\u00a0=\u00a02)",
            "Passages",
        )
        assert found.rows[0][2:] == ("\u2013", 1, 1)
        assert table(made, "quotes Motivation: reflective").rows[0][3] == "A, 0-26"
        assert made.title == "Falls" and len(made.about) == 1


def test_some_without_a_group_are_a_group_of_their_own(tmp_path: Path) -> None:
    with Store.open(tmp_path / "s.db") as store:
        put(store, Interview("A", ["Hard."], "P", "Ward"), Interview("B", ["Harder."], "P"))
        code(store, "ann", {1: [("Goals", "neutral")], 2: [("Goals", "barrier")]})
        made = build_report(store)
        assert table(made, "domains by group").columns[1:3] == (
            "Ward (n\u00a0=\u00a01)",
            "No group (n\u00a0=\u00a01)",
        )


def test_codes_outside_the_framework_have_their_own_table(tmp_path: Path) -> None:
    with Store.open(tmp_path / "s.db") as store:
        put(store, Interview("A", ["It rained."], "P"))
        answer(store, "ann", {1: [Label(("Weather", "Rain"), None)]})
        made = build_report(store)
        assert table(made, "outside").rows == (("Weather > Rain", 1, 1),)
        assert table(made, "passages").rows[0][2] == "outside the framework"


def test_one_passage_of_several_directions_is_mixed(tmp_path: Path) -> None:
    labels = [
        Label(("Goals", "Too many"), "Goals", "barrier"),
        Label(("Goals", "A clear one"), "Goals", "facilitator"),
        Label(("Skills", "Trained"), "Skills", "neutral"),
        Label(("Skills", "Practised"), "Skills", None),
    ]
    with Store.open(tmp_path / "s.db") as store:
        put(store, Interview("A", ["Too many aims, but one is clear to all of us."], "P"))
        answer(store, "ann", {1: labels})
        made = build_report(store)
        rows = {str(row[0]): row for row in table(made, "relevance").rows}
        assert rows["Goals"][4] == "0 / 0 / 1"
        found = table(made, "themes Motivation: reflective")
        assert sorted(str(row[2]) for row in found.rows) == ["Barrier", "Facilitator"]
        put(store, Interview("B", ["Only one.", "Far too many."], "P"))
        aims = ("Goals", "Too many")
        answer(store, "ann", {2: [Label(aims, "Goals", "facilitator")]})
        answer(store, "ann", {3: [Label(aims, "Goals", "barrier")]})
        found = table(build_report(store), "themes Motivation: reflective")
        assert found.rows[0][2:] == ("Barrier 2, facilitator 1", 2, 3)
        assert not any("\u2020" in str(row[1]) for row in found.rows)
        assert "2 themes" not in str(made.sections[0].parts)
        assert "4 themes are codes that coders gave." in str(made.sections[0].parts)


HOSTILE = (
    "<script>alert(1)</script> & <img src=x onerror=alert(1)>",
    '=HYPERLINK("http://evil.example","x") and so on',
    "A bell \x07, a \x00 zero, a half \ud83d pair and \u202e turned round",
    "word " * 4000,
    "x" * 40_000,
    "+44 20 $\\frac{1}{2}$ {{ 7 * 7 }}",
)


def test_hostile_words_names_and_groups_are_only_text(tmp_path: Path) -> None:
    with Store.open(tmp_path / "s.db") as store:
        numbers = put(
            store,
            *(
                Interview(f"{n} {words[:60]}", [words], words[:80], words[:200])
                for n, words in enumerate(HOSTILE)
            ),
        )
        label = (HOSTILE[0], HOSTILE[1])
        answer(
            store,
            "=ann()\x07<i>",
            {n: [Label(("Goals", label[n % 2]), "Goals", "barrier")] for n in numbers},
        )
        made = build_report(store, title=HOSTILE[0])
        made.save(tmp_path / "out")
        page = parsed(made)
    assert not page.tags["script"] and page.tags["img"] == len(made.figures())
    text = (tmp_path / "out" / "report.html").read_text("utf-8")
    assert "&lt;script&gt;alert(1)" in text and "{{ 7 * 7 }}" in text and "\u202e" not in text
    doc = Document(str(tmp_path / "out" / "report.docx"))
    assert "<script>alert(1)</script>" in doc.paragraphs[0].text
    book = openpyxl.load_workbook(tmp_path / "out" / "report.xlsx")
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row]
    assert not [cell for cell in cells if cell.data_type == "f" or cell.hyperlink]
    assert any(str(cell.value).startswith("=HYPERLINK") for cell in cells)
    for file in (tmp_path / "out" / "tables").iterdir():
        with file.open(encoding="utf-8-sig", newline="") as stream:
            values = [value for row in csv.reader(stream) for value in row]
        assert not [one for one in values if one[:1] in ("=", "+", "@") or one[:2] == "-x"]


def test_three_hundred_themes_are_printed(tmp_path: Path) -> None:
    with Store.open(tmp_path / "s.db") as store:
        numbers = put(
            store, Interview("A", [f"Reason number {n} for it." for n in range(300)], "P")
        )
        answer(
            store,
            "ann",
            {n: [Label((RESOURCES, f"Reason {n}"), RESOURCES, "barrier")] for n in numbers},
        )
        made = build_report(store)
        assert len(table(made, "themes Opportunity: physical").rows) == 300
        assert len(Document(BytesIO(document(made))).tables) == len(made.tables())
        parsed(made)


@pytest.mark.parametrize(
    ("make", "given", "printed"),
    [
        (plain, "a\x00b\n c\u2028d \ud800", "ab c d \ufffd"),
        (short, "one two", "one two"),
        (short, "w " * 91, "w " * 89 + "w [...]"),
        (short, "x" * 800, "x" * 700 + " [...]"),
        (label, "y " * 100, "y " * 39 + "y [...]"),
    ],
)
def test_text_is_made_fit_for_print(make: Callable[[str], str], given: str, printed: str) -> None:
    assert make(given) == printed
    assert listed([]) == "" and listed(["a", "b", "c"]) == "a, b and c"


# The command.


def test_the_command_writes_a_report_and_takes_chosen_quotes(
    tmp_path: Path, report: Report
) -> None:
    study(tmp_path / "s.db").close()
    out = tmp_path / "out"
    out.mkdir()

    def run(quotes: str) -> tuple[int, str]:
        (out / "quotes.json").write_text(quotes, "utf-8")
        place = [str(tmp_path / "s.db"), "-o", str(out), "--title", "Falls"]
        done = CliRunner().invoke(cli, ["report", *place])
        return done.exit_code, done.output

    status, said = run("{")
    assert status == 2 and "no list of quotes" in said and len(list(out.iterdir())) == 1
    listed = json.loads(report.quotes)
    theme = next(one for one in listed["themes"] if one["domain"] == "Knowledge")
    theme["chosen"] = [theme["candidates"][-1]["utterance"]]
    status, said = run(json.dumps(listed))
    assert status == 0 and "decided by people" in said and "report.html" in said
    assert "<h1>Falls</h1>" in (out / "report.html").read_text("utf-8")
    again = json.loads((out / "quotes.json").read_text("utf-8"))
    assert [one["chosen"] for one in again["themes"] if one["chosen"]] == [theme["chosen"]]


def test_the_command_says_in_a_sentence_what_is_missing(tmp_path: Path) -> None:
    done = CliRunner().invoke(cli, ["report", str(tmp_path / "none.db"), "-o", str(tmp_path)])
    assert done.exit_code == 2 and "no study file" in done.output
    Store.open(tmp_path / "s.db").close()
    done = CliRunner().invoke(cli, ["report", str(tmp_path / "s.db"), "-o", str(tmp_path / "out")])
    assert done.exit_code == 2 and "Nothing is confirmed yet" in done.output
    assert not (tmp_path / "out").exists()


def test_a_section_gives_its_tables_and_figures(report: Report) -> None:
    section = next(one for one in report.sections if one.title == "Domains")
    assert isinstance(section, Section)
    assert len(section.tables()) + len(section.figures()) == len(section.parts)


def test_suggestions_show_themselves_escaped_and_cut() -> None:
    unit = Utterance("A", 0, 9, "<b>loud</b>", 0)
    three = ("Knowledge", "Skills", "Goals")
    sides: tuple[Valence, ...] = ("barrier", "barrier", "barrier")
    one = Suggestion(unit, three, (0.9, 0.1, 0.0), sides, (0.8, 0.8, 0.8), "suggest", "m<1>")
    shown = Suggestions((one,) * 30, "m<1>")._repr_html_()
    assert "&lt;b&gt;loud" in shown and "<b>loud" not in shown and "m&lt;1&gt;" in shown
    assert shown.count("<tr") == 21 and "10 more rows" in shown and "0.90" in shown
    assert "more rows" not in Suggestions((one,), "m")._repr_html_()
