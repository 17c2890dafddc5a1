from pathlib import Path

import docx
import pytest
from files import edit_zip, p, r, write_docx, write_docx_table, write_docx_xml

from tdfnlp.errors import FormatError
from tdfnlp.formats import read

Said = tuple[str | None, str]


def text_of(tmp_path: Path, body: str) -> str:
    return read(write_docx_xml(tmp_path / "a.docx", body)).transcripts[0].text


def said(path: Path) -> list[Said]:
    one = read(path).transcripts[0]
    return [(turn.speaker, one.text[turn.start : turn.end]) for turn in one.turns]


def test_paragraphs_labels_and_line_breaks(tmp_path: Path) -> None:
    path = write_docx(
        tmp_path / "N04.docx",
        ["Group: nurses", "Interviewer: How\nis it?", "P1: Good.", "", "Still good.", "P1:\tEnd."],
    )
    one = read(path).transcripts[0]
    assert one.text.splitlines()[:3] == ["Group: nurses", "Interviewer: How", "is it?"]
    assert (one.id, one.group) == ("N04", "nurses")
    assert said(path) == [
        ("Interviewer", "How\nis it?"), ("P1", "Good.\n\nStill good."), ("P1", "End."),
    ]  # fmt: skip
    assert [turn.role for turn in one.turns] == ["interviewer", "participant", "participant"]


def test_without_labels_each_paragraph_is_a_turn(tmp_path: Path) -> None:
    path = write_docx(tmp_path / "a.docx", ["One.\nStill one.", "Two.", " "])
    assert said(path) == [(None, "One.\nStill one."), (None, "Two.")]


DELETED = '<w:del w:id="1"><w:r><w:delText>always</w:delText></w:r></w:del>'


def test_tracked_changes_read_as_accepted(tmp_path: Path) -> None:
    body = p("I was ", DELETED, f'<w:ins w:id="2">{r("never")}</w:ins>', " told.")
    assert text_of(tmp_path, body) == "I was never told."


def test_moved_text_counts_where_it_went(tmp_path: Path) -> None:
    moved = p(
        f'<w:moveFrom w:id="1">{r("gone ")}</w:moveFrom>', "here ",
        f'<w:moveTo w:id="2">{r("arrived")}</w:moveTo>',
    )  # fmt: skip
    assert text_of(tmp_path, moved) == "here arrived"


def test_a_deleted_paragraph_end_joins_the_next(tmp_path: Path) -> None:
    first = f'<w:p><w:pPr><w:rPr><w:del w:id="1"/></w:rPr></w:pPr>{r("I was ")}</w:p>'
    assert text_of(tmp_path, first + p("told.") + p("Next.")) == "I was told.\nNext."
    assert text_of(tmp_path, first) == "I was "


def test_controls_links_and_tags_count(tmp_path: Path) -> None:
    body = (
        f"<w:sdt><w:sdtPr/><w:sdtContent>{p('A control.')}</w:sdtContent></w:sdt>"
        + p("B ", f"<w:sdt><w:sdtContent>{r('inline')}</w:sdtContent></w:sdt>")
        + p(f'<w:hyperlink w:anchor="x">{r("C link")}</w:hyperlink>')
        + p(f'<w:smartTag w:element="d">{r("D tag")}</w:smartTag>')
        + p(f'<w:fldSimple w:instr="DATE">{r("E field")}</w:fldSimple>')
    )
    assert text_of(tmp_path, body).split("\n") == [
        "A control.", "B inline", "C link", "D tag", "E field",
    ]  # fmt: skip


def test_special_characters(tmp_path: Path) -> None:
    inner = (
        "<w:r><w:t>a</w:t><w:tab/><w:t>b</w:t><w:br/><w:t>c</w:t><w:cr/><w:t>d</w:t>"
        "<w:noBreakHyphen/><w:t>e</w:t><w:softHyphen/><w:t>f\ng</w:t></w:r>"
    )
    assert text_of(tmp_path, p(inner)) == "a\tb\nc\nd-ef g"


def test_comments_notes_and_field_codes_do_not_count(tmp_path: Path) -> None:
    field = (
        '<w:r><w:fldChar w:fldCharType="begin"/></w:r><w:r><w:instrText>HYPERLINK x</w:instrText>'
        '</w:r><w:r><w:t>code</w:t></w:r><w:r><w:fldChar w:fldCharType="separate"/></w:r>'
        '<w:r><w:t>shown</w:t></w:r><w:r><w:fldChar w:fldCharType="end"/></w:r>'
    )
    note = (
        '<w:commentRangeStart w:id="0"/><w:r><w:t>said</w:t></w:r><w:commentRangeEnd w:id="0"/>'
        '<w:r><w:commentReference w:id="0"/></w:r><w:r><w:footnoteReference w:id="2"/></w:r>'
    )
    assert text_of(tmp_path, p(field, " ", note)) == "shown said"


def test_a_text_box_is_read_once(tmp_path: Path) -> None:
    inside = f"<w:txbxContent>{p('In the box.')}</w:txbxContent>"
    drawing = (
        '<w:r><mc:AlternateContent><mc:Choice Requires="wps"><w:drawing><wps:txbx>'
        f"{inside}</wps:txbx></w:drawing></mc:Choice><mc:Fallback><w:pict><v:textbox>{inside}"
        "</v:textbox></w:pict></mc:Fallback></mc:AlternateContent></w:r>"
    )
    assert text_of(tmp_path, p("Before.", drawing) + p("After.")).split("\n") == [
        "Before.", "In the box.", "After.",
    ]  # fmt: skip


def test_one_branch_of_alternate_content_around_paragraphs(tmp_path: Path) -> None:
    both = f"<mc:Choice>{p('new')}</mc:Choice><mc:Fallback>{p('old')}</mc:Fallback>"
    assert text_of(tmp_path, f"<mc:AlternateContent>{both}</mc:AlternateContent>") == "new"


MORE = "So.\nAnd so."


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        (
            [("Interviewer", "Why?"), ("P1", MORE), ("", "More."), ("P1:", "End.")],
            [("Interviewer", "Why?"), ("P1", MORE + "\n\nMore."), ("P1", "End.")],
        ),
        (
            [("Speaker", "Text"), ("INT:", "Why?"), ("P1", MORE), ("P1", "End.")],
            [("INT", "Why?"), ("P1", MORE), ("P1", "End.")],
        ),
        (
            [("I", "0:01", "Why?"), ("P1", "0:04", "So."), ("P1", "1:00:05", "End.")],
            [("I", "Why?"), ("P1", "So."), ("P1", "End.")],
        ),
        (
            [("Time", "Speaker", "Text"), ("[00:01]", "I", "Why?"), ("[00:04]", "P1", "So.")],
            [("I", "Why?"), ("P1", "So.")],
        ),
        (
            [("1", "I", "Why?"), ("2", "P1", "So."), ("3", "P1", "End.")],
            [("I", "Why?"), ("P1", "So."), ("P1", "End.")],
        ),
    ],
)
def test_a_table_of_turns(
    tmp_path: Path, rows: list[tuple[str, ...]], expected: list[Said]
) -> None:
    path = write_docx_table(tmp_path / "a.docx", rows, before=["Interview with a nurse"])
    assert said(path) == expected
    assert read(path).transcripts[0].text.startswith("Interview with a nurse\n")


def test_times_of_a_table_are_kept(tmp_path: Path) -> None:
    rows = [("0:05", "I", "Why?"), ("0:09", "P1", "So."), ("1:00:00", "P1", "End.")]
    one = read(write_docx_table(tmp_path / "a.docx", rows)).transcripts[0]
    assert [turn.begins for turn in one.turns] == [5.0, 9.0, 3600.0]


def test_other_tables_are_read_cell_by_cell_in_order(tmp_path: Path) -> None:
    rows = [("a long sentence first", "b"), ("c", "another")]
    path = write_docx_table(tmp_path / "a.docx", rows, before=["Top"])
    assert read(path).transcripts[0].text == "Top\na long sentence first\nb\nc\nanother"


def test_a_table_about_the_interview_is_header(tmp_path: Path) -> None:
    document = docx.Document()
    table = document.add_table(rows=0, cols=2)
    for row in [("Participant", "P04"), ("Date", "3 May"), ("Age", "50")]:
        for cell, text in zip(table.add_row().cells, row, strict=True):
            cell.text = text
    for words in ("I: Why?", "P04: So."):
        document.add_paragraph(words)
    document.save(str(tmp_path / "a.docx"))
    assert said(tmp_path / "a.docx") == [("I", "Why?"), ("P04", "So.")]


def test_deleted_rows_do_not_count(tmp_path: Path) -> None:
    row = "<w:tr>{}<w:tc>{}</w:tc></w:tr>"
    gone = row.format('<w:trPr><w:del w:id="1"/></w:trPr>', p("gone"))
    wrapped = f"<w:sdt><w:sdtContent>{row.format('', p('wrapped'))}</w:sdtContent></w:sdt>"
    table = f"<w:tbl><w:tblPr/>{row.format('', p('kept'))}{gone}{wrapped}</w:tbl>"
    assert text_of(tmp_path, table) == "kept\nwrapped"


def test_teams(tmp_path: Path) -> None:
    path = write_docx(
        tmp_path / "a.docx",
        [
            "Ward interview-Meeting Transcript", "15 June 2026, 03:35am", "27m 42s",
            "Nick Miller started transcription",
            "\nDavid Mulholland   0:03\nSo how do you do it?",
            "\nMiller, Nick (Ward 3)   1:02:05\nWe wash.\nAlways.",
            "\nDavid Mulholland   1:02:09\nThanks.",
            "Nick Miller stopped transcription",
        ],
    )  # fmt: skip
    assert said(path) == [
        ("David Mulholland", "So how do you do it?"),
        ("Miller, Nick (Ward 3)", "We wash.\nAlways."),
        ("David Mulholland", "Thanks."),
    ]
    assert [turn.begins for turn in read(path).transcripts[0].turns] == [3.0, 3725.0, 3729.0]


def test_teams_with_the_time_in_its_own_run(tmp_path: Path) -> None:
    def turn(name: str, time: str, words: str) -> str:
        return p(r(name, "<w:b/>"), r(f"   {time}"), "<w:r><w:br/></w:r>", words)

    body = (
        turn("Ann Lee", "0:03", "Hi.") + turn("Bo", "0:04", "Ho.") + turn("Ann Lee", "0:09", "X.")
    )
    path = write_docx_xml(tmp_path / "a.docx", body)
    assert said(path) == [("Ann Lee", "Hi."), ("Bo", "Ho."), ("Ann Lee", "X.")]


def test_bold_names(tmp_path: Path) -> None:
    body = "".join(
        p(r(name, "<w:b/>"), " some words.") for name in ("Ann", "Bo", "Ann", "Bo")
    ) + p(r("Never", '<w:b w:val="0"/>'), " mind.")  # fmt: skip
    found = said(write_docx_xml(tmp_path / "a.docx", body))
    assert found == [
        ("Ann", "some words."), ("Bo", "some words."), ("Ann", "some words."),
        ("Bo", "some words.\nNever mind."),
    ]  # fmt: skip


def test_headings_that_are_names(tmp_path: Path) -> None:
    document = docx.Document()
    document.add_heading("Background", 1)
    for name, words in [("Ann", "Why?"), ("Bo", "So."), ("Ann", "Oh."), ("Bo", "Yes.")]:
        document.add_heading(name, 2)
        document.add_paragraph(words)
    document.save(str(tmp_path / "a.docx"))
    assert said(tmp_path / "a.docx") == [
        ("Ann", "Why?"),
        ("Bo", "So."),
        ("Ann", "Oh."),
        ("Bo", "Yes."),
    ]


def test_strict_namespace_and_other_part_name(tmp_path: Path) -> None:
    path = write_docx_xml(tmp_path / "a.docx", p("P1: Hello."))
    parts: list[bytes] = []

    def take(data: bytes) -> None:
        strict = b"http://purl.oclc.org/ooxml/wordprocessingml/main"
        old = b"http://schemas.openxmlformats.org/wordprocessingml/2006/main"
        parts.append(data.replace(old, strict))

    edit_zip(path, "word/document.xml", take)
    with pytest.raises(FormatError, match="no Word document"):
        read(path)
    edit_zip(path, "word/document2.xml", lambda _: parts[0])
    assert said(path) == [("P1", "Hello.")]


BOMB = (
    '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]>'
    '<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main">'
    "<w:body><w:p><w:r><w:t>&b;</w:t></w:r></w:p></w:body></w:document>"
)


@pytest.mark.parametrize(
    ("xml", "says"),
    [
        (BOMB, "entities or a document type"),
        ('<!DOCTYPE x SYSTEM "file:///etc/passwd"><x/>', "entities or a document type"),
        ("<w:document", "broken XML"),
        ("", "broken XML"),
        ('<?xml version="1.0" encoding="nonsense"?><x/>', "broken XML"),
        ("<x>words outside</x>", "holds no text"),
    ],
)
def test_unsafe_or_broken_xml(tmp_path: Path, xml: str, says: str) -> None:
    path = write_docx(tmp_path / "a.docx", ["P1: hello"])
    edit_zip(path, "word/document.xml", lambda _: xml.encode())
    with pytest.raises(FormatError, match=says):
        read(path)


def test_deep_nesting_ends_in_an_error_or_a_text(tmp_path: Path) -> None:
    deep = 3000
    runs = "<w:ins>" * deep + r("deep") + "</w:ins>" * deep
    assert text_of(tmp_path, p(runs)) == "deep"
    tables = "<w:tbl><w:tr><w:tc>" * 200 + p("x") + "</w:tc></w:tr></w:tbl>" * 200
    with pytest.raises(FormatError, match="nests tables"):
        text_of(tmp_path, tables)
