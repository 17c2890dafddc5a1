"""The zip file of a REFI-QDA project: members looked up leniently, one replaced exactly.

A project may carry hours of sound, so only members that are really read have to be of a sane size.
"""

import struct
import zlib
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from urllib.parse import unquote
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile, ZipInfo

from ..errors import FormatError
from .archive import MAX_MEMBER, MAX_RATIO, MAX_TOTAL, SMALL, read_member

MAX_MEMBERS = 200_000
_AGAIN = "Export the project again."
_ZIP64 = 0xFFFFFFFF
_LOCAL = struct.Struct("<4s5H3L2H")
_CENTRAL = struct.Struct("<4s6H3L5H2L")


@dataclass(frozen=True, slots=True)
class Written:
    """A file that was made, and what it could not carry.

    Attributes
    ----------
    data : bytes
        The file.
    notes : tuple of str
        One sentence each.
    """

    data: bytes
    notes: tuple[str, ...] = ()


class Package:
    """An open project file.

    Raises
    ------
    FormatError
        From every method: the file is damaged, unsafe or has no project in it.
    """

    def __init__(self, path: Path, data: bytes) -> None:
        self.path, self.data = path, data
        try:
            self.archive = ZipFile(BytesIO(data))
        except (BadZipFile, ValueError, OSError, NotImplementedError, struct.error) as error:
            raise FormatError(path, "is damaged or cut short.", hint=_AGAIN) from error
        members = self.archive.infolist()
        if len(members) > MAX_MEMBERS:
            raise FormatError(path, f"holds more than {MAX_MEMBERS} files.", hint=_AGAIN)
        self._left = MAX_TOTAL
        self._names: dict[str, str] = {}
        self._tails: dict[str, set[str]] = {}
        for name in (member.filename for member in members if not member.is_dir()):
            self._names.setdefault(_plain(name), name)
            self._tails.setdefault(_tail(name), set()).add(name)

    def main(self) -> str:
        """Find the project's XML: the one ``.qde`` at the top."""
        found = [one for one in self._names if one.endswith(".qde") and "__macosx/" not in one]
        found = [one for one in found if "/" not in one] or found
        if len(found) != 1:
            what = ", ".join(sorted(self._names[one] for one in found)[:5]) or "none"
            reason = f"should hold one project (.qde) and holds {len(found)}: {what}."
            raise FormatError(self.path, reason, hint=_AGAIN)
        return self._names[found[0]]

    def find(self, path: str) -> str | None:
        """Find the member that a path in the XML means; nothing outside is ever looked at."""
        scheme, colon, rest = path.partition(":")
        bare = rest if colon and scheme in ("internal", "relative", "absolute", "file") else path
        for one in (_plain(bare), _plain(unquote(bare))):
            alike = self._tails.get(_tail(one), set())
            name = self._names.get("sources/" + one) or self._names.get(one)
            if name or len(alike) == 1:
                return name or next(iter(alike))
        return None

    def read(self, name: str) -> bytes:
        """Unpack one member, if that is safe."""
        member = self.archive.getinfo(name)
        if member.flag_bits & 1:
            hint = "Export it without a password."
            raise FormatError(self.path, "is encrypted.", place=name, hint=hint)
        if _is_unsafe(member):
            reason = "a part unpacks to an unsafe size."
            raise FormatError(self.path, reason, place=name, hint=_AGAIN)
        self.spend(member.file_size)
        return read_member(self.path, self.archive, name)

    def spend(self, size: int) -> None:
        """Count what is unpacked or multiplied against what one project may come to."""
        self._left -= size
        if self._left < 0:
            raise FormatError(self.path, f"unpacks to more than {MAX_TOTAL} bytes.", hint=_AGAIN)

    def replace(self, name: str, content: bytes) -> bytes:
        """Give the file with one member changed and every other byte as it was.

        The other members keep their packed bytes, order, names and dates; the directory keeps its
        entries, where only places, and the sizes of the changed member, are new.
        """
        member = self.archive.getinfo(name)
        start, stop = member.header_offset, self._end_of(member)
        directory = self.archive.start_dir
        head, packed = self._packed(member, content)
        moved = start + len(head) + len(packed) - stop
        sizes = (zlib.crc32(content), len(packed), len(content))
        return b"".join(
            [
                self.data[:start],
                head,
                packed,
                self.data[stop:directory],
                self._directory(start, moved, sizes),
            ]
        )

    def _end_of(self, member: ZipInfo) -> int:
        places = [one.header_offset for one in self.archive.infolist()]
        later = [one for one in places if one > member.header_offset]
        if places.count(member.header_offset) > 1:
            raise FormatError(self.path, "has two files in one place.", hint=_AGAIN)
        return min(later, default=self.archive.start_dir)

    def _packed(self, member: ZipInfo, content: bytes) -> tuple[bytes, bytes]:
        """Local header and packed bytes of the new content, all else as the member has it."""
        at = member.header_offset
        fields = list(_LOCAL.unpack_from(self.data, at))
        names = self.data[at + _LOCAL.size :][: fields[9]]
        packed = content
        if member.compress_type == ZIP_DEFLATED:
            deflate = zlib.compressobj(6, zlib.DEFLATED, -15)
            packed = deflate.compress(content) + deflate.flush()
        fields[2] &= ~8  # the sizes stand here, not behind the data
        fields[6:9] = zlib.crc32(content), len(packed), len(content)
        fields[10] = 0  # the extra field may repeat sizes; the directory has its own
        return _LOCAL.pack(*fields) + names, packed

    def _directory(self, start: int, moved: int, sizes: tuple[int, int, int]) -> bytes:
        tail = bytearray(self.data[self.archive.start_dir :])
        # zipfile has allowed for bytes before the archive: places count from where it begins.
        before = min(one.header_offset for one in self.archive.infolist()) - self._first_place(tail)
        at = 0
        while tail[at : at + 4] == b"PK\x01\x02":
            fields = list(_CENTRAL.unpack_from(tail, at))
            if _ZIP64 in (*fields[8:10], fields[16]):
                raise FormatError(self.path, "is packed as zip64.", hint=_AGAIN)
            place = fields[16] + before
            if place == start:
                fields[3] &= ~8
                fields[7:10] = sizes
            fields[16] += moved if place > start else 0
            _CENTRAL.pack_into(tail, at, *fields)
            at += _CENTRAL.size + sum(fields[10:13])
        if tail[at : at + 4] != b"PK\x05\x06":
            raise FormatError(self.path, "is packed as zip64.", hint=_AGAIN)
        (offset,) = struct.unpack_from("<L", tail, at + 16)
        struct.pack_into("<L", tail, at + 16, offset + moved)
        return bytes(tail)

    def _first_place(self, tail: bytes | bytearray) -> int:
        at, places = 0, []
        while tail[at : at + 4] == b"PK\x01\x02":
            fields = _CENTRAL.unpack_from(tail, at)
            places.append(fields[16])
            at += _CENTRAL.size + sum(fields[10:13])
        return int(min(places))


def _is_unsafe(member: ZipInfo) -> bool:
    ratio = member.file_size / max(member.compress_size, 1)
    if member.compress_type not in (ZIP_STORED, ZIP_DEFLATED):
        return True
    return member.file_size > MAX_MEMBER or (member.file_size > SMALL and ratio > MAX_RATIO)


def _plain(name: str) -> str:
    parts = name.strip().replace("\\", "/").lower().split("/")
    return "/".join(part for part in parts if part not in ("", "."))


def _tail(name: str) -> str:
    return _plain(name).rpartition("/")[2]
