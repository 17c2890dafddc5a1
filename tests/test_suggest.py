"""The main job in Python."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from conftest import INTERVIEWS

from tdfnlp import conversion, export
from tdfnlp.coding import Coding, Study
from tdfnlp.embedding import Encoder
from tdfnlp.errors import FormatError, InputError
from tdfnlp.exchange import write
from tdfnlp.export import Suggestions
from tdfnlp.formats import find, read
from tdfnlp.formats.own import TABLES
from tdfnlp.framework import DOMAINS
from tdfnlp.model import Model
from tdfnlp.suggest import collect, suggest_codes
from tdfnlp.transcript import Transcript, Turn


@pytest.fixture(scope="module")
def sample(model: Model, encoder: Encoder) -> Suggestions:
    return suggest_codes(INTERVIEWS, model=model, encoder=encoder)


def test_sample_study_fills_every_column(sample: Suggestions) -> None:
    table = sample.to_pandas()
    assert len(table) > 300
    assert table.columns[table.isna().any()].tolist() == ["code_confidence"]  # it knows no codes
    assert (table["text"].str.len() > 0).all()
    assert set(table["group"]) == {"Fracture clinic", "Primary care"}
    assert set(table["role"]) == {"participant"}
    assert table["transcript"].nunique() == 6
    assert set(table["decision"]) == {"suggest", "ask", "abstain"}
    assert set(table["model"]) == {sample.model}


def test_offsets_slice_back(sample: Suggestions) -> None:
    texts = {
        one.id: one.text
        for file, group in find([INTERVIEWS])
        for one in read(file, group=group).transcripts
    }
    for item in sample:
        unit = item.utterance
        assert texts[unit.transcript][unit.start : unit.end] == unit.text


def test_three_domains_ranked_whatever_the_decision(sample: Suggestions) -> None:
    for item in sample:
        assert len(set(item.domains)) == 3 and set(item.domains) <= set(DOMAINS)
        assert list(item.confidences) == sorted(item.confidences, reverse=True)
        assert all(0 <= one <= 1 for one in (*item.confidences, *item.valence_confidences))


def test_two_runs_are_identical(sample: Suggestions) -> None:
    again = suggest_codes(INTERVIEWS, model="fast")
    assert again.items == sample.items
    fresh = suggest_codes(
        INTERVIEWS, model="fast", encoder=Model.load("fast").load_encoder(cache=False)
    )
    assert [(i.utterance, i.domains, i.decision) for i in fresh] == [
        (i.utterance, i.domains, i.decision) for i in sample
    ]
    first = np.array([i.confidences for i in sample])
    assert np.abs(np.array([i.confidences for i in fresh]) - first).max() < 1e-3


def test_strings_are_one_row_each(model: Model, encoder: Encoder) -> None:
    texts = ["We never get time. " * 40, "", "...", "It's not my job.", "It's not my job."]
    result = suggest_codes(texts, model=model, encoder=encoder)
    assert [item.utterance.text for item in result] == texts
    assert [item.decision for item in result][1:3] == ["abstain", "abstain"]
    assert len(result.to_pandas()) == 5
    assert result.items[3].domains == result.items[4].domains


def test_obvious_answers_get_their_domain(model: Model, encoder: Encoder) -> None:
    result = suggest_codes(
        [
            "I have no idea what the guideline says about it, nobody has told us.",
            "There's no money and no staff and the machine is broken.",
            "I was terrified, I felt sick with worry the whole night.",
            "Yes, the car park is behind the building.",
        ],
        model=model,
        encoder=encoder,
    )
    assert [item.domains[0] for item in result][:3] == [
        "Knowledge",
        "Environmental context and resources",
        "Emotion",
    ]
    assert [item.valences[0] for item in result][:3] == ["barrier"] * 3
    assert result.items[3].decision == "abstain"


def test_transcripts_and_paths_are_taken(tmp_path: Path, model: Model, encoder: Encoder) -> None:
    transcript = Transcript("t", "We do it daily.", (Turn(0, 15, "P", "participant"),))
    assert len(suggest_codes([transcript], model=model, encoder=encoder)) == 1
    assert len(suggest_codes(transcript, model=model, encoder=encoder)) == 1
    file = tmp_path / "a.txt"
    file.write_text("Interviewer: How is it?\nP1: We do it daily.\n", "utf-8")
    one = suggest_codes(str(file), model=model, encoder=encoder)
    assert suggest_codes([file, file], model=model, encoder=encoder).items == one.items


def test_same_names_get_unique_ids(tmp_path: Path) -> None:
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "P1.txt").write_text("I: Hello there you?\nP: Yes we do.\n", "utf-8")
    collected = collect(tmp_path)
    assert [one.id for one in collected.study.transcripts] == ["P1", "P1 (2)"]
    assert [one.group for one in collected.study.transcripts] == ["a", "b"]


def test_a_bad_file_among_good_ones_is_reported(tmp_path: Path) -> None:
    (tmp_path / "good.txt").write_text("I: Hello there you?\nP: Yes we do.\n", "utf-8")
    (tmp_path / "bad.docx").write_bytes(b"not a zip")
    seen: list[tuple[str, int, int]] = []
    collected = collect(tmp_path, progress=lambda *args: seen.append(args))
    assert [one.id for one in collected.study.transcripts] == ["good"]
    assert len(collected.failures) == 1 and "bad.docx" in collected.failures[0]
    assert seen[-1] == ("Reading", 2, 2)
    with pytest.raises(FormatError):
        collect(tmp_path / "bad.docx")


@pytest.mark.parametrize("source", [[], ["missing.docx", "gone.txt"]])
def test_nothing_to_read_is_said(source: list[str], model: Model, encoder: Encoder) -> None:
    with pytest.raises(InputError):
        suggest_codes(source, model=model, encoder=encoder)


def test_paths_and_texts_are_not_mixed(tmp_path: Path, model: Model, encoder: Encoder) -> None:
    file = tmp_path / "a.txt"
    file.write_text("P1: yes.", "utf-8")
    with pytest.raises(InputError, match="1 of 2"):
        suggest_codes([str(file), "We do it daily."], model=model, encoder=encoder)


def test_a_file_that_is_named_twice_counts_once(tmp_path: Path) -> None:
    file = tmp_path / "a.txt"
    file.write_text("P1: yes.", "utf-8")
    (tmp_path / "more").mkdir()
    (tmp_path / "more" / "link.txt").symlink_to(file)
    (tmp_path / "more" / "loop.txt").symlink_to(tmp_path / "more" / "loop.txt")
    found = find([file, tmp_path / "more" / ".." / "a.txt", tmp_path / "more"])
    assert [one.name for one, _ in found] == ["a.txt", "loop.txt"]


@pytest.mark.parametrize("name", ["out.csv", "out.xlsx", "out.qdpx"])
def test_results_in_a_folder_are_no_transcripts(
    tmp_path: Path, name: str, model: Model, encoder: Encoder
) -> None:
    (tmp_path / "a.txt").write_text("I: Hello there you?\nP: Yes we do.\n", "utf-8")
    result = suggest_codes(tmp_path, model=model, encoder=encoder)
    items = tuple(replace(one, decision="suggest") for one in result)
    replace(result, items=items).save(tmp_path / name)
    again = collect(tmp_path)
    assert [one.id for one in again.study.transcripts] == ["a"]
    assert again.study.notes == (f"{name}: was written by tdfnlp and was left out.",)
    assert collect(tmp_path, output=tmp_path / name).study == again.study
    named = collect([tmp_path / name, tmp_path])
    assert {Path(one.source or "").name for one in named.study.transcripts} == {"a.txt", name}
    with pytest.raises(InputError, match="another name"):
        collect([tmp_path / name], output=tmp_path / "." / name)


def test_codings_of_people_in_a_folder(tmp_path: Path) -> None:
    text = "P1: We do it daily."
    study = Study((Transcript("t", text, ()),), (Coding("t", 4, 9, ("A",), "Ann"),))
    write(tmp_path / "coded.csv", study)
    write(tmp_path / "coded.qdpx", study)
    (tmp_path / "turns.csv").write_text("speaker,text\nP1,So it is.\n", "utf-8")
    found = collect(tmp_path).study
    assert [one.id for one in found.transcripts] == ["t", "turns"]  # a table of codings is none
    assert [
        one.id for one in collect(tmp_path, output=tmp_path / "coded.qdpx").study.transcripts
    ] == ["turns"]
    with pytest.raises(InputError, match=r"turns\.csv is one of the files"):
        collect(tmp_path, output=tmp_path / "turns.csv")


def test_the_columns_of_our_tables_are_known() -> None:
    assert TABLES[0] <= set(export.COLUMNS) and TABLES[1] <= set(conversion.COLUMNS)
