"""Coded passages to learn from and to measure on."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from .errors import CodebookError, FormatError
from .framework import DOMAINS, STUDIES_NAMING, VALENCES, Valence

Floats = npt.NDArray[np.float64]

ALSO = 0.15
"""Share of a passage's label that its second-best domains get together."""


@dataclass(frozen=True, slots=True)
class Item:
    """One coded passage.

    Attributes
    ----------
    id, topic, text, question : str
    domains : tuple of (domain, valence or None)
        Empty for talk outside the framework.
    also : tuple of str
        Domains that another coder could defend.
    """

    id: str
    topic: str
    text: str
    question: str
    domains: tuple[tuple[str, Valence | None], ...]
    also: tuple[str, ...] = ()


def read_items(file: Path) -> list[Item]:
    """Read items, one JSON object a line.

    Raises
    ------
    FormatError
        A line is not such an object; names the line.
    CodebookError
        A domain or valence that does not exist.
    """
    items = []
    # Not splitlines: JSON allows U+2028 and the like inside a string.
    for number, line in enumerate(file.read_bytes().rstrip(b"\n").split(b"\n"), start=1):
        try:
            record = json.loads(line)
            items.append(_item(record))
        except CodebookError as error:
            raise CodebookError(f"{file.name}, line {number}: {error}") from error
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            # Not repr: that of a UnicodeDecodeError quotes the whole line.
            reason = f"not a training item ({type(error).__name__}: {error})."
            raise FormatError(file, reason, place=f"line {number}") from error
    return items


def _item(record: dict[str, Any]) -> Item:
    also = tuple(record.get("also") or ())
    for domain, valence in [*record["domains"].items(), *((one, VALENCES[0]) for one in also)]:
        if domain not in DOMAINS or valence not in VALENCES:
            raise CodebookError(f"{domain!r} as {valence!r} is not in the framework.")
    return Item(
        str(record["id"]),
        str(record["topic"]),
        str(record["text"]),
        str(record.get("question") or ""),
        tuple(record["domains"].items()),
        also,
    )


def item_files(folder: Path) -> list[Path]:
    """List the item files directly in a training folder, sorted."""
    return sorted(folder.glob("*.jsonl"))


def is_unseen(topic: str) -> bool:
    """Whether a topic is kept from fitting, so that confidence can be set on it: one in six.

    It follows from the topic's name alone, so that every run and every benchmark agrees on it and
    a new topic moves no other.
    """
    return int(hashlib.sha256(topic.encode()).hexdigest(), 16) % 6 == 0


def soft_targets(items: Sequence[Item]) -> Floats:
    """Build soft labels, shape (n, 15); the last column is none, each row sums to 1."""
    targets = np.zeros((len(items), len(DOMAINS) + 1))
    for row, item in enumerate(items):
        first = [DOMAINS.index(domain) for domain, _ in item.domains]
        second = [DOMAINS.index(domain) for domain in item.also]
        second = [place for place in second if place not in first]
        share = ALSO if second else 0.0
        if not first:
            targets[row, -1] = 1
            continue
        targets[row, first] = (1 - share) / len(first)
        targets[row, second] = share / max(1, len(second))
    return targets


class Labelled(Protocol):
    """Anything with domains and their directions."""

    @property
    def domains(self) -> tuple[tuple[str, Valence | None], ...]:
        """Pairs of domain and direction."""


def domain_labels(items: Sequence[Labelled]) -> npt.NDArray[np.bool_]:
    """Which domains each passage has, shape (n, 14)."""
    labels = [[domain in dict(item.domains) for domain in DOMAINS] for item in items]
    return np.array(labels, dtype=bool).reshape(len(items), len(DOMAINS))


def valence_labels(items: Sequence[Labelled]) -> npt.NDArray[np.intp]:
    """Place in ``VALENCES`` per domain, shape (n, 14), -1 where none applies or is known."""
    labels = np.full((len(items), len(DOMAINS)), -1, dtype=np.intp)
    for row, item in enumerate(items):
        for domain, valence in item.domains:
            labels[row, DOMAINS.index(domain)] = VALENCES.index(valence) if valence else -1
    return labels


def base_weights(targets: Floats) -> Floats:
    """Weigh items so that domains come as often as they do in studies, half-way.

    The corpus has each domain about as often as any other, so that each is learnt; in interviews
    some are five times as frequent. The weighted share of a domain goes with the square root of
    ``STUDIES_NAMING`` (+ 1.5, so that none is impossible): studies differ, so half-way.

    Parameters
    ----------
    targets : array, shape (n, 15)
        As ``soft_targets`` gives them. The share of none stays what it is.

    Returns
    -------
    array, shape (n,)
        1 on average over coded items.
    """
    wanted = np.sqrt([STUDIES_NAMING[domain] + 1.5 for domain in DOMAINS])
    there = np.maximum(targets[:, :-1].sum(axis=0), 1.0)
    ratios = wanted / there * there.sum() / wanted.sum()
    weights = targets[:, :-1] @ ratios + targets[:, -1]
    return np.asarray(weights, dtype=np.float64)
