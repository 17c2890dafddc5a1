"""Studies and suggestions as files for other programs, through the public functions."""

import csv
import json
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner
from refi import STYLES, coded

import tdfnlp
from tdfnlp.cli import cli
from tdfnlp.codebook import Code
from tdfnlp.coding import Coding, Study, Suggestion
from tdfnlp.errors import InputError
from tdfnlp.export import Suggestions
from tdfnlp.framework import DOMAINS
from tdfnlp.mapping import tie
from tdfnlp.segmentation import segment
from tdfnlp.transcript import Transcript, Turn

TALK = Transcript("N1", "I: Why?\nP: My name is Ana Roe. Nobody showed us, 😀 so.", (Turn(11, 51),))


SKILLS = ("Skills (suggested)", "Skills: barrier (suggested)")


def run(*arguments: object) -> tuple[int, str]:
    result = CliRunner().invoke(cli, [str(one) for one in arguments])
    return result.exit_code, result.output


def suggestions(study: Study, *decisions: str) -> Suggestions:
    units = segment(study.transcripts)
    items = [
        Suggestion(
            unit,
            ("Skills", "Knowledge", "Goals"),
            (0.6, 0.3, 0.1),
            ("barrier", "barrier", "neutral"),
            (0.9, 0.8, 0.7),
            decision,  # type: ignore[arg-type]
            "m-1",
            0.5,
        )
        for unit, decision in zip(units, decisions, strict=False)
    ]
    return Suggestions(tuple(items), "m-1", study=study)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return coded(STYLES["nvivo"]).write(tmp_path / "study.qdpx")


def test_suggestions_go_into_their_project_and_leave_the_rest(project: Path) -> None:
    before = tdfnlp.read(project)
    out = project.with_name("coded.qdpx")
    said = suggestions(before, "suggest", "ask", "abstain").save(out)
    assert any("2 codings of the user 'tdfnlp m-1' were added" in note for note in said)
    after = tdfnlp.read(out)
    ours = [one for one in after.codings if one.coder == "tdfnlp m-1"]
    assert [one for one in after.codings if one not in ours] == list(before.codings)
    assert [one.code[1:] for one in ours] == [
        SKILLS,
        ("tdfnlp: please look",),
    ]
    assert {one.how for one in ours} == {"suggested"}
    first, second = segment(before.transcripts)[:2]
    assert [(one.start, one.end) for one in ours] == [
        (first.start, first.end),
        (second.start, second.end),
    ]
    for part in ("Skills 0.60, Knowledge 0.30", "threshold 0.50", "m-1", "codebook"):
        assert part in ours[0].note


def test_a_project_is_never_written_over_nor_mixed_up(project: Path) -> None:
    study = tdfnlp.read(project)
    result = suggestions(study, "suggest")
    whole = project.read_bytes()
    with pytest.raises(InputError, match="another name"):
        result.save(project)
    assert project.read_bytes() == whole
    coded(STYLES["qualcoder"]).write(project)
    with pytest.raises(InputError, match="has changed since it was read"):
        result.save(project.with_name("coded.qdpx"))


def test_plain_transcripts_become_a_project(tmp_path: Path) -> None:
    human = Coding("N1", 11, 51, ("Training",), "Ana")
    study = Study((TALK,), (human,), codes=(Code(("Training",)),))
    suggestions(study, "suggest").save(tmp_path / "new.qdpx")
    back = tdfnlp.read(tmp_path / "new.qdpx")
    assert [(one.id, one.text) for one in back.transcripts] == [("N1", TALK.text)]
    assert [(one.coder, one.code) for one in back.codings] == [
        ("Ana", ("Training",)),
        ("tdfnlp m-1", ("tdfnlp suggestions", *SKILLS)),
    ]


def test_a_suggested_code_of_the_study_s_own_is_a_coding_beside_the_domain(tmp_path: Path) -> None:
    result = suggestions(Study((TALK,)), "abstain")
    (item,) = result.items
    path = ("CFIR", "Culture")
    items = (
        replace(item, code=path, code_confidence=0.7, code_suggested=True),
        replace(item, decision="suggest", code=path, code_confidence=0.4),
    )
    replace(result, items=items).save(tmp_path / "new.qdpx")
    back = tdfnlp.read(tmp_path / "new.qdpx").codings
    assert [one.code[1:] for one in back] == [("CFIR (suggested)", "Culture (suggested)"), SKILLS]
    assert "0.70" in back[0].note and back[0].coder == "tdfnlp m-1"


def test_write_says_what_cannot_be_written(tmp_path: Path) -> None:
    for name, says in [("a.csv", "no codings"), ("a.qdc", "no codes"), ("a.qdpx", "no transcr")]:
        with pytest.raises(InputError, match=says):
            tdfnlp.write(tmp_path / name, Study(()))
    with pytest.raises(InputError, match=r"\.qdpx, \.qdc, \.csv"):
        tdfnlp.write(tmp_path / "a.pdf", Study((TALK,)))
    assert not list(tmp_path.iterdir())
    study = Study((TALK,), (Coding("N1", 0, 6, ("A", "B")),))
    assert "left out" in tdfnlp.write(tmp_path / "a.qdc", study)[0]
    assert [code.path for code in tdfnlp.read(tmp_path / "a.qdc").codes] == [("A",), ("A", "B")]


def test_convert_ties_codes_and_keeps_offsets(project: Path, tmp_path: Path) -> None:
    study = tdfnlp.read(project)
    path = max((one.code for one in study.codings), key=len)
    mapping = tmp_path / "mapping.json"
    mapping.write_text(json.dumps({" > ".join(path): "Goals | barrier"}), "utf-8")
    code, text = run("convert", project, tmp_path / "out.csv", "--mapping", mapping)
    assert code == 0, text
    with (tmp_path / "out.csv").open(encoding="utf-8-sig", newline="") as stream:
        rows = list(csv.DictReader(stream))
    texts = {one.id: one.text for one in study.transcripts}
    assert len(rows) == len(study.codings)
    for row, one in zip(rows, study.codings, strict=True):
        assert texts[row["source"]][int(row["start"]) : int(row["end"])] == row["text"].lstrip("'")
        assert row["code"] == " > ".join(one.code)
        if one.code == path:
            assert (row["domain"], row["valence"]) == ("Goals", "barrier")
    mapping.write_text('{"A": "Gaols"}', "utf-8")
    code, text = run("convert", project, tmp_path / "out.csv", "--mapping", mapping)
    assert code == 2 and "Goals" in text


def test_quotes_of_an_export_are_placed_in_their_transcripts(tmp_path: Path) -> None:
    head = "Files\\\\N1 - § 1 reference coded [ 3.90% Coverage]\r\n\r\nReference 1 - 3.90% Coverage"
    lost = head.replace("N1", "N9").replace("\r\n\r\nR", "\r\n\r\nR")
    (tmp_path / "study").mkdir()
    (tmp_path / "study" / "N1.txt").write_text(TALK.text, "utf-8")
    export = f"{head}\r\n\r\nnobody  showed us\r\n\r\n{lost}\r\n\r\nNot in any transcript.\r\n"
    (tmp_path / "study" / "Skills.txt").write_text(export, "utf-16")
    code, text = run("convert", tmp_path / "study", tmp_path / "out.qdpx")
    assert code == 0, text
    back = tdfnlp.read(tmp_path / "out.qdpx")
    assert [one.id for one in back.transcripts] == ["N1", "N9"]
    spans = {one.transcript: (one.start, one.end, one.code) for one in back.codings}
    start = TALK.text.index("Nobody")
    assert spans["N1"] == (start, start + len("Nobody showed us"), ("Skills",))
    assert spans["N9"] == (0, len("Not in any transcript."), ("Skills",))


def test_identifiers_are_said_first_and_can_stop_a_run(tmp_path: Path) -> None:
    (tmp_path / "N1.txt").write_text(TALK.text, "utf-8")
    out = tmp_path / "out.csv"
    code, text = run("suggest", tmp_path / "N1.txt", "-o", out, "--fail-on-identifiers")
    assert code == 2 and not out.exists()
    assert "1 name in 1 transcript" in text and "N1: name 1" in text and "Ana" not in text
    code, text = run("suggest", tmp_path / "N1.txt", "-o", out)
    assert code == 0 and out.exists()
    assert text.startswith("possible identifiers: 1 name in 1 transcript; never certified clean")


def test_a_study_can_be_handed_on(project: Path) -> None:
    study = replace(tdfnlp.read(project), transcripts=(TALK,), codings=())
    result = tdfnlp.suggest_codes(study)
    assert {item.utterance.transcript for item in result} == {"N1"}
    assert result.study == study


def test_no_file_that_was_read_is_ever_replaced(project: Path, tmp_path: Path) -> None:
    table = tmp_path / "turns.csv"
    table.write_text("speaker,text\nI,How is it?\nP1,Nobody showed me.\n", "utf-8")
    codes = tmp_path / "codes.qdc"
    tdfnlp.write(codes, tdfnlp.read(project))
    before = table.read_bytes(), project.read_bytes(), codes.read_bytes()
    link = tmp_path / "link.csv"
    link.symlink_to(table)
    for call in (
        ("suggest", table, "-o", table), ("suggest", table, "-o", link),
        ("suggest", project, "-o", project), ("convert", project, project),
        ("convert", tmp_path, project), ("convert", codes, codes),
    ):  # fmt: skip
        code, text = run(*call)
        assert code == 2 and "another name" in text, text
    with pytest.raises(InputError, match="another name"):
        tdfnlp.write(project, tdfnlp.read(project))
    with pytest.raises(InputError, match="another name"):
        suggestions(tdfnlp.read(table), "suggest").save(table)
    assert (table.read_bytes(), project.read_bytes(), codes.read_bytes()) == before


def test_a_project_with_other_files_is_not_rebuilt_in_silence(
    project: Path, tmp_path: Path
) -> None:
    other, out = tmp_path / "N1.txt", tmp_path / "out.qdpx"
    other.write_text(TALK.text, "utf-8")
    code, text = run("suggest", project, other, "-o", out)
    assert code == 2 and "Hand in the project alone" in text and not out.exists()
    assert "possible identifiers" not in text  # said before the work
    assert run("suggest", project, other, "-o", tmp_path / "out.csv")[0] == 0
    code, text = run("convert", project, other, out)
    assert code == 0 and "what else was in the project" in text


def test_codings_from_elsewhere_are_not_lost_in_silence(project: Path, tmp_path: Path) -> None:
    study = tdfnlp.read(project)
    elsewhere = Coding("P1", 0, 11, ("Time",), note="reference 1")
    said = suggestions(replace(study, codings=(*study.codings, elsewhere)), "suggest").save(
        tmp_path / "out.qdpx"
    )
    assert said[-1].startswith("1 codings of other files are not written into study.qdpx")
    assert len(suggestions(study, "suggest").save(tmp_path / "out.qdpx")) == 1


def test_a_project_that_was_moved_is_said(project: Path, tmp_path: Path) -> None:
    result = suggestions(tdfnlp.read(project), "suggest")
    project.rename(tmp_path / "elsewhere.qdpx")
    for _ in range(2):
        with pytest.raises(InputError, match=r"study\.qdpx is no longer where it was"):
            result.save(tmp_path / "coded.qdpx")
        (tmp_path / "coded.qdpx").write_bytes(b"already there")


def test_each_name_of_a_suggested_code_is_there_once(tmp_path: Path) -> None:
    text = "So it is. " * len(DOMAINS)
    turns = tuple(Turn(at * 10, at * 10 + 9) for at in range(len(DOMAINS)))
    study = Study((Transcript("N1", text, turns),), (Coding("N1", 0, 9, ("Skills", "Barrier")),))
    items = [
        replace(one, domains=(domain, "Goals", "Optimism"))
        for one, domain in zip(suggestions(study, *["suggest"] * 14), DOMAINS, strict=True)
    ]
    Suggestions(tuple(items), "m-1", study=study).save(tmp_path / "new.qdpx")
    codes = tdfnlp.read(tmp_path / "new.qdpx").codes
    names = [code.path[-1] for code in codes]
    assert len(names) == len(set(names)) == 2 + 1 + 2 * len(DOMAINS)
    tied = {code.path[-1]: code.domain for code in tie(codes).codebook.codes}
    assert [tied[f"{domain}: barrier (suggested)"] for domain in DOMAINS] == list(DOMAINS)


def test_quotes_without_their_transcripts(tmp_path: Path) -> None:
    head = "Files\\\\N1 - § 1 reference coded [ 3.90% Coverage]\r\n\r\n"
    export = f"{head}Reference 1 - 3.90% Coverage\r\n\r\nNobody showed us\r\n"
    (tmp_path / "Skills.txt").write_text(export, "utf-8", newline="")
    code, text = run("convert", tmp_path / "Skills.txt", tmp_path / "out.csv")
    assert code == 0 and "Positions are in the quotes alone" in text
    (tmp_path / "N1.txt").write_text(TALK.text, "utf-8")
    code, text = run("convert", tmp_path, tmp_path / "out.csv")
    assert code == 0 and "quotes alone" not in text and "N1 (Skills): 1 of 1" in text


def test_suggestions_that_were_read_again_say_what_they_are(project: Path, tmp_path: Path) -> None:
    suggestions(tdfnlp.read(project), "suggest").save(tmp_path / "coded.qdpx")
    assert run("convert", tmp_path / "coded.qdpx", tmp_path / "out.csv")[0] == 0
    with (tmp_path / "out.csv").open(encoding="utf-8-sig", newline="") as stream:
        rows = list(csv.DictReader(stream))
    made = [
        (row["coder"], row["domain"], row["valence"]) for row in rows if row["how"] == "suggested"
    ]
    assert made == [("tdfnlp m-1", "Skills", "barrier")]
    assert len(rows) > 1
