"""What the page sends, checked field by field. No name, code or number is taken on trust."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

from starlette.exceptions import HTTPException
from starlette.requests import Request

from ..codebook import Code
from ..coding import DECISIONS
from ..errors import InputError
from ..framework import DOMAINS, VALENCES, Valence
from ..queue import Only
from ..store import Given, Label

LIMIT = 64 * 1024
"""Longest request, in bytes."""
NOTE = 4000
CHANGES = ("keep", "name", "merge", "split", "move", "undo")
_TOKEN = re.compile(r"[A-Za-z0-9-]{16,64}", re.ASCII)
_LARGEST = 2**53

Body = dict[str, object]


async def read_json(request: Request) -> Body:
    """Read a request's JSON object, never more of it than allowed."""
    data = bytearray()
    async for part in request.stream():
        data += part
        if len(data) > LIMIT:
            raise HTTPException(413, f"The request is longer than {LIMIT} bytes.")
    try:
        body = json.loads(bytes(data))
    except (ValueError, RecursionError) as error:
        raise InputError("The request is not JSON, or is damaged.") from error
    if not isinstance(body, dict):
        raise InputError("The request must be a JSON object.")
    return body


def text_of(body: Body, name: str, limit: int = 500) -> str:
    """Give a text field, "" where it is not there."""
    value = body.get(name) or ""
    if not isinstance(value, str) or len(value) > limit:
        raise InputError(f"{name!r} must be text of at most {limit} characters.")
    if "\0" in value or (not value.isascii() and _is_broken(value)):
        raise InputError(f"{name!r} holds characters that cannot be stored.")
    return value


def token_of(body: Body) -> str:
    """Give the key by which a repeated request is known."""
    token = text_of(body, "token")
    if not _TOKEN.fullmatch(token):
        raise InputError("An answer needs a token: 16 to 64 letters, digits and hyphens.")
    return token


def number_of(body: Body, name: str) -> int:
    """Give a field that is a number of the study file."""
    value = body.get(name)
    if type(value) is not int or not 0 < value < _LARGEST:
        raise InputError(f"{name!r} must be a number.")
    return value


def domain_of(body: Body) -> str | None:
    """Give a domain of the framework, None where none is named."""
    domain = text_of(body, "domain") or None
    if domain not in (None, *DOMAINS):
        raise InputError("The framework has no domain of that name.")
    return domain


@dataclass(frozen=True, slots=True)
class Change:
    """What a coder wants to do to themes.

    Attributes
    ----------
    kind : {"keep", "name", "merge", "split", "move", "undo"}
    theme, into : str
        Keys of themes: which one is changed, and where passages go; "" where there is none.
    members : tuple of int
        Numbers of utterances.
    name, token : str
    """

    kind: str
    theme: str
    into: str
    members: tuple[int, ...]
    name: str
    token: str


def change_of(body: Body) -> Change:
    """Give what the page wants to do to themes."""
    kind = text_of(body, "kind")
    if kind not in CHANGES:
        raise InputError(f"A change of themes is one of {', '.join(CHANGES)}.")
    members = body.get("members") or []
    if not isinstance(members, list):
        raise InputError("'members' must be a list of numbers.")
    return Change(
        kind,
        text_of(body, "theme"),
        text_of(body, "into"),
        tuple(number_of({"members": one}, "members") for one in members),
        text_of(body, "name"),
        token_of(body),
    )


def only_of(body: Body) -> Only:
    """Give which passages the coder wants to see."""
    only: Only = {
        "transcript": text_of(body, "transcript") or None,
        "group": text_of(body, "group") or None,
        "domain": domain_of(body),
        "decision": text_of(body, "decision") or None,
    }
    if only["decision"] not in (None, *DECISIONS):
        raise InputError(f"A decision is one of {', '.join(DECISIONS)}.")
    return only


def given_of(body: Body, codes: Mapping[tuple[str, ...], Code]) -> Given:
    """Give the answer that the page sends.

    Raises
    ------
    InputError
        A code that the study lacks, two directions for one domain, or a field of the wrong kind.
    """
    skip, adjudicates = body.get("skip", False), body.get("adjudicates", False)
    if not isinstance(skip, bool) or not isinstance(adjudicates, bool):
        raise InputError("'skip' and 'adjudicates' must be true or false.")
    labels = _labels(body.get("labels", []), codes)
    if skip and labels:
        raise InputError("A skipped passage has no codes.")
    return Given(
        utterance=number_of(body, "utterance"),
        labels=labels,
        skip=skip,
        note=text_of(body, "note", NOTE).strip(),
        token=token_of(body),
        run=None if body.get("run") is None else number_of(body, "run"),
        how="adjudication" if adjudicates else "page",
    )


def _labels(value: object, codes: Mapping[tuple[str, ...], Code]) -> tuple[Label, ...]:
    if not isinstance(value, list):
        raise InputError("'labels' must be a list.")
    labels = [_label(one, codes) for one in value]
    if len({one.code for one in labels}) < len(labels):
        raise InputError("A code stands twice in the answer.")
    directions = {(one.domain, one.valence) for one in labels if one.domain}
    if len(directions) > len({domain for domain, _ in directions}):
        raise InputError("A domain has one direction in an answer; use 'mixed' for both.")
    return tuple(labels)


def _label(value: object, codes: Mapping[tuple[str, ...], Code]) -> Label:
    if not isinstance(value, dict) or not isinstance(value.get("code"), list):
        raise InputError("A label needs a code: a list of names.")
    path = value["code"]
    code = codes.get(tuple(path)) if all(isinstance(one, str) for one in path) else None
    if code is None or not code.codable:
        raise InputError("The study's codebook has no such code.")
    valence = value.get("valence")
    if valence not in (None, *VALENCES):
        raise InputError(f"A direction is one of {', '.join(VALENCES)}.")
    return Label(code.path, code.domain, cast("Valence | None", valence))


def _is_broken(value: str) -> bool:
    return any("\ud800" <= one <= "\udfff" for one in value)
