"""Files are written whole or not at all."""

import errno
import stat
from pathlib import Path

import pytest

from tdfnlp.errors import OutputError, TdfnlpError
from tdfnlp.files import replacing


def test_a_file_appears_whole_and_alone(tmp_path: Path) -> None:
    path = tmp_path / "result.csv"
    with replacing(path) as part:
        part.write_text("half")
        assert not path.exists()
        assert part.parent == path.parent
        assert part.suffix == ".csv"
        part.write_text("whole")
    assert path.read_text() == "whole"
    assert list(tmp_path.iterdir()) == [path]


def test_an_older_file_is_replaced_and_stays_until_the_end(tmp_path: Path) -> None:
    path = tmp_path / "result.csv"
    path.write_text("old")
    with replacing(path) as part:
        part.write_text("new")
        assert path.read_text() == "old"
    assert path.read_text() == "new"
    assert stat.S_IMODE(path.stat().st_mode) & 0o600 == 0o600


@pytest.mark.parametrize("error", [ValueError("no"), KeyboardInterrupt(), TdfnlpError("no")])
@pytest.mark.parametrize("there", [True, False])
def test_an_exception_leaves_everything_as_it_was(
    tmp_path: Path, error: BaseException, there: bool
) -> None:
    path = tmp_path / "result.csv"
    if there:
        path.write_text("old")
    with pytest.raises(type(error)) as caught, replacing(path) as part:
        part.write_text("half")
        raise error
    assert caught.value is error
    assert [file.read_text() for file in tmp_path.iterdir()] == ["old"] * there


def test_a_full_disk_is_an_output_error_that_names_the_file(tmp_path: Path) -> None:
    path = tmp_path / "result.csv"
    full = OSError(errno.ENOSPC, "No space left on device")
    with pytest.raises(OutputError, match=r"result\.csv .*No space left") as caught:
        with replacing(path) as part:
            part.write_text("half")
            raise full
    assert caught.value.__cause__ is full
    assert list(tmp_path.iterdir()) == []


def test_missing_folders_are_made(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b" / "result.csv"
    with replacing(path) as part:
        part.write_text("whole")
    assert path.read_text() == "whole"


def test_a_folder_in_the_place_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / "result.csv"
    (path / "inside").mkdir(parents=True)
    with pytest.raises(OutputError, match=r"result\.csv"), replacing(path) as part:
        part.write_text("whole")
    assert list(tmp_path.iterdir()) == [path]
    assert (path / "inside").is_dir()


def test_a_file_in_the_place_of_the_folder(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("a file")
    with pytest.raises(OutputError, match=r"result\.csv"), replacing(tmp_path / "a" / "result.csv"):
        pytest.fail("the block must not run")
    assert (tmp_path / "a").read_text() == "a file"


def test_a_name_without_suffix(tmp_path: Path) -> None:
    with replacing(tmp_path / "result") as part:
        part.write_text("whole")
    assert (tmp_path / "result").read_text() == "whole"
