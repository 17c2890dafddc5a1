import io
import struct
import zipfile
from pathlib import Path
from typing import Any

import pytest
from refi import STYLES, coded, suggestions

from tdfnlp.errors import FormatError
from tdfnlp.formats.insertion import Machine, add
from tdfnlp.formats.qdpx import read as read_bytes

PATH = Path("a.qdpx")
MACHINE = Machine("tdfnlp model-1")


def records(data: bytes) -> dict[str, bytes]:
    """Raw local records by name."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        infos = archive.infolist()
        stops = sorted([one.header_offset for one in infos] + [archive.start_dir])
    return {
        one.filename: data[one.header_offset : stops[stops.index(one.header_offset) + 1]]
        for one in infos
    }


class Pipe(io.RawIOBase):
    """A stream that cannot seek: zip writes sizes behind the data then."""

    def __init__(self) -> None:
        self.data = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        piece = bytes(memoryview(data))
        self.data += piece
        return len(piece)


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
@pytest.mark.parametrize("streamed", [False, True])
@pytest.mark.parametrize("before", [b"", b"bytes before the archive"])
def test_other_members_keep_their_bytes(method: int, streamed: bool, before: bytes) -> None:
    make = coded(STYLES["qualcoder"])
    pipe = Pipe() if streamed else io.BytesIO()
    with zipfile.ZipFile(pipe, "w", method) as archive:
        archive.comment = b"a comment"
        for name, content in [("sources/ä.mp3", b"12"), ("project.qde", make.xml()),
                              *make.members.items()]:  # fmt: skip
            archive.writestr(name, content)
    data = before + (bytes(pipe.data) if isinstance(pipe, Pipe) else pipe.getvalue())
    written = add(PATH, data, suggestions(read_bytes(PATH, data)), MACHINE).data
    old, new = records(data), records(written)
    assert list(old) == list(new)
    changed = [name for name in old if old[name] != new[name]]
    assert changed == ["project.qde"]
    with zipfile.ZipFile(io.BytesIO(written)) as archive:
        assert archive.testzip() is None
        assert archive.comment == b"a comment"
        infos = {one.filename: one for one in archive.infolist()}
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        for one in archive.infolist():
            assert one.date_time == infos[one.filename].date_time
            assert one.compress_type == infos[one.filename].compress_type
    assert written.startswith(before)


def test_zip64_is_refused_and_not_broken(tmp_path: Path) -> None:
    path = coded(STYLES["qualcoder"]).write(tmp_path / "a.qdpx")
    data = bytearray(path.read_bytes())
    at = data.index(b"PK\x01\x02")
    (place,) = struct.unpack_from("<L", data, at + 42)
    struct.pack_into("<L", data, at + 42, 0xFFFFFFFF)
    n, m = struct.unpack_from("<HH", data, at + 28)
    assert m == 0
    extra = struct.pack("<HHQ", 1, 8, place)
    struct.pack_into("<H", data, at + 30, len(extra))
    data[at + 46 + n : at + 46 + n] = extra
    end = data.rindex(b"PK\x05\x06")
    (size,) = struct.unpack_from("<L", data, end + 12)
    struct.pack_into("<L", data, end + 12, size + len(extra))
    study = read_bytes(path, bytes(data))
    with pytest.raises(FormatError, match="zip64"):
        add(path, bytes(data), suggestions(study), MACHINE)
