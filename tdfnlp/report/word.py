"""The report as a Word file: real tables with captions that Word can number and list."""

from collections.abc import Sequence
from io import BytesIO
from typing import TYPE_CHECKING, Any

from .html import shown
from .parts import Cell, Figure, Section, Table

if TYPE_CHECKING:
    from . import Report

_MANY_COLUMNS = 9
"""More columns than this, and the page lies on its side."""
_SHADE = "EEF1F4"


def document(report: "Report") -> bytes:
    """Write the file."""
    from docx import Document

    doc = Document()
    wide = max((len(one.head()) for one in report.tables()), default=0) > _MANY_COLUMNS
    _set_up(doc, report.title, wide)
    doc.add_paragraph(report.title, style="Title")
    for line in report.about:
        doc.add_paragraph(line)
    numbers = {"Table": 0, "Figure": 0}
    for section in report.sections:
        _section(doc, section, numbers)
    data = BytesIO()
    doc.save(data)
    return data.getvalue()


def _set_up(doc: Any, title: str, wide: bool) -> None:
    """Set page, fonts and colours; the template's own are Word's defaults."""
    from docx.enum.section import WD_ORIENT
    from docx.shared import Mm, Pt, RGBColor

    page = doc.sections[0]
    page.page_width, page.page_height = (Mm(297), Mm(210)) if wide else (Mm(210), Mm(297))
    page.orientation = WD_ORIENT.LANDSCAPE if wide else WD_ORIENT.PORTRAIT
    page.left_margin = page.right_margin = Mm(20)
    page.top_margin = page.bottom_margin = Mm(20)
    for name, size in (("Normal", 10.5), ("Title", 20), ("Heading 1", 15), ("Caption", 10)):
        style = doc.styles[name]
        style.font.name, style.font.size = "Calibri", Pt(size)
        style.font.color.rgb = RGBColor(0x1C, 0x1C, 0x1C)
        fonts = style.element.get_or_add_rPr().get_or_add_rFonts()
        for key in [one for one in fonts.attrib if one.endswith("Theme")]:
            del fonts.attrib[key]
    doc.styles["Heading 1"].paragraph_format.space_after = Pt(6)
    doc.styles["Caption"].font.bold = False
    doc.styles["Caption"].paragraph_format.space_before = Pt(12)
    doc.styles["Caption"].paragraph_format.space_after = Pt(4)
    doc.core_properties.title = title
    doc.core_properties.author = "tdfnlp"
    doc.core_properties.comments = ""


def _section(doc: Any, section: Section, numbers: dict[str, int]) -> None:
    doc.add_paragraph(section.title, style="Heading 1")
    for part in section.parts:
        if isinstance(part, str):
            doc.add_paragraph(part)
        elif isinstance(part, Table):
            _caption(doc, "Table", part.title, numbers, above=True)
            _table(doc, part)
        else:
            _figure(doc, part)
            _caption(doc, "Figure", part.title, numbers, above=False)


def _caption(doc: Any, kind: str, text: str, numbers: dict[str, int], *, above: bool) -> None:
    """Write "Table 3. ..." with a field, so that Word counts on when tables are moved."""
    numbers[kind] += 1
    line = doc.add_paragraph(style="Caption")
    line.paragraph_format.keep_with_next = above
    line.add_run(f"{kind} ").bold = True
    for part in (
        _element("w:fldChar", **{"w:fldCharType": "begin"}),
        _element("w:instrText", f" SEQ {kind} \\* ARABIC "),
        _element("w:fldChar", **{"w:fldCharType": "separate"}),
        _element("w:t", str(numbers[kind])),
        _element("w:fldChar", **{"w:fldCharType": "end"}),
    ):
        run = line.add_run()
        run.bold = True
        run._r.append(part)
    line.add_run(". ").bold = True
    line.add_run(text)


def _figure(doc: Any, figure: Figure) -> None:
    page = doc.sections[0]
    room = page.page_width - page.left_margin - page.right_margin
    picture = doc.add_picture(BytesIO(figure.png), width=min(room, int(6.7 * 914_400)))
    picture._inline.docPr.set("descr", figure.alt)
    doc.paragraphs[-1].paragraph_format.keep_with_next = True


def _table(doc: Any, table: Table) -> None:
    page = doc.sections[0]
    room = (page.page_width - page.left_margin - page.right_margin) / 635
    widths = [round(room * share) for share in table.shares()]
    made = doc.add_table(rows=0, cols=len(widths))
    made.autofit = False
    for column, width in zip(made._tbl.tblGrid.gridCol_lst, widths, strict=True):
        column.set(_name("w:w"), str(width))
    _borders(made)
    body = made._tbl
    body.append(_row(table.head(), widths, head=True))
    for heading, rows in table.blocks():
        if heading is not None:
            body.append(_heading(heading, widths))
        for row in rows:
            body.append(_row(row, widths))
    for note in table.notes:
        _note(doc, note)
    doc.add_paragraph().paragraph_format.space_after = 0


def _note(doc: Any, text: str) -> None:
    from docx.shared import Pt

    line = doc.add_paragraph()
    line.paragraph_format.space_before = Pt(3)
    line.paragraph_format.space_after = Pt(0)
    line.add_run(text).font.size = Pt(8.5)


def _row(cells: Sequence[Cell], widths: Sequence[int], *, head: bool = False) -> Any:
    # Built as XML: python-docx looks every cell up anew, which takes minutes for 300 themes.
    row = _element("w:tr")
    about = _element("w:trPr")
    about.append(_element("w:cantSplit"))
    if head:
        about.append(_element("w:tblHeader"))
    row.append(about)
    for cell, width in zip(cells, widths, strict=True):
        row.append(_cell(shown(cell), width, bold=head, line="8" if head else ""))
    return row


def _heading(text: Cell, widths: Sequence[int]) -> Any:
    row = _element("w:tr")
    about = _element("w:trPr")
    about.append(_element("w:cantSplit"))
    row.append(about)
    row.append(_cell(shown(text), sum(widths), bold=True, span=len(widths), next_too=True))
    return row


def _cell(
    text: str,
    width: int,
    *,
    bold: bool = False,
    span: int = 1,
    line: str = "",
    next_too: bool = False,
) -> Any:
    cell, about = _element("w:tc"), _element("w:tcPr")
    about.append(_element("w:tcW", **{"w:w": str(width), "w:type": "dxa"}))
    if span > 1:
        about.append(_element("w:gridSpan", **{"w:val": str(span)}))
    if line:
        below = _element("w:tcBorders")
        below.append(_element("w:bottom", **{"w:val": "single", "w:sz": line, "w:color": "1C1C1C"}))
        about.append(below)
    if next_too:
        about.append(_element("w:shd", **{"w:val": "clear", "w:color": "auto", "w:fill": _SHADE}))
    cell.append(about)
    paragraph, style = _element("w:p"), _element("w:pPr")
    if next_too or line:
        style.append(_element("w:keepNext"))
    style.append(_element("w:spacing", **{"w:before": "30", "w:after": "30", "w:line": "240"}))
    paragraph.append(style)
    run, look = _element("w:r"), _element("w:rPr")
    if bold:
        look.append(_element("w:b"))
    look.append(_element("w:sz", **{"w:val": "17"}))
    run.append(look)
    run.append(_element("w:t", text))
    paragraph.append(run)
    cell.append(paragraph)
    return cell


def _borders(made: Any) -> None:
    """Rule above, below, and thinly between rows: what journals ask for."""
    borders = _element("w:tblBorders")
    for side, size, colour in (
        ("top", "12", "1C1C1C"),
        ("bottom", "12", "1C1C1C"),
        ("insideH", "4", "D9D9D9"),
    ):
        borders.append(
            _element(f"w:{side}", **{"w:val": "single", "w:sz": size, "w:color": colour})
        )
    about = made._tbl.tblPr
    layout = about.find(_name("w:tblLayout"))
    # The schema wants borders before the layout.
    about.append(borders) if layout is None else layout.addprevious(borders)


def _element(tag: str, text: str = "", **attributes: str) -> Any:
    from docx.oxml import OxmlElement

    made = OxmlElement(tag)
    if text:
        made.text = text
        made.set(_name("xml:space"), "preserve")
    for name, value in attributes.items():
        made.set(_name(name), value)
    return made


def _name(tag: str) -> str:
    from docx.oxml.ns import qn

    found: str = qn(tag)
    return found
