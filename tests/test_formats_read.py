import zipfile
from pathlib import Path

import pytest
from files import edit_zip, write_docx, write_text, write_xlsx

from tdfnlp.errors import FormatError, InputError
from tdfnlp.formats import SUFFIXES, archive, content, find, read

TALK = "Interviewer: How did it go?\nP1: It went well."


def test_a_file_is_read_by_its_suffix_whatever_its_case(tmp_path: Path) -> None:
    study = read(write_text(tmp_path / "N04.TXT", TALK))
    assert [one.id for one in study.transcripts] == ["N04"]
    assert study.transcripts[0].source == str(tmp_path / "N04.TXT")


def test_group_fills_only_what_the_file_leaves_open(tmp_path: Path) -> None:
    plain = read(write_text(tmp_path / "a.txt", TALK), group="nurses")
    named = read(write_text(tmp_path / "b.txt", "Group: GPs\n\n" + TALK), group="nurses")
    assert plain.transcripts[0].group == "nurses"
    assert named.transcripts[0].group == "GPs"


def test_missing_file_and_folder(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match=r"gone\.txt: does not exist"):
        read(tmp_path / "gone.txt")
    (tmp_path / "folder.txt").mkdir()
    with pytest.raises(FormatError, match="is a folder"):
        read(tmp_path / "folder.txt")


def test_unknown_suffix_names_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match=r"'\.mp3' cannot be read.*\.docx"):
        read(write_text(tmp_path / "a.mp3", "sound"))


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_empty_file(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a{suffix}"
    path.write_bytes(b"")
    with pytest.raises(FormatError, match="is empty"):
        read(path)


@pytest.mark.parametrize("suffix", [".txt", ".md"])
def test_white_space_only(tmp_path: Path, suffix: str) -> None:
    with pytest.raises(FormatError, match="holds no text"):
        read(write_text(tmp_path / f"a{suffix}", " \n\n\t\n"))


def test_too_large(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(content, "MAX_BYTES", 10)
    with pytest.raises(FormatError, match="Split it"):
        read(write_text(tmp_path / "a.txt", TALK))


OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 500


@pytest.mark.parametrize(
    ("name", "data", "says"),
    [
        ("a.docx", OLE, "encrypted or an old .doc"),
        ("a.docx", b"just words", "holding plain text"),
        ("a.docx", b"<!DOCTYPE html><p>x", "web page"),
        ("a.docx", b"{\\rtf1 x}", "Rich Text"),
        ("a.docx", b"%PDF-1.7", "PDF"),
        ("a.xlsx", OLE, "password-protected"),
        ("a.txt", b"PK\x03\x04rest", "zip archive"),
        ("a.txt", b"%PDF-1.7 x", "PDF"),
        ("a.txt", b"{\\rtf1 x}", "Rich Text"),
        ("a.txt", b"\xef\xbb\xbf <HTML><body>", "web page"),
        ("a.csv", OLE, "old Office"),
        ("a.txt", b"abc\0\0\x01def", "neither text"),
        ("a.vtt", bytes(range(1, 32)) * 9, "neither text"),
        ("a.html", b"PK\x03\x04rest", "zip archive"),
    ],
)
def test_mislabelled(tmp_path: Path, name: str, data: bytes, says: str) -> None:
    path = tmp_path / name
    path.write_bytes(data)
    with pytest.raises(FormatError, match=says):
        read(path)


def test_truncated_zip(tmp_path: Path) -> None:
    path = write_docx(tmp_path / "a.docx", ["P1: hello", "P1: again"])
    path.write_bytes(path.read_bytes()[:-300])
    with pytest.raises(FormatError, match="damaged or cut short"):
        read(path)


def test_damaged_part(tmp_path: Path) -> None:
    path = write_docx(tmp_path / "a.docx", ["P1: hello"])
    with zipfile.ZipFile(path) as whole:
        info = whole.getinfo("word/document.xml")
    data = bytearray(path.read_bytes())
    at = info.header_offset + 30 + len(info.filename) + 40
    data[at : at + 8] = b"\xff" * 8
    path.write_bytes(bytes(data))
    with pytest.raises(FormatError, match=r"word/document\.xml.*damaged"):
        read(path)


def test_another_zip_is_no_word_document(tmp_path: Path) -> None:
    path = write_xlsx(tmp_path / "a.xlsx", {"S": [["text"], ["hello"]]})
    path = path.rename(tmp_path / "a.docx")
    with pytest.raises(FormatError, match="no Word document"):
        read(path)
    word = write_docx(tmp_path / "b.docx", ["hello"]).rename(tmp_path / "b.xlsx")
    with pytest.raises(FormatError, match="no workbook"):
        read(word)


def test_encrypted_member(tmp_path: Path) -> None:
    path = write_docx(tmp_path / "a.docx", ["P1: hello"])
    data = bytearray(path.read_bytes())
    at = data.find(b"PK\x01\x02")
    data[at + 8] |= 1
    path.write_bytes(bytes(data))
    with pytest.raises(FormatError, match="is encrypted"):
        read(path)


def test_zip_bomb(tmp_path: Path) -> None:
    path = write_docx(tmp_path / "a.docx", ["P1: hello"])
    edit_zip(path, "word/document.xml", lambda _: b" " * (archive.SMALL + 1))
    with pytest.raises(FormatError, match="unsafe size"):
        read(path)


def test_a_method_that_office_never_uses(tmp_path: Path) -> None:
    path = tmp_path / "a.docx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_BZIP2) as whole:
        whole.writestr("word/document.xml", "<x/>")
    with pytest.raises(FormatError, match="Office never uses"):
        read(path)


def test_a_file_that_may_not_be_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: Path) -> bytes:
        raise PermissionError(13, "Permission denied", path)

    monkeypatch.setattr(Path, "read_bytes", refuse)
    with pytest.raises(FormatError, match=r"cannot be opened \(Permission denied\)"):
        read(write_text(tmp_path / "a.txt", TALK))


def test_too_many_members(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "MAX_MEMBERS", 3)
    with pytest.raises(FormatError, match="more than a document can hold"):
        read(write_docx(tmp_path / "a.docx", ["P1: hello"]))


def test_no_message_quotes_the_transcript(tmp_path: Path) -> None:
    flower = "sunflower"
    cases = [
        write_text(tmp_path / "a.csv", f"colour,{flower * 9}\nred,blue"),
        write_text(tmp_path / "b.vtt", f"P1: {flower}"),
        write_text(tmp_path / "c.srt", f"1\n{flower} --> x\n{flower}"),
        write_text(tmp_path / "d.docx", flower),
    ]
    for path in cases:
        with pytest.raises(FormatError) as caught:
            read(path)
        assert flower not in str(caught.value)


def test_find_expands_folders_in_order_and_names_groups(tmp_path: Path) -> None:
    for name in (
        "b.txt", "a.docx", ".hidden.txt", "~$a.docx", "notes.xyz",
        "nurses/n2.txt", "nurses/2023/n1.vtt", ".git/x.txt",
    ):  # fmt: skip
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")
    found = [(path.relative_to(tmp_path).as_posix(), group) for path, group in find([tmp_path])]
    assert found == [
        ("a.docx", None),
        ("b.txt", None),
        ("nurses/2023/n1.vtt", "nurses"),
        ("nurses/n2.txt", "nurses"),
    ]
    odd = tmp_path / "notes.xyz"
    assert find([odd, tmp_path / "b.txt", odd]) == [(odd, None), (tmp_path / "b.txt", None)]


def test_find_in_a_folder_with_nothing_to_read(tmp_path: Path) -> None:
    (tmp_path / "photo.jpg").write_bytes(b"x")
    with pytest.raises(InputError, match=r"nothing that can be read.*\.docx"):
        find([tmp_path])
