"""A study's own codes tied to the domains of the framework.

What a code is called decides, then what it lies in. A name that could stand for several domains
ties to none: a wrong tie would teach a model wrong, a missing one only costs a line in the mapping
file, and the note names the candidates.
"""

import csv
import io
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest
from pathlib import Path
from typing import TypeAlias

from .codebook import Code, Codebook
from .coding import Study
from .errors import CodebookError
from .framework import DOMAINS, VALENCES, Valence
from .spelling import Meaning, meaning, suggestion

NONE = "none"
_Order: TypeAlias = tuple[str | None, Valence | None]
_JOIN = " > "
_STATED = re.compile(r"\s{0,9}sep=([,;\t|])[ \t]*(?:\r\n|\r|\n)", re.IGNORECASE)
_MAX_BYTES = 10 * 2**20
_NAMED = 10  # codes that one note names


@dataclass(frozen=True, slots=True)
class Tied:
    """A codebook whose codes know their domain.

    Attributes
    ----------
    codebook : Codebook
        All codes in their order, with domain and valence where they have one.
    unmapped : tuple of Code
        Those that can be applied and have neither a domain nor the statement that they have none.
    notes : tuple of str
        What was ambiguous, with the candidates, and what of the mapping was not used.
    """

    codebook: Codebook
    unmapped: tuple[Code, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Tie:
    """What is known of one code; ``settled`` without a domain means outside the framework."""

    settled: bool = False
    domain: str | None = None
    valence: Valence | None = None
    candidates: tuple[str, ...] = ()


def tie(codes: Sequence[Code], mapping: Mapping[str, str] | None = None) -> Tied:
    """Give each code its domain and its valence.

    Parameters
    ----------
    codes : sequence of Code
        A study's codes. A domain or valence that one already has is kept, unless mapped.
    mapping : mapping of str to str, optional
        From a code (its path joined by " > ", or its name) to a domain, ``"none"``, or either with
        a valence: ``"Skills | barrier"``. It goes first; then come the code's own name, the
        nearest code above it that has a domain, and a component of COM-B with one domain only.

    Returns
    -------
    Tied
        As many codes as were given, in their order.

    Raises
    ------
    CodebookError
        The mapping names something that is no domain or no valence, or one code in two spellings
        with two domains.

    Examples
    --------
    >>> tied = tie([Code(("ECR (barriers)",)), Code(("ECR (barriers)", "No time"))])
    >>> [(code.domain, code.valence) for code in tied.codebook.codes][1]
    ('Environmental context and resources', 'barrier')
    """
    rows = ((f"of {key!r}", key, value) for key, value in (mapping or {}).items())
    orders = {key: order for key, (_, _, order) in _orders(rows).items()}
    ties: dict[tuple[str, ...], _Tie] = {}
    for code in sorted(_with_folders(codes), key=lambda one: len(one.path)):
        ties.setdefault(code.path, _tied(code, ties, orders))
    made = tuple(
        replace(code, domain=ties[code.path].domain, valence=ties[code.path].valence)
        for code in codes
    )
    unmapped = tuple(code for code in made if code.codable and not ties[code.path].settled)
    unused = set(orders) - {key for code in codes for key in _keys(code)}
    names = [key for key in mapping or {} if _key(key) in unused]
    notes = [*_notes(unmapped, ties)]
    if names:
        notes.append(f"The mapping names codes that the study does not have: {_some(names)}.")
    return Tied(Codebook(made), unmapped, tuple(notes))


def apply(study: Study, tied: Tied) -> Study:
    """Bring a codebook's ties into a study.

    Parameters
    ----------
    study : Study
        Its codings are looked up by the path of their code.
    tied : Tied
        From ``tie``.

    Returns
    -------
    Study
        With the tied codes, and with the valence of its code in each coding that had none.
    """
    valences = {code.path: code.valence for code in tied.codebook.codes}
    codings = tuple(
        replace(one, valence=one.valence or valences.get(one.code)) for one in study.codings
    )
    return replace(study, codings=codings, codes=tied.codebook.codes)


def read_mapping(path: Path) -> dict[str, str]:
    """Read a mapping for ``tie`` from a small file.

    Parameters
    ----------
    path : Path
        A .csv with the columns code, domain and, if wanted, valence; or a .json object of code to
        domain. In UTF-8, or in UTF-16 with a byte order mark.

    Returns
    -------
    dict of str to str
        Code to ``"Domain"``, ``"none"``, ``"Domain | valence"`` or ``"none | valence"``.

    Raises
    ------
    CodebookError
        The file cannot be read or names what is no domain; says the line and the nearest domain.
    """
    if path.suffix.lower() not in (".csv", ".json"):
        raise CodebookError(f"{path.name}: a mapping ends in .csv or .json.")
    try:
        if path.stat().st_size > _MAX_BYTES:
            raise CodebookError(f"{path.name}: too large for a mapping.")
        data = path.read_bytes()
        marked = data.startswith((b"\xff\xfe", b"\xfe\xff"))  # Excel's "Unicode text"
        text = data.decode("utf-16" if marked else "utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise CodebookError(f"{path.name}: cannot be read as UTF-8 text.") from error
    rows = _json_rows(path, text) if path.suffix.lower() == ".json" else _csv_rows(path, text)
    found = _orders((f"in {path.name}, {place}", code, value) for place, code, value in rows)
    return {name: _value(*order) for name, _, order in found.values()}


def _orders(rows: Iterable[tuple[str, str, str]]) -> dict[str, tuple[str, str, _Order]]:
    """Read rows; a name is looked up without regard to capitals and spaces."""
    orders: dict[str, tuple[str, str, _Order]] = {}
    for where, name, value in rows:
        new = (name.strip(), where, _order(value, where))
        known = orders.setdefault(_key(name), new)
        if known[2] != new[2]:
            what = f"{known[0]!r} ({known[1]}) and {new[0]!r} ({where})"
            raise CodebookError(f"{what} are one code and mapped differently.")
    return orders


def _value(domain: str | None, valence: Valence | None) -> str:
    return (domain or NONE) + (f" | {valence}" if valence else "")


def _json_rows(path: Path, text: str) -> Iterator[tuple[str, str, str]]:
    try:
        content = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise CodebookError(f"{path.name}: is no well-formed JSON.") from error
    if not isinstance(content, dict) or not all(isinstance(one, str) for one in content.values()):
        raise CodebookError(f'{path.name}: must be an object like {{"My code": "Knowledge"}}.')
    for code, value in content.items():
        yield f"code {code!r}", code, value


def _csv_rows(path: Path, text: str) -> Iterator[tuple[str, str, str]]:
    stated = _STATED.match(text)  # Excel's own way to say the delimiter
    first = text.partition("\n")[0]
    delimiter = stated[1] if stated else max(",;\t", key=first.count)
    table = io.StringIO(text[stated.end() :] if stated else text, newline="")
    reader = csv.reader(table, delimiter=delimiter, strict=True)
    try:
        lines = [(reader.line_num + bool(stated), list(map(str.strip, row))) for row in reader]
    except csv.Error as error:
        place = f"line {reader.line_num + bool(stated)}"
        raise CodebookError(f"{path.name}, {place}: is no table.") from error
    lines = [(line, row) for line, row in lines if any(row)]
    head = _head(path, lines[0][1]) if lines else []
    for line, row in lines[1:]:
        named = dict(zip_longest(head, row[: len(head)], fillvalue=""))
        valence = named.get("valence", "")
        yield f"line {line}", named["code"], named["domain"] + (f" | {valence}" if valence else "")


def _head(path: Path, row: Sequence[str]) -> list[str]:
    head = [cell.casefold() for cell in row]
    if "code" not in head or "domain" not in head:
        raise CodebookError(
            f"{path.name}: the first line must name the columns code and domain "
            "(and valence, if wanted)."
        )
    return head


def _order(value: str, where: str) -> _Order:
    """Read the right side of a mapping."""
    name, _, word = (part.strip() for part in value.partition("|"))
    valence = next((one for one in VALENCES if one == word.casefold()), None)
    if word and valence is None:
        raise CodebookError(f"{word!r} {where} is no valence: use {', '.join(VALENCES)}.")
    if not name:
        raise CodebookError(f"The domain {where} is empty: write {NONE!r} for a code without one.")
    found = meaning(name)
    known = found.outside or found.domain is not None
    if not known or found.valence is not None:
        near = suggestion(name) or "one of " + ", ".join(DOMAINS)
        raise CodebookError(f"{name!r} {where} is no TDF domain. Nearest: {near}; or {NONE!r}.")
    return found.domain, valence


def _key(text: str) -> str:
    return _JOIN.join(" ".join(part.split()).casefold() for part in text.split(">"))


def _keys(code: Code) -> tuple[str, str]:
    return _key(_JOIN.join(code.path)), _key(code.path[-1]) if code.path else ""


def _tied(
    code: Code,
    ties: Mapping[tuple[str, ...], _Tie],
    orders: Mapping[str, _Order],
) -> _Tie:
    order = next((orders[key] for key in _keys(code) if key in orders), None)
    above = next((ties[at] for at in _above(code.path) if at in ties), _Tie())
    said = meaning(code.path[-1] if code.path else "", code.path[-2] if code.path[1:] else "")
    valence = (order[1] if order else None) or code.valence
    if valence is None:
        valence = said.valence if said.directed else above.valence
    if order:
        return _Tie(True, order[0], valence)
    if code.domain is not None:
        return _Tie(True, code.domain, valence)
    return _by_name(said, above, valence)


def _by_name(said: Meaning, above: _Tie, valence: Valence | None) -> _Tie:
    if said.domain is not None:
        return _Tie(True, said.domain, valence)
    if above.settled:  # also for "Other": what it lies in says which
        return _Tie(True, above.domain, valence)
    if said.outside:
        return _Tie(True, None, valence)
    if said.component is not None:
        return _Tie(True, said.component, valence)
    return _Tie(False, None, valence, said.candidates or above.candidates)


def _with_folders(codes: Sequence[Code]) -> Iterator[Code]:
    """Add the codes above that no code stands for: their names say as much."""
    yield from codes
    yield from map(Code, {above for code in codes for above in _above(code.path)})


def _above(path: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    return (path[:depth] for depth in range(len(path) - 1, 0, -1))


def _notes(unmapped: Iterable[Code], ties: Mapping[tuple[str, ...], _Tie]) -> Iterator[str]:
    """One sentence for each set of candidates."""
    groups: dict[tuple[str, ...], list[str]] = {}
    for code in unmapped:
        near = suggestion(code.path[-1] if code.path else "")
        candidates = ties[code.path].candidates or ((near,) if near else ())
        if candidates:
            groups.setdefault(candidates, []).append(_JOIN.join(code.path))
    for candidates, names in groups.items():
        choice = " or ".join(candidates)
        yield f"Not tied, say in the mapping whether {choice} is meant: {_some(names)}."


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(repr(name) for name in names[:_NAMED]) + more
