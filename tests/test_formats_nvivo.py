import html
from pathlib import Path

import pytest
from files import nvivo_text, write_docx, write_text

from tdfnlp.coding import Study
from tdfnlp.errors import FormatError
from tdfnlp.formats import read

SOURCES = {
    "Files\\\\Nurses\\\\N04": [
        ("1", "Nobody told me\r\nthat I had to."),
        ("2-3", "We had no time for it."),
        ("4", "told me"),
    ],
    "Internals\\\\G07": [("1", "I: Why not?\r\nP: No money.\r\n\r\nNone at all.")],
}


def quotes(study: Study) -> list[tuple[str, str, tuple[str, ...]]]:
    texts = {one.id: one.text for one in study.transcripts}
    return [(c.transcript, texts[c.transcript][c.start : c.end], c.code) for c in study.codings]


def check(study: Study) -> None:
    nurse, doctor = study.transcripts
    assert (nurse.id, nurse.group, doctor.id, doctor.group) == ("N04", "Nurses", "G07", None)
    assert nurse.text == "Nobody told me\nthat I had to.\n\nWe had no time for it."
    assert [(t.speaker, t.role, nurse.text[t.start : t.end]) for t in nurse.turns] == [
        (None, "participant", "Nobody told me\nthat I had to."),
        (None, "participant", "We had no time for it."),
    ]
    assert [(t.speaker, t.role, doctor.text[t.start : t.end]) for t in doctor.turns] == [
        ("I", "interviewer", "Why not?"), ("P", "participant", "No money.\n\nNone at all."),
    ]  # fmt: skip
    code = ("Barriers",)
    assert quotes(study) == [
        ("N04", "Nobody told me\nthat I had to.", code),
        ("N04", "We had no time for it.", code),
        ("N04", "We had no time for it.", code),
        ("N04", "told me", code),
        ("G07", doctor.text, code),
    ]
    assert {coding.coder for coding in study.codings} == {""}


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8-sig"])
def test_text_export(tmp_path: Path, encoding: str) -> None:
    check(read(write_text(tmp_path / "Barriers.txt", nvivo_text(SOURCES), encoding)))


def test_docx_export(tmp_path: Path) -> None:
    lines = nvivo_text(SOURCES).split("\r\n")
    check(read(write_docx(tmp_path / "Barriers.docx", lines)))


def test_html_export(tmp_path: Path) -> None:
    lines = "".join(
        f"<p class=x>{html.escape(one)}</p>\n" for one in nvivo_text(SOURCES).split("\r\n")
    )
    page = f"<!DOCTYPE html><html><head><style>p {{}} </style></head><body>{lines}</body></html>"
    check(read(write_text(tmp_path / "Barriers.html", page)))


def test_head_variants(tmp_path: Path) -> None:
    for head in (
        "<Internals\\\\Interviews\\\\Barbara> - § 5 references coded  [4.06% Coverage]",
        "Files\\\\round1\\\\Barbara - § 1 reference coded [ 3.90% Coverage]",
        "<Files\\Barbara> - § 1 reference coded  [3,90% Coverage]",
    ):
        text = f"{head}\n\nReference 1 - 3.90% Coverage\n\nHe did not.\n"
        study = read(write_text(tmp_path / "a.txt", text))
        assert quotes(study) == [("Barbara", "He did not.", ("a",))]


def test_what_stands_before_the_first_label_is_kept(tmp_path: Path) -> None:
    text = nvivo_text({"Files\\\\N1": [("1", "and then no.\nInterviewer: Why?\nP1: So.")]})
    one = read(write_text(tmp_path / "a.txt", text)).transcripts[0]
    assert [(t.speaker, t.role, one.text[t.start : t.end]) for t in one.turns] == [
        (None, "participant", "and then no."), ("Interviewer", "interviewer", "Why?"),
        ("P1", "participant", "So."),
    ]  # fmt: skip


def test_pdf_regions_are_skipped_with_a_note(tmp_path: Path) -> None:
    region = "Page 1 : (136,153) - (502,293)"
    both = nvivo_text({"Files\\\\N1": [("1", region), ("2", "Words.")]})
    study = read(write_text(tmp_path / "a.txt", both))
    assert [words for _, words, _ in quotes(study)] == ["Words."]
    assert study.notes == ("a.txt: 1 references without text (PDF regions) were skipped.",)
    with pytest.raises(FormatError, match="holds no text"):
        read(write_text(tmp_path / "b.txt", nvivo_text({"Files\\\\N1": [("1", region)]})))


def test_sources_of_one_name_stay_apart(tmp_path: Path) -> None:
    text = nvivo_text({"Files\\\\A\\\\N1": [("1", "One.")], "Files\\\\B\\\\N1": [("1", "Two.")]})
    study = read(write_text(tmp_path / "a.txt", text))
    assert [one.id for one in study.transcripts] == ["Files/A/N1", "Files/B/N1"]
    assert [name for name, _, _ in quotes(study)] == ["Files/A/N1", "Files/B/N1"]


def test_a_source_that_comes_twice_is_one_transcript(tmp_path: Path) -> None:
    part = nvivo_text({"Files\\\\N1": [("1", "One.")]})
    study = read(write_text(tmp_path / "a.txt", part + "\r\n" + part.replace("One", "Two")))
    assert [one.text for one in study.transcripts] == ["One.\n\nTwo."]


def test_a_plain_interview_about_coverage_is_no_export(tmp_path: Path) -> None:
    study = read(write_text(tmp_path / "a.txt", "I: And § 2?\nP1: 3.90% Coverage, so."))
    assert study.codings == ()
    assert len(study.transcripts[0].turns) == 2
