"""NVivo's codebooks in Word and Excel: nesting by indent, by path and by heading."""

import time
from pathlib import Path

import docx
import pytest
from docx.shared import Cm
from files import edit_zip, p, r, write_docx, write_docx_table, write_docx_xml, write_xlsx

from tdfnlp.codebook import Code
from tdfnlp.errors import FormatError
from tdfnlp.formats.codes import read_codebook

HEAD = ("Name", "Description", "Files", "References")


def read(path: Path) -> list[tuple[tuple[str, ...], str, bool]]:
    codes = read_codebook(path, path.read_bytes())
    assert codes == tuple(Code(c.path, definition=c.definition, codable=c.codable) for c in codes)
    return [(code.path, code.definition, code.codable) for code in codes]


def test_word_with_indented_names_and_a_folder_in_the_heading(tmp_path: Path) -> None:
    document = docx.Document()
    document.add_heading("Tea study")
    document.add_paragraph("Codes\\\\Barriers")
    table = document.add_table(rows=1, cols=4)
    for cell, text in zip(table.rows[0].cells, HEAD, strict=True):
        cell.text = text
    for level, name, words in (
        (0, "Knowledge", "Knows, or does\nnot"), (1, "Never told", ""), (2, "by anyone", "x"),
        (1, "and\\or forgot", ""), (0, "Skills", ""), (0, "", "no name"),
    ):  # fmt: skip
        cells = table.add_row().cells
        cells[0].text, cells[1].text, cells[2].text = name, words, "3"
        cells[0].paragraphs[0].paragraph_format.left_indent = Cm(0.5 * level)
    document.add_paragraph("Codes\\\\Other")
    table = document.add_table(rows=2, cols=2)
    for row, texts in zip(table.rows, (HEAD[:2], ("Weather", "Rain")), strict=True):
        for cell, text in zip(row.cells, texts, strict=True):
            cell.text = text
    document.save(str(tmp_path / "a.docx"))
    assert read(tmp_path / "a.docx") == [
        (("Barriers",), "", False),
        (("Barriers", "Knowledge"), "Knows, or does\nnot", True),
        (("Barriers", "Knowledge", "Never told"), "", True),
        (("Barriers", "Knowledge", "Never told", "by anyone"), "x", True),
        (("Barriers", "Knowledge", "and\\or forgot"), "", True),
        (("Barriers", "Skills"), "", True),
        (("Other",), "", False),
        (("Other", "Weather"), "Rain", True),
    ]


PATHS = [
    ("Codebook of the tea study",),
    ("References", "NAME ", "Description"),
    (4, "Codes\\\\ECR\\\\No time", "Says so"),
    (9, "Codes\\\\ECR", "Surroundings"),
    ("References", "NAME ", "Description"),
    (1, "Nodes\\Emotion\\Fear", None),
    (1, "Emotion\\\\Fear", "again"),
]
FOUND = [
    (("ECR",), "Surroundings", True), (("ECR", "No time"), "Says so", True),
    (("Emotion",), "", False), (("Emotion", "Fear"), "", True),
]  # fmt: skip


def test_paths_in_a_workbook_and_in_word(tmp_path: Path) -> None:
    other = [("Speaker", "Text"), ("P1", "Well.")]
    assert read(write_xlsx(tmp_path / "a.xlsx", {"Notes": other, "Codes": PATHS})) == FOUND
    rows = [[str(cell or "") for cell in row] for row in PATHS[1:]]
    assert read(write_docx_table(tmp_path / "a.docx", rows)) == FOUND


def test_spaces_before_a_name_are_an_indent(tmp_path: Path) -> None:
    names = ["ECR", "   Time", "      Monday", "   Staff", "\tRooms", "Skills"]
    rows = [HEAD, *((name, "", 1, 2) for name in names)]
    paths = [path for path, _, _ in read(write_xlsx(tmp_path / "a.xlsx", {"S": rows}))]
    assert paths == [
        ("ECR",), ("ECR", "Time"), ("ECR", "Time", "Monday"), ("ECR", "Staff"),
        ("ECR", "Staff", "Rooms"), ("Skills",),
    ]  # fmt: skip


def test_word_shows_the_final_document_and_list_levels(tmp_path: Path) -> None:
    level = '<w:pPr><w:numPr><w:ilvl w:val="1"/></w:numPr></w:pPr>'
    inner = f"<w:tbl><w:tr><w:tc>{p('inside')}</w:tc></w:tr></w:tbl>"
    rows = [
        (p("Name"), p("Description")),
        (p("Skills"), p("<w:del>" + r("gone") + "</w:del>", "kept") + inner + p("")),
        (p("") + p(level, "Dril", "<w:ins>" + r("ling") + "</w:ins>"), p("a<b")),
    ]
    cells = "".join(
        "<w:tr>" + "".join(f"<w:tc>{cell}</w:tc>" for cell in row) + "</w:tr>" for row in rows
    )
    path = write_docx_xml(tmp_path / "a.docx", f"<w:tbl><w:tblPr/>{cells}</w:tbl>")
    assert read(path) == [
        (("Skills",), "kept", True), (("Skills", "Drilling"), "a<b", True),
    ]  # fmt: skip


def test_what_is_no_codebook_is_refused(tmp_path: Path) -> None:
    table = [("Speaker", "Text"), ("P1", "Well.")]
    deep = [HEAD, ("\\\\".join("a" * 200), "", 1, 1)]
    for path, message in (
        (write_docx_table(tmp_path / "a.docx", table), "holds no codebook"),
        (write_docx(tmp_path / "b.docx", ["Name", "Description"]), "holds no codebook"),
        (write_docx_table(tmp_path / "c.docx", [HEAD]), "holds no codebook"),
        (write_xlsx(tmp_path / "d.xlsx", {"S": table}), "holds no codebook"),
        (write_xlsx(tmp_path / "e.xlsx", {"S": [("Name",), ("A",)]}), "holds no codebook"),
        (write_xlsx(tmp_path / "f.xlsx", {"S": deep}), "more than 100 deep"),
        (tmp_path / "g.txt", "is no codebook that can be read"),
        (tmp_path / "h.docx", "damaged"),
    ):  # fmt: skip
        if not path.exists():
            path.write_bytes(b"Name\tDescription")
        with pytest.raises(FormatError, match=message) as raised:
            read(path)
        assert str(raised.value).startswith(path.name)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda _: b"<!DOCTYPE a><a/>", "document type"),
        (lambda data: data[:-20], "broken XML"),
        (lambda _: None, "a part is missing"),
    ],
)
def test_hostile_word_files(tmp_path: Path, change: object, message: str) -> None:
    path = write_docx_table(tmp_path / "a.docx", [HEAD, ("A", "", "", "")])
    edit_zip(path, "word/document.xml", change)  # type: ignore[arg-type]
    with pytest.raises(FormatError, match=message):
        read(path)


def test_tables_in_tables_and_wide_documents_take_no_time(tmp_path: Path) -> None:
    began = time.perf_counter()
    nested = "<w:tbl><w:tr><w:tc>" * 20_000 + "</w:tc></w:tr></w:tbl>" * 20_000
    with pytest.raises(FormatError, match="holds no codebook"):
        read(write_docx_xml(tmp_path / "a.docx", nested))
    rows = [("Name", "Files"), *((f"{' ' * (at % 90)}code {at}", "1") for at in range(20_000))]
    assert len(read(write_xlsx(tmp_path / "a.xlsx", {"S": rows}))) == 20_000
    assert time.perf_counter() - began < 20
