"""PDF documents that hold text. A PDF has no paragraphs: lines are joined again by their length.

Positions in the result are positions in the text that was taken out, not in the PDF.
"""

import logging
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING
from zlib import error as ZlibError

from ..coding import Study
from ..errors import FormatError
from .encoding import MAX_LINES
from .labels import colon_label
from .names import is_known
from .nvivo import begins_heading, is_cut_heading
from .paragraphs import Paragraph, joined
from .text import study_of

if TYPE_CHECKING:
    from pypdf import PdfReader

MAX_PAGES = 5000
MAX_OPERATORS = 2_000_000  # a page of print has some hundreds; hostile ones cost 20 µs each

# A line at the edge of a page is no speech where it comes back on so many pages.
_EDGE, _SHARE, _LEAST = 2, 0.6, 3
_FULL = 0.75  # of the usual line length; a shorter line ends its paragraph


def read(path: Path, data: bytes) -> Study:
    """Read the text of a PDF document, without running heads and page numbers."""
    pages = _pages(path, data)
    if not any(pages):
        raise FormatError(
            path,
            f"holds no text on any of its {len(pages)} pages; it may be a scan.",
            hint="Run text recognition (OCR) on it, or use the document it was printed from.",
        )
    notes = [f"{path.name}: positions are in the text taken from the PDF, not in the PDF itself."]
    blank = sum(not page for page in pages)
    if blank:
        notes.append(f"{path.name}: {blank} of {len(pages)} pages hold no text.")
    pages, dropped = _without_edges(pages)
    if dropped:
        notes.append(
            f"{path.name}: {dropped} lines that come back at the edge of the pages (running heads, "
            "page numbers) were left out."
        )
    lines = [line for page in pages for line in page]
    return study_of(path, *joined(list(_paragraphs(lines))), notes=tuple(notes))


def _pages(path: Path, data: bytes) -> list[list[str]]:
    """Lines of each page that are not blank."""
    from pypdf import PdfReader
    from pypdf.errors import (
        DependencyError,
        DeprecationError,
        FileNotDecryptedError,
        PyPdfError,
    )

    # What pypdf has been seen to raise on damaged documents: it trusts them.
    broken = (
        ArithmeticError,
        AssertionError,
        AttributeError,
        DeprecationError,
        LookupError,
        MemoryError,
        NotImplementedError,
        OSError,
        PyPdfError,
        RecursionError,
        TypeError,
        ValueError,
        ZlibError,
    )
    try:
        with _quiet():
            reader = PdfReader(BytesIO(data))
            if reader.is_encrypted and not reader.decrypt(""):
                raise _encrypted(path)
            return list(_lines(path, reader))
    except FormatError:
        raise
    except (DependencyError, FileNotDecryptedError) as error:
        raise _encrypted(path) from error
    except broken as error:
        raise FormatError(
            path, "is a damaged PDF document.", hint="Print it to PDF again, or use the original."
        ) from error


def _encrypted(path: Path) -> FormatError:
    return FormatError(path, "is encrypted.", hint="Save it without a password.")


@contextmanager
def _quiet() -> Iterator[None]:
    """Silence pypdf: what it logs may quote the document."""
    logger = logging.getLogger("pypdf")
    before = logger.level
    logger.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        logger.setLevel(before)


def _lines(path: Path, reader: "PdfReader") -> Iterator[list[str]]:
    steps = size = 0

    def count(*_: object) -> None:
        nonlocal steps
        steps += 1
        if steps > MAX_OPERATORS:
            raise FormatError(path, "draws more than a transcript can hold.")

    for number, page in enumerate(reader.pages):
        if number >= MAX_PAGES:
            raise FormatError(path, f"has more than {MAX_PAGES} pages.", hint="Split it.")
        text = page.extract_text(visitor_operand_before=count)
        lines = re.split(r"\r\n|[\n\r\v\f\u2028\u2029]", text.replace("\0", ""))
        size += len(lines)
        if size > MAX_LINES:
            raise FormatError(path, f"has more than {MAX_LINES} lines.", hint="Split it.")
        yield [line.strip() for line in lines if line.strip()]


def _without_edges(pages: Sequence[Sequence[str]]) -> tuple[list[list[str]], int]:
    """Drop lines that come back at the top or the bottom of most pages, but for their numbers."""
    keys = [_edges(page) for page in pages]
    times = Counter(key for page in keys for key in set(page.values()))
    least = max(_LEAST, _SHARE * sum(map(bool, pages)))
    kept = [
        _between(page, {at for at, key in edges.items() if times[key] >= least})
        for page, edges in zip(pages, keys, strict=True)
    ]
    if not any(kept):  # one slide shown again and again is its own text
        return [list(page) for page in pages], 0
    return kept, sum(map(len, pages)) - sum(map(len, kept))


def _between(page: Sequence[str], repeated: set[int]) -> list[str]:
    """Lines of a page after those at the top and before those at the bottom that come back."""
    first, last = 0, len(page)
    while first in repeated:
        first += 1
    while last > first and last - 1 in repeated:
        last -= 1
    return list(page[first:last])


def _edges(page: Sequence[str]) -> dict[int, tuple[bool, str]]:
    """Lines that may be a running head: where each is, whether at the top, and what it says."""
    edges: dict[int, tuple[bool, str]] = {}
    for nth in range(-_EDGE, min(_EDGE, len(page))):
        at = nth if nth >= 0 else len(page) + nth
        if at >= 0 and not _is_label(page[at]):
            edges[at] = (nth >= 0, re.sub(r"\d+", "#", page[at]))
    return edges


def _paragraphs(lines: Sequence[str]) -> Iterator[Paragraph]:
    """Join the lines of a paragraph: all but its last are about as long as the page is wide."""
    usual = sorted(map(len, lines))[int(len(lines) * 0.9)] if lines else 0
    parts: list[str] = []
    for line in lines:
        if parts and _is_over(parts, line, _FULL * usual):
            yield Paragraph(" ".join(parts))
            parts = []
        parts.append(line)
    if parts:
        yield Paragraph(" ".join(parts))


def _is_over(parts: Sequence[str], line: str, least: float) -> bool:
    """Whether a paragraph of these lines is over before the next line."""
    if len(parts) < 5 and is_cut_heading(" ".join(parts)):
        return False
    return len(parts[-1]) < least or _begins(line)


def _begins(line: str) -> bool:
    """Whether a line begins with what may be a label or is a heading: it continues nothing."""
    found = colon_label(line, 0, len(line)) is not None
    return found or _is_label(line) or begins_heading(line)


def _is_label(line: str) -> bool:
    return not line.endswith("?") and is_known(line.rstrip(": "))
