"""What holds of each utterance once all coders are heard.

The last adjudication decides. Otherwise coders who agree on the domains decide; where they do not,
the utterance is open until somebody adjudicates, and nothing is learnt from it or reported of it.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from .framework import Valence
from .store import Answer, Label


@dataclass(frozen=True, slots=True)
class Verdicts:
    """Answers of a study, settled.

    Attributes
    ----------
    confirmed : dict
        Utterance number to its labels, () where no code applies.
    coders : dict
        Utterance number to the coders behind it, the adjudicator alone where there was one.
    open : tuple of int
        Utterances on which coders differ.
    """

    confirmed: dict[int, tuple[Label, ...]]
    coders: dict[int, tuple[str, ...]]
    open: tuple[int, ...]


def settle(answers: Iterable[Answer]) -> Verdicts:
    """Settle what holds now (``Store.answers()``); skipped ones say nothing.

    Of coders who agree on the domains, codes are joined. The direction of a domain on which they
    differ is none, whatever its codes: mixed is what one coder sees in a passage, not what two
    make of it between them. Codes outside the framework need no agreement.
    """
    heard: dict[int, list[Answer]] = defaultdict(list)
    for one in answers:
        if one.verdict not in ("skip", "undo"):
            heard[one.utterance].append(one)
    confirmed: dict[int, tuple[Label, ...]] = {}
    coders: dict[int, tuple[str, ...]] = {}
    differing = []
    for number, given in sorted(heard.items()):
        final = [one for one in given if one.how == "adjudication"][-1:]
        deciding = final or given
        if len({frozenset(label.domain for label in one.labels) - {None} for one in deciding}) > 1:
            differing.append(number)
            continue
        confirmed[number] = _joined(deciding)
        coders[number] = tuple(one.coder for one in deciding)
    return Verdicts(confirmed, coders, tuple(differing))


def _joined(deciding: Iterable[Answer]) -> tuple[Label, ...]:
    given: dict[tuple[tuple[str, ...], str | None], set[Valence]] = defaultdict(set)
    views: dict[object, set[Valence]] = defaultdict(set)  # of a domain, what each coder made of it
    for one in deciding:
        own: dict[object, list[Valence | None]] = defaultdict(list)
        for label in one.labels:
            given[label.code, label.domain] |= {label.valence} if label.valence else set()
            own[label.domain or label.code].append(label.valence)
        for about, valences in own.items():
            views[about] |= {view} if (view := direction(valences)) else set()
    return tuple(
        Label(code, domain, direction(found) if len(views[domain or code]) < 2 else None)
        for (code, domain), found in given.items()
    )


def direction(given: Iterable[Valence | None]) -> Valence | None:
    """Join the directions that one coder gave: barrier and facilitator together are mixed."""
    found = {one for one in given if one is not None}
    if len(found) <= 1:
        return next(iter(found), None)
    sides = found - {"neutral"}
    return sides.pop() if len(sides) == 1 else "mixed"
