"""Whether more answers still change something. Figures and sentences; people decide."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..consensus import settle
from ..framework import DOMAINS
from ..reliability import kappa_of, wilson_interval
from ..store import Answer, Pool, Run, Store
from .desk import audit_rows

STOP_SET = 2000
"""Passages on which two models are compared, as many as Bloodgood and Vijay-Shanker (2009) had."""

STABLE = 0.99
"""Their threshold of kappa, over three models in a row."""

ENOUGH, PEOPLE = 25, 8
"""Passages and people from which a domain can be learnt from a study, about."""


@dataclass(frozen=True, slots=True)
class Advice:
    """Whether to go on: figures, and what they mean in plain sentences.

    Attributes
    ----------
    stability : float or None
        Kappa of the two newest models' suggestions; None where there are fewer than two.
    audited : int
        Passages that were coded blind in the audit.
    suggested : int
        Those of them for which a domain had been suggested.
    precision : tuple of float or None
        Share of those suggestions that the coders had given too, with the ends of its 95 %
        interval: (share, low, high).
    units, participants : dict
        By domain: passages with a confirmed code, and the people who said them.
    left : int
        Passages that nobody has answered.
    sentences : tuple of str
    """

    stability: float | None
    audited: int
    suggested: int
    precision: tuple[float, float, float] | None
    units: dict[str, int]
    participants: dict[str, int]
    left: int
    sentences: tuple[str, ...]


def advice(store: Store) -> Advice:
    """Say how far a study is and whether more answers still change something."""
    runs, answers, record = store.runs(), store.answers(), store.record()
    pool = store.pool(runs[-1].id if runs else None)
    blind = _blind(record)
    hits = _hits(store, runs, blind)
    share = float(np.mean(hits)) if hits else None
    precision = None if share is None else (share, *wilson_interval(share, len(hits)))
    units, participants, outside = _counts(store, answers)
    open_ = np.isin(
        pool.ids, [one.utterance for one in answers if one.verdict != "skip"], invert=True
    )
    stability = _stability(store, runs, pool)
    machine = (
        _about_stability(stability, len({run.model for run in runs})),
        _about_precision(len(blind), len(hits), precision),
    )
    elsewhere = outside and not any(units.values())
    sentences = (
        *((_about_others(outside),) if elsewhere else machine),
        *_about_gap(store, pool, blind, record),
        *(() if elsewhere else (_about_domains(units, participants),)),
        _about_rest(open_, pool),
    )
    return Advice(
        stability,
        len(blind),
        len(hits),
        precision,
        units,
        participants,
        int(open_.sum()),
        sentences,
    )


def _blind(record: Sequence[Answer]) -> dict[int, list[Answer]]:
    """Blind answers that were not undone, each coder's last, by utterance.

    What a coder says after the suggestion was shown does not replace what was said before.
    """
    gone = {one.undoes for one in record}
    last = {
        (one.utterance, one.coder): one
        for one in record
        if one.how == "blind audit" and one.verdict not in ("skip", "undo") and one.id not in gone
    }
    found: dict[int, list[Answer]] = defaultdict(list)
    for (utterance, _), one in sorted(last.items()):
        found[utterance].append(one)
    return found


def _hits(store: Store, runs: Sequence[Run], blind: dict[int, list[Answer]]) -> list[float]:
    """By suggestion: which share of the passage's coders gave its domain too.

    Suggestions as they stood when the passage was coded: a later model may have learnt from it.
    """
    known: dict[int, list[int]] = defaultdict(list)
    for utterance, given in blind.items():
        first = min(one.when for one in given)
        earlier = [run.id for run in runs if run.made <= first]
        if earlier:
            known[earlier[-1]].append(utterance)
    hits = []
    for run, ids in known.items():
        said = store.predictions(ids, run)
        assert said is not None  # noqa: S101 - the run is there
        first = said.proba[:, :-1].argmax(axis=1)
        for utterance, decision, place in zip(ids, said.decisions, first, strict=True):
            if decision == "suggest":
                said_too = [
                    any(label.domain == DOMAINS[place] for label in one.labels)
                    for one in blind[utterance]
                ]
                hits.append(float(np.mean(said_too)))
    return hits


def _counts(store: Store, answers: Sequence[Answer]) -> tuple[dict[str, int], dict[str, int], int]:
    """Count passages and people by domain, and passages with codes outside the framework alone."""
    confirmed = settle(answers).confirmed
    units = dict.fromkeys(DOMAINS, 0)
    people: dict[str, set[tuple[str, str | None]]] = {domain: set() for domain in DOMAINS}
    outside = 0
    for unit in store.units([number for number, labels in confirmed.items() if labels]):
        domains = {label.domain for label in confirmed[unit.id] if label.domain}
        outside += not domains
        for domain in domains:
            units[domain] += 1
            people[domain].add((unit.utterance.transcript, unit.utterance.speaker))
    return units, {domain: len(found) for domain, found in people.items()}, outside


def _stability(store: Store, runs: Sequence[Run], pool: Pool) -> float | None:
    """Kappa of the newest model with the one before it, on the passages of highest chance.

    Those are a fixed random set, and the last that the audit would come to.
    """
    others = [run for run in runs if run.model != runs[-1].model]
    if not others:
        return None
    before = store.pool(others[-1].id)
    rows = np.argsort(-pool.chances, kind="stable")[:STOP_SET]
    rows = rows[(pool.decisions[rows] != "") & (before.decisions[rows] != "")]
    if not len(rows):
        return None
    names = np.array([*DOMAINS, "none"])
    new, old = (names[one.proba[rows].argmax(axis=1)].tolist() for one in (pool, before))
    return 1.0 if new == old else kappa_of(old, new)


def _about_stability(stability: float | None, models: int) -> str:
    if not models:
        return "No model has suggested anything yet: `tdfnlp suggest --study` lets one."
    if models == 1:
        return "There is one model so far: train a second to see whether answers still change it."
    if stability is None:
        return "No passage has suggestions of the two newest models: suggest anew to compare them."
    settled = "hardly changes any more" if stability >= STABLE else "still changes"
    return (
        f"The two newest models agree with kappa {stability:.2f}: what is suggested {settled}. "
        f"{STABLE} over three models in a row is a usual sign that more answers bring little."
    )


def _about_others(outside: int) -> str:
    """Say of a study of another framework that what follows from domains does not hold for it."""
    return (
        f"No passage has a domain; {outside} have codes outside the framework. Whether suggestions "
        "of such codes are right or still change is not measured here: `tdfnlp train` says how "
        "well they are learnt."
    )


def _about_precision(
    audited: int, suggested: int, precision: tuple[float, float, float] | None
) -> str:
    if not audited:
        return "No passage was coded blind yet: how often suggestions are right is not known."
    if precision is None:
        return (
            f"{audited} passages were coded blind, none of them one for which a domain was "
            "suggested: how often suggestions are right is not known yet."
        )
    share, low, high = precision
    return (
        f"Of {suggested} suggestions checked blind, {share:.0%} were right (95 % interval "
        f"{low:.0%} to {high:.0%}). Four times as many would halve that interval."
    )


def _about_gap(
    store: Store, pool: Pool, blind: dict[int, list[Answer]], record: Sequence[Answer]
) -> list[str]:
    """Say where the audit is no whole beginning of its order."""
    known = np.isin(pool.ids, list(blind))
    if not known.any():
        return []
    skipped = np.isin(pool.ids, [one.utterance for one in record if one.verdict == "skip"])
    passed = (
        audit_rows(pool, store.settings()) & (pool.chances < pool.chances[known].max()) & ~known
    )
    open_, undecided = int((passed & ~skipped).sum()), int((passed & skipped).sum())
    told = []
    if open_:
        told.append(
            f"{open_} passages stand earlier in the audit's order and have no blind answer yet, "
            "as after new transcripts; they come next to coders who have not answered them."
        )
    if undecided:
        told.append(f"{undecided} passages of the audit were skipped: its figures leave them out.")
    return told


def _about_domains(units: dict[str, int], participants: dict[str, int]) -> str:
    few = [
        f"{domain} ({units[domain]} from {participants[domain]})"
        for domain in DOMAINS
        if units[domain] < ENOUGH or participants[domain] < PEOPLE
    ]
    if not any(units.values()):
        return "No code is confirmed yet."
    if not few:
        return f"Every domain has at least {ENOUGH} confirmed passages from {PEOPLE} people."
    return (
        f"Fewer than {ENOUGH} confirmed passages, or from fewer than {PEOPLE} people, have: "
        f'{", ".join(few)}. Strategy "rare" looks for them; some may just not be there.'
    )


def _about_rest(open_: np.ndarray[tuple[int], np.dtype[np.bool_]], pool: Pool) -> str:
    left, quiet = int(open_.sum()), int((open_ & (pool.decisions == "abstain")).sum())
    if not len(open_):
        return "The study has no passages yet."
    if not left:
        return "Every passage has an answer."
    return (
        f"{left} of {len(open_)} passages have no answer; on {quiet} of them the model abstains, "
        "and they come last."
    )
