from pathlib import Path

import pytest
from files import write_xlsx

from tdfnlp.errors import FormatError
from tdfnlp.formats import read
from tdfnlp.formats.matrix import Cell, read_matrix

ROWS: list[list[object]] = [
    [None, "A : Nurses", "B : Ward\\N05"],
    ["1 : Knowledge", 3, 0],
    ["2 : Time: too little", None, 2.0],
    ["3 : Never", None, None],
]


def test_a_matrix_of_counts(tmp_path: Path) -> None:
    first: list[list[object]] = [["made by"]]
    path = write_xlsx(tmp_path / "m.xlsx", {"Info": first, "Sheet1": ROWS})
    assert read_matrix(path, path.read_bytes()) == (
        Cell("Knowledge", "Nurses", 3), Cell("Knowledge", "Ward\\N05", 0),
        Cell("Time: too little", "Nurses", 0), Cell("Time: too little", "Ward\\N05", 2),
        Cell("Never", "Nurses", 0), Cell("Never", "Ward\\N05", 0),
    )  # fmt: skip
    with pytest.raises(FormatError, match=r"matrix of counts.*read_matrix"):
        read(path)


def test_what_is_no_matrix_of_counts(tmp_path: Path) -> None:
    path = write_xlsx(tmp_path / "m.xlsx", {"S": [["speaker", "text"], ["P1", "So."]]})
    with pytest.raises(FormatError, match="holds no matrix"):
        read_matrix(path, path.read_bytes())
    write_xlsx(path, {"S": [*ROWS[:2], ["2 : Time", "a summary"]]})
    with pytest.raises(FormatError, match=r"row 3.*no count") as caught:
        read_matrix(path, path.read_bytes())
    assert "summary" not in str(caught.value).partition("count")[0]
