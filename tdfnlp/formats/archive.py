"""Zip packages (.docx, .xlsx) from strangers: opened only after their directory looks sane."""

import struct
import zlib
from io import BytesIO
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile, ZipInfo

from ..errors import FormatError

MAX_MEMBERS = 10_000
MAX_MEMBER = 100 * 2**20
MAX_TOTAL = 400 * 2**20
MAX_RATIO = 200
SMALL = 10 * 2**20  # a ratio says nothing about a member that is small anyway

_AGAIN = "Open it in Office, save it again and use that copy."


def open_archive(path: Path, data: bytes) -> ZipFile:
    """Open a zip package whose members are few, small, unencrypted and of a known method."""
    try:
        archive = ZipFile(BytesIO(data))
    except (BadZipFile, ValueError, OSError, NotImplementedError, struct.error) as error:
        raise FormatError(path, "is damaged or cut short.", hint=_AGAIN) from error
    members = archive.infolist()
    if len(members) > MAX_MEMBERS or sum(member.file_size for member in members) > MAX_TOTAL:
        raise FormatError(path, "unpacks to more than a document can hold.", hint=_AGAIN)
    for member in members:
        _check(path, member)
    return archive


def read_member(path: Path, archive: ZipFile, name: str) -> bytes:
    """Read one member. ``zipfile`` never unpacks more than the size that was checked."""
    try:
        return archive.read(name)
    except KeyError as error:
        raise FormatError(path, "a part is missing.", place=name, hint=_AGAIN) from error
    except (BadZipFile, zlib.error, EOFError, ValueError, OSError, struct.error) as error:
        raise FormatError(path, "a part is damaged.", place=name, hint=_AGAIN) from error
    except (NotImplementedError, RuntimeError) as error:
        raise FormatError(path, "a part cannot be unpacked.", place=name, hint=_AGAIN) from error


def _check(path: Path, member: ZipInfo) -> None:
    if member.flag_bits & 1:
        raise FormatError(path, "is encrypted.", hint="Save it without a password.")
    if member.compress_type not in (ZIP_STORED, ZIP_DEFLATED):
        raise FormatError(path, "is packed in a way that Office never uses.", hint=_AGAIN)
    ratio = member.file_size / max(member.compress_size, 1)
    if member.file_size > MAX_MEMBER or (member.file_size > SMALL and ratio > MAX_RATIO):
        raise FormatError(path, "a part unpacks to an unsafe size.", hint=_AGAIN)
