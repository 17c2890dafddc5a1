import logging
from collections.abc import Sequence
from pathlib import Path

import pytest
from fpdf import FPDF

from tdfnlp.errors import FormatError
from tdfnlp.formats import pdf, read
from tdfnlp.transcript import Transcript

LONG = (
    "We were told that the checklist would come with training, and then the training never came, "
    "so that each of us made up a way of filling it in, and nobody looked at the forms again "
    "until the auditors asked for them in the spring."
)
WORDS = ["Busy", "Quiet", "Short", "Strange"]


def write_pdf(path: Path, pages: Sequence[Sequence[str]], *, password: str = "") -> Path:
    """A PDF document; each string is wrapped as a paragraph."""
    document = FPDF()
    document.set_font("Helvetica", size=11)
    for page in pages:
        document.add_page()
        for paragraph in page:
            document.multi_cell(0, 6, paragraph, new_x="LMARGIN", new_y="NEXT", align="L")
    if password:
        document.set_encryption("owner", password)
    document.output(str(path))
    return path


def transcript(tmp_path: Path, *pages: Sequence[str]) -> Transcript:
    (one,) = read(write_pdf(tmp_path / "a.pdf", pages)).transcripts
    return one


def said(one: Transcript) -> list[tuple[str | None, str]]:
    return [(turn.speaker, one.text[turn.start : turn.end]) for turn in one.turns]


def test_wrapped_lines_are_joined_and_labels_found(tmp_path: Path) -> None:
    study = read(
        write_pdf(
            tmp_path / "a.pdf",
            [["Interviewer: " + LONG + " Why?", "P1: " + LONG], ["P1: " + LONG, "P1: End."]],
        )
    )
    (one,) = study.transcripts
    assert said(one) == [
        ("Interviewer", LONG + " Why?"), ("P1", LONG), ("P1", LONG), ("P1", "End."),
    ]  # fmt: skip
    assert study.notes == (
        "a.pdf: positions are in the text taken from the PDF, not in the PDF itself.",
    )


def test_without_labels_paragraphs_stay_apart(tmp_path: Path) -> None:
    one = transcript(tmp_path, [LONG, LONG])
    assert said(one) == [(None, LONG), (None, LONG)]


def test_running_heads_and_page_numbers_are_left_out(tmp_path: Path) -> None:
    pages = [
        ["Ward study, interview 4", f"I: {word}, " + LONG, f"P1: {word} it was.", f"Page {n} of 4"]
        for n, word in enumerate(WORDS, start=1)
    ]
    study = read(write_pdf(tmp_path / "a.pdf", pages))
    assert said(study.transcripts[0]) == [
        turn for word in WORDS for turn in (("I", f"{word}, {LONG}"), ("P1", f"{word} it was."))
    ]
    assert "a.pdf: 8 lines that come back at the edge of the pages" in study.notes[1]


def test_speakers_at_the_edge_of_pages_stay(tmp_path: Path) -> None:
    pages = [["Interviewer:", f"{word}?", "Participant:", f"{word} it was."] for word in WORDS]
    one = transcript(tmp_path, *pages)
    assert [who for who, _ in said(one)] == ["Interviewer", "Participant"] * 4
    same = [["P1: Yes."], ["P1: Yes."], ["P1: Yes."]]  # all there is
    assert said(transcript(tmp_path, *same)) == [("P1", "Yes.")] * 3


def test_an_export_of_a_code(tmp_path: Path) -> None:
    full = "And by then we had made up so many ways of our own that nobody minded any of them."
    lines = [
        r"<Files\\Nurses\\N04> - § 3 references coded  [4.06% Coverage]",
        "Reference 1 - 3.90% Coverage", LONG, "Reference 2 - 0.1% Coverage", full,
        "Reference 3 - 0.16% Coverage", "No time.",
        r"<Files\\Nurses\\" + "A long name of a folder\\\\" * 4 + "N05> - § 1 reference coded "
        "[1.00% Coverage]", "Reference 1 - 1.00% Coverage", "So.",
    ]  # fmt: skip
    study = read(write_pdf(tmp_path / "Barriers.pdf", [lines]))
    one, other = study.transcripts
    assert (one.id, one.group, other.id, other.text) == ("N04", "Nurses", "N05", "So.")
    quotes = [one.text[c.start : c.end] for c in study.codings if c.transcript == "N04"]
    assert quotes == [LONG, full, "No time."]


def test_pictures_of_pages(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match=r"no text on any of its 2 pages; it may be a scan.*OCR"):
        transcript(tmp_path, [], [])
    study = read(write_pdf(tmp_path / "a.pdf", [["P1: Well."], []]))
    assert study.notes[1] == "a.pdf: 1 of 2 pages hold no text."


def test_passwords(tmp_path: Path) -> None:
    path = write_pdf(tmp_path / "a.pdf", [["P1: Well."]], password="secret")
    with pytest.raises(FormatError, match="is encrypted"):
        read(path)


def test_damaged_and_endless(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    path = write_pdf(tmp_path / "a.pdf", [["P1: Well."], ["P1: And so."]])
    data = path.read_bytes()
    path.write_bytes(data[:200])
    with caplog.at_level(logging.DEBUG), pytest.raises(FormatError, match="damaged PDF"):
        read(path)
    assert caplog.records == []
    path.write_bytes(data)
    for limit, says in [("MAX_PAGES", "more than 1 pages"), ("MAX_OPERATORS", "draws more")]:
        with monkeypatch.context() as patch, pytest.raises(FormatError, match=says):
            patch.setattr(pdf, limit, 1)
            read(path)
