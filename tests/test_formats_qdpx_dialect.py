import random
import re
from pathlib import Path

import numpy as np
import pytest
from refi import STYLES, Maker, Style, guid, quotes, units

from tdfnlp.errors import FormatError
from tdfnlp.formats import dialect, read

PLAIN = STYLES["qualcoder"]


def sentences(style: Style, count: int, marked: int) -> Maker:
    """A long text with emoji and line ends, and selections of whole sentences late in it."""
    words = "we never know who decides about the forms on our ward and nobody tells me".split()
    rng = random.Random(count)
    said = [" ".join(rng.sample(words, 7)).capitalize() + "." for _ in range(count)]
    smile = " \U0001f600"
    text = "".join(f"P1: {one}{smile * (nth % 3 == 0)}\n" for nth, one in enumerate(said))
    make = Maker(style, codes=f"<Code guid='{guid('c')}' name='c' isCodable='true'/>")
    make.users = f"<User guid='{guid('Ann')}' name='Ann'/>"
    chosen = said[-marked:] if marked else []
    make.text(
        "P1",
        text,
        "".join(make.selection(text, one, make.coding(one, "c")) for one in chosen),
    )
    return make


@pytest.mark.parametrize("one", dialect.ALL, ids=str)
@pytest.mark.parametrize("origin", ["Nobody knows 1", "NVivo for Windows 14"])
def test_enough_selections_tell_every_dialect(
    tmp_path: Path, one: dialect.Dialect, origin: str
) -> None:
    style = Style(origin, one.utf16, one.crlf, "\r\n", True, one.bom)
    study = read(sentences(style, 60, 25).write(tmp_path / "a.qdpx"))
    assert len(study.codings) == 25
    assert all(re.fullmatch(r"[A-Z][a-z ]+\.", quote) for quote, _ in quotes(study))


@pytest.mark.parametrize(("marked", "origin"), [(0, "Nobody 1"), (1, "NVivo 14"), (0, "NVivo 14")])
def test_the_program_decides_where_selections_cannot(
    tmp_path: Path, marked: int, origin: str
) -> None:
    utf16 = origin.startswith("NVivo")
    study = read(sentences(Style(origin, utf16), 9, marked).write(tmp_path / "a.qdpx"))
    assert len(study.codings) == marked
    assert all(quote.endswith(".") for quote, _ in quotes(study))


def test_refused_where_two_ways_of_counting_fit(tmp_path: Path) -> None:
    path = sentences(Style("Nobody 1", True), 6, 1).write(tmp_path / "a.qdpx")
    with pytest.raises(FormatError, match=r"cannot be told.*code points, CRLF 2: \d+%; UTF-16"):
        read(path)


def test_refused_where_the_texts_are_not_those_that_were_coded(tmp_path: Path) -> None:
    make = sentences(PLAIN, 60, 25)
    name, data = make.members.popitem()
    make.members[name] = data.replace(b"P1: ", b"Participant: ").replace(b"\xf0\x9f\x98\x80", b"e")
    with pytest.raises(FormatError, match="cannot be told"):
        read(make.write(tmp_path / "a.qdpx"))


def test_ruler_against_counting_by_hand() -> None:
    rng = random.Random(1)
    for _ in range(60):
        text = "".join(rng.choices(["a", " ", "\U0001f600", "\r\n", "\r", "\n"], k=20))
        for one in dialect.ALL:
            style = Style("", one.utf16, one.crlf, bom=True, counts_bom=one.bom)
            ruler = dialect.Ruler(text, marked=True)
            every = np.arange(len(text) + 1)
            by_hand = [units(text, at, style) for at in range(len(text) + 1)]
            assert ruler.units(every, one).tolist() == by_hand
            asked = np.arange(-2, 2 * len(text))
            found = [by_hand.index(at) if at in by_hand else -1 for at in asked.tolist()]
            assert ruler.points(asked, one).tolist() == found
