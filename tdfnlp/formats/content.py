"""The bytes of a file, and whether they are what its suffix says."""

from pathlib import Path
from types import MappingProxyType

from ..errors import FormatError

MAX_BYTES = 200 * 2**20
MAX_PROJECT = 2 * 2**30  # a .qdpx may carry recordings, which are never unpacked

# Longer marks first: the UTF-32 one begins with the UTF-16 one.
BOMS: tuple[tuple[bytes, str], ...] = (
    (b"\xff\xfe\x00\x00", "utf-32-le"),
    (b"\x00\x00\xfe\xff", "utf-32-be"),
    (b"\xef\xbb\xbf", "utf-8"),
    (b"\xff\xfe", "utf-16-le"),
    (b"\xfe\xff", "utf-16-be"),
)

_SIGNATURES: tuple[tuple[bytes, str], ...] = (
    (b"PK\x03\x04", "zip"),
    (b"PK\x05\x06", "zip"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "ole"),
    (b"%PDF-", "pdf"),
    (b"{\\rtf", "rtf"),
)
_NAMES = MappingProxyType(
    {
        "zip": "a zip archive, as .docx and .xlsx are",
        "ole": "an old Office document or a password-protected one",
        "pdf": "a PDF document",
        "rtf": "Rich Text",
        "html": "a web page (HTML)",
        "text": "plain text",
        "binary": "neither text nor an Office document",
    }
)
_EXPECTED = MappingProxyType(
    {
        ".docx": ("zip",),
        ".xlsx": ("zip",),
        ".odt": ("zip",),
        ".qdpx": ("zip",),
        ".rtf": ("rtf",),
        ".pdf": ("pdf",),
    }
)
_HTML = MappingProxyType({".html": ("html", "text"), ".htm": ("html", "text")})
_CONTROLS = bytes(set(range(32)) - set(b"\t\n\x0b\x0c\r\x1a\x1b"))


def load(path: Path) -> bytes:
    """Read a whole file, within the size limit."""
    try:
        data = _bytes(path)
    except OSError as error:
        raise FormatError(path, f"cannot be opened ({error.strerror}).") from error
    if not data:
        raise FormatError(path, "is empty.", hint="Export or copy the file again.")
    return data


def _bytes(path: Path) -> bytes:
    if path.is_dir():
        raise FormatError(path, "is a folder.", hint="Name the files in it, or use find().")
    if not path.is_file():
        what = "is not a regular file." if path.exists() else "does not exist."
        raise FormatError(path, what, hint="Check the name and the folder.")
    size = path.stat().st_size
    limit = MAX_PROJECT if path.suffix.lower() == ".qdpx" else MAX_BYTES
    if size > limit:
        raise FormatError(
            path, f"has {size} bytes, more than {limit}.", hint="Split it into smaller files."
        )
    return path.read_bytes()


def check(path: Path, data: bytes) -> None:
    """Refuse a file whose first bytes contradict its suffix."""
    suffix = path.suffix.lower()
    kind = _kind(data)
    if kind in (_EXPECTED | _HTML).get(suffix, ("text",)):
        return
    if kind == "ole" and suffix == ".docx":
        raise FormatError(
            path,
            "is encrypted or an old .doc file.",
            hint="Remove the password or save it as .docx.",
        )
    raise FormatError(
        path,
        f"is mislabelled: named {suffix} but holding {_NAMES[kind]}.",
        hint=f"Save it as {suffix} from the program that wrote it.",
    )


def utf16_without_mark(data: bytes) -> str | None:
    """Name the byte order of UTF-16 that has no byte order mark, None where it is something else.

    Western text has its zero bytes on one side only; a binary file has them on both.
    """
    sample = data[:4096]
    half = len(sample) // 2
    low, high = sample[0::2].count(0), sample[1::2].count(0)
    if len(data) % 2 or half < 2:
        return None
    if high > half * 0.4 and low <= half * 0.05:
        return "utf-16-le"
    if low > half * 0.4 and high <= half * 0.05:
        return "utf-16-be"
    return None


def _kind(data: bytes) -> str:
    for signature, kind in _SIGNATURES:
        if data.startswith(signature):
            return kind
    if any(data.startswith(mark) for mark, _ in BOMS[:2] + BOMS[3:]) or utf16_without_mark(data):
        return "text"
    sample = data[: 2**16]
    controls = len(sample) - len(sample.translate(None, _CONTROLS))
    if b"\0" in data or controls > len(sample) * 0.02:
        return "binary"
    head = data[:1024].removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    return "html" if head.startswith((b"<!doctype html", b"<html")) else "text"
