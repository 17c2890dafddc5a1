"""Codebooks in REFI-QDA: dialects, hostile files, and what is written is read back."""

import re
import time
from dataclasses import replace
from pathlib import Path
from xml.etree.ElementTree import Element, SubElement

import pytest
from defusedxml.ElementTree import fromstring
from hypothesis import given, settings
from hypothesis import strategies as st

from tdfnlp.codebook import TDF_CODEBOOK, Code
from tdfnlp.coding import Study
from tdfnlp.errors import FormatError, InputError
from tdfnlp.formats import qdc
from tdfnlp.formats import read as read_file

G1, G2 = "6b9a2f10-0c1d-4a57-9e0e-3f2b7c1d0a01", "6B9A2F10-0C1D-4A57-9E0E-3F2B7C1D0A02"


def book(codes: str, *, space: str = qdc.SPACE, origin: str = "NVivo 14", more: str = "") -> str:
    return (
        f'<?xml version="1.0" encoding="utf-8"?><CodeBook xmlns="{space}" origin="{origin}">'
        f"<Codes>{codes}</Codes>{more}</CodeBook>"
    )


def read(xml: str | bytes) -> Study:
    return qdc.read(Path("a.qdc"), xml if isinstance(xml, bytes) else xml.encode())


def paths(study: Study) -> list[tuple[str, ...]]:
    return [code.path for code in study.codes]


def test_nvivo_codebook_through_the_front_door(tmp_path: Path) -> None:
    xml = book(
        f'<Code guid="{{{G1}}}" name="Umwelt &amp; Zeit é" isCodable="false" color="#ff8000">'
        f'<Description/><Code guid="{G2}" name=" Lack of time " isCodable="true">'
        "<Description>\n Says there is\n none. </Description></Code></Code>"
        '<Code guid="no guid" name="Skills" color="red"/>'
    )
    file = tmp_path / "Ward.qdc"
    file.write_bytes(b"\xef\xbb\xbf" + xml.encode())
    study = read_file(file)
    assert study == Study((), codes=(
        Code(("Umwelt & Zeit é",), guid=G1, colour="#FF8000", codable=False),
        Code(("Umwelt & Zeit é", "Lack of time"), definition="Says there is\n none.", guid=G2),
        Code(("Skills",)),
    ))  # fmt: skip


@pytest.mark.parametrize(
    "data",
    [
        book('<Code name="Zoë"/>', space="urn:QDA-XML:project:1.0").encode(),
        book('<Code name="Zoë"/>').replace(f' xmlns="{qdc.SPACE}"', "").encode("utf-16"),
        book('<Code name="Zoë"/>').replace('"utf-8"', '"utf-16"').encode(),  # as .NET writes it
        book('<Code name="Zoë"/>').replace('"utf-8"', '"windows-1252"').encode("cp1252"),
        b'<x:Project xmlns:x="urn:QDA-XML:project:1.0"><x:CodeBook><x:Codes><x:Code name="Zo&#235;"'
        b'/></x:Codes></x:CodeBook></x:Project>',
    ],
    ids=["project namespace", "utf-16, no namespace", "wrong declaration", "cp1252", "project"],
)  # fmt: skip
def test_dialects(data: bytes) -> None:
    assert paths(read(data)) == [("Zoë",)]


def test_flat_names_are_split_only_where_nothing_is_nested() -> None:
    flat = '<Code name="Coke::diet Coke"/><Code name="Tea::" /><Code name="Coke" color="#AABBCC"/>'
    study = read(book(flat + '<Code name="Water::still::tap"/>', origin="ATLAS.ti 8"))
    assert paths(study) == [
        ("Coke",), ("Coke", "diet Coke"), ("Tea::",),
        ("Water",), ("Water", "still"), ("Water", "still", "tap"),
    ]  # fmt: skip
    assert [code.path[-1] for code in study.codes if not code.codable] == ["Water", "still"]
    assert study.codes[0].colour == "#AABBCC"
    assert "split at '::'" in study.notes[0]
    nested = read(book(flat + '<Code name="Water"><Code name="tap"/></Code>'))
    assert paths(nested)[0] == ("Coke::diet Coke",)
    assert not nested.notes


def test_what_is_not_carried_is_said() -> None:
    sets = '<Sets><Set name="A"><MemberCode guid="x"/></Set><Set name="B"/></Sets>'
    study = read(book('<Code><NoteRef targetGUID="x"/></Code>', more=sets))
    assert study.notes == (
        "a.qdc: not carried: 2 sets of codes, 1 notes on codes.",
        "a.qdc: 1 codes have no name; they are called '(no name)'.",
    )
    assert paths(study) == [("(no name)",)]


def nested(depth: int) -> str:
    return '<Code name="a">' * depth + "</Code>" * depth


@pytest.mark.parametrize(
    ("xml", "message"),
    [
        (book(nested(10_000)), "more than 100 deep"),
        (book('<Code name="a"/>' * (qdc.MAX_CODES + 1)), "more than 100000"),
        (book(""), "holds no codes"),
        ("<html/>", "no REFI-QDA codebook"),
        ("<CodeBook><Codes>", "a.qdc.*broken XML"),
        ('<!DOCTYPE a [<!ENTITY b "c">]>' + book("&b;").partition("?>")[2], "document type"),
        (book("").replace("utf-8", "utf-16").replace("?>", "?><!DOCTYPE a>"), "document type"),
        (" " * (qdc.MAX_BYTES + 1), "larger"),
    ],
)
def test_bad_files(xml: str, message: str) -> None:
    began = time.perf_counter()
    with pytest.raises(FormatError, match=message):
        read(xml)
    assert time.perf_counter() - began < 5


def test_deepest_that_is_read() -> None:
    assert len(paths(read(book(nested(qdc.MAX_DEPTH))))[-1]) == qdc.MAX_DEPTH


def test_read_codes_serves_projects_too() -> None:
    codes = Element("{urn:QDA-XML:project:1.0}Codes")
    one = SubElement(codes, "{urn:QDA-XML:project:1.0}Code", name="A")
    SubElement(one, "{urn:other}Code", name="B")
    assert qdc.read_codes(codes) == (Code(("A",)),)


legal = st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"], exclude_characters="￾￿")
words = st.text(legal, min_size=1, max_size=12).map(str.strip).filter(bool)
wild = st.lists(words, min_size=1, max_size=4).map(lambda some: "\r\n\t:: <&>\"'".join(some))
codebooks = st.lists(
    st.tuples(st.integers(0, 4), wild, wild | st.just(""), st.uuids(), st.booleans()),
    min_size=1, max_size=12, unique_by=lambda one: one[3],
)  # fmt: skip


def made(rows: list[tuple[int, str, str, object, bool]]) -> tuple[Code, ...]:
    """Codes outermost first, as deep as each row asks and its predecessor allows."""
    codes: list[Code] = []
    for depth, name, definition, guid, codable in rows:
        above = codes[-1].path[:depth] if codes else ()
        colour = "#0A1B2C" if codable else ""
        codes.append(Code((*above, name), None, definition, None, str(guid), colour, codable))
    return tuple(codes)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(codebooks)
def test_what_is_built_is_read_back(rows: list[tuple[int, str, str, object, bool]]) -> None:
    codes = made(rows)
    if len({code.path for code in codes}) == len(codes):
        study = read(qdc.build(codes))
        assert study == Study((), codes=codes)
    else:  # two of one path: all are there, the children with either
        again = read(qdc.build(codes)).codes
        assert sorted(code.guid for code in again) == sorted(code.guid for code in codes)


def check_by_the_schema(data: bytes) -> None:
    """What the standard's schema demands of a codebook."""
    root = fromstring(data)
    space = f"{{{qdc.SPACE}}}"
    assert root.tag == space + "CodeBook"
    assert [one.tag for one in root] == [space + "Codes"]
    for one in root.iter(space + "Code"):
        assert set(one.attrib) - {"color"} == {"guid", "name", "isCodable"}
        assert re.fullmatch(
            r"[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}", one.attrib["guid"]
        )
        assert one.attrib["isCodable"] in ("true", "false")
        assert [child.tag for child in one] == sorted(
            (child.tag for child in one), key=[space + "Description", space + "Code"].index
        )
        assert sum(child.tag == space + "Description" for child in one) <= 1


def test_guids_are_kept_or_made_of_the_path() -> None:
    codes = (
        Code(("A", "b"), guid=G1), Code(("A/b",)), Code(("C",), guid=G1.upper()),
        Code(("D",), guid="x"), Code(("D",), colour="green"),
    )  # fmt: skip
    data = qdc.build(codes)
    check_by_the_schema(data)
    assert data == qdc.build(codes)
    read_back = read(data).codes
    assert [code.path for code in read_back] == [
        ("A",),
        ("A", "b"),
        ("A/b",),
        ("C",),
        ("D",),
        ("D",),
    ]
    assert not read_back[0].codable
    assert read_back[1].guid == G1
    assert len({code.guid.lower() for code in read_back}) == 6
    assert all(code.guid for code in read_back)


def test_the_framework_itself_and_characters_without_xml() -> None:
    data = qdc.build(TDF_CODEBOOK.codes)
    check_by_the_schema(data)
    plain = tuple(replace(code, domain=None) for code in TDF_CODEBOOK.codes)
    assert tuple(replace(code, guid="") for code in read(data).codes) == plain
    assert paths(read(qdc.build([Code(("a\x00\ud800b",))]))) == [("a��b",)]


@pytest.mark.parametrize("codes", [[], [Code(())], [Code(("A", ""))]])
def test_nothing_to_build(codes: list[Code]) -> None:
    with pytest.raises(InputError, match="at least one code"):
        qdc.build(codes)


def test_nothing_is_built_that_could_not_be_read() -> None:
    deepest = Code(tuple(f"c{nth}" for nth in range(qdc.MAX_DEPTH)))
    assert paths(read(qdc.build([deepest])))[-1] == deepest.path
    with pytest.raises(InputError, match="more than 100 deep"):
        qdc.build([Code((*deepest.path, "d"))])
