"""Answers of a study as arrays: who said what of which passage, having seen a suggestion or not."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from ..consensus import direction
from ..framework import DOMAINS, VALENCES, Valence
from ..store import Answer, Run, Store

Bools = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]
NONE = len(DOMAINS)
"""Bit and column of "no domain of the framework"."""
_PLACE = {name: place for place, name in enumerate(DOMAINS)}
_VALENCE = {name: place for place, name in enumerate(VALENCES)}


@dataclass(frozen=True, slots=True, eq=False)
class Said:
    """What some coders said of some passages.

    Attributes
    ----------
    sets : array of int, shape (coders, n)
        A bit for each domain, the last for none; 0 where a coder did not answer.
    directions : array of int, shape (coders, n, domains)
        Places in ``VALENCES``, -1 for none given.
    """

    sets: npt.NDArray[np.int32]
    directions: npt.NDArray[np.int8]


@dataclass(frozen=True, slots=True, eq=False)
class Answers:
    """All answers of a study, a column a passage and a row a coder.

    Attributes
    ----------
    coders : tuple of str
    ids : array of int, shape (n,)
        Utterances.
    people : array of int, shape (n,)
        Participant of each: a speaker of a transcript.
    independent : Said
        Each coder's last answer before the first suggestion was shown.
    current : Said
        Each coder's last answer.
    saw : array of bool, shape (coders, n)
        Whether a suggestion was in sight for the current answer or an earlier one.
    audited : array of bool, shape (coders, n)
        Whether the independent answer was given in the random audit.
    shown : array of int, shape (coders, n)
        Run that was the newest at the time of the current answer, 0 for none.
    before : array of int, shape (coders, n)
        The same for the independent answer.
    imported : dict
        Coders whose codes were imported, and whether passages they left uncoded came too.
    outside : int
        Answers with nothing but codes outside the framework, which count as none here.
    """

    coders: tuple[str, ...]
    ids: Ints
    people: Ints
    independent: Said
    current: Said
    saw: Bools
    audited: Bools
    shown: Ints
    before: Ints
    imported: dict[str, bool]
    outside: int = 0


def read_answers(store: Store, runs: Sequence[Run]) -> Answers:
    """Read them; adjudications are nobody's own view, skips and undone ones say nothing."""
    rows: dict[tuple[int, str], list[Answer]] = defaultdict(list)
    record = store.record()
    gone = {one.undoes for one in record}
    for one in record:
        if one.verdict != "undo" and one.how != "adjudication":
            rows[one.utterance, one.coder].append(one)
    coders = tuple(sorted({coder for _, coder in rows}))
    ids = sorted({number for number, _ in rows})
    answers = _empty(coders, ids, _people(store, ids), _imported(record))
    answers = replace(answers, outside=sum(_is_outside(some, gone) for some in rows.values()))
    column = {number: place for place, number in enumerate(ids)}
    line = {name: place for place, name in enumerate(coders)}
    for (number, coder), given in rows.items():
        _place(answers, (line[coder], column[number]), given, gone, runs)
    return answers


@dataclass(frozen=True, slots=True, eq=False)
class Machine:
    """What runs said of passages; row 0 stands for no run.

    Attributes
    ----------
    said : Said
        A row a run, shape (runs + 1, n). The first domain, and none where the run abstains: what
        a coder would be shown.
    decisions : array of str, shape (runs + 1, n)
        "" where a run does not know the passage.
    runs : array of int, shape (runs + 1,)
        Number of the run of each row, in order.
    """

    said: Said
    decisions: npt.NDArray[np.str_]
    runs: Ints

    def places(self, runs: Ints) -> Ints:
        """Give the row of each run."""
        return np.searchsorted(self.runs, runs)


def read_machine(store: Store, ids: Ints, runs: Iterable[int]) -> Machine:
    """Read what runs said of passages."""
    numbers = sorted({0, *runs})
    said = _nothing((len(numbers), len(ids)))
    decisions = np.zeros((len(numbers), len(ids)), dtype="<U7")
    for row, run in enumerate(numbers[1:], start=1):
        pool = store.pool(run)
        decisions[row] = pool.decisions[np.searchsorted(pool.ids, ids)]
        known = np.flatnonzero(decisions[row] != "")
        found = store.predictions(ids[known].tolist(), run) if len(known) else None
        if found is None:
            continue
        first = found.proba[:, :NONE].argmax(axis=1)
        likely = found.valences[np.arange(len(known)), first].argmax(axis=1)
        abstains = decisions[row, known] == "abstain"
        said.sets[row, known] = np.where(abstains, 1 << NONE, 1 << first)
        said.directions[row, known, first] = np.where(abstains, -1, likely)
    return Machine(said, decisions, np.array(numbers, dtype=np.int64))


def select(said: Said, coders: Sequence[int], columns: npt.NDArray[np.generic]) -> Said:
    """Take some coders and some passages out."""
    rows = list(coders)
    return Said(said.sets[rows][:, columns], said.directions[rows][:, columns])


def bits(sets: npt.NDArray[np.integer]) -> Bools:
    """Spread bits over a last axis of 15, the domains and none."""
    return (sets[..., None] >> np.arange(NONE + 1) & 1).astype(bool)


def _place(
    answers: Answers,
    place: tuple[int, int],
    given: Sequence[Answer],
    gone: set[int | None],
    runs: Sequence[Run],
) -> None:
    """Enter one coder's answers on one passage, in the order they were given."""
    shown_at = next((at for at, one in enumerate(given) if one.run is not None), len(given))
    answers.saw[place] = shown_at < len(given)
    parts = ((answers.independent, given[:shown_at]), (answers.current, given))
    for said, some in parts:
        standing = [one for one in some if one.id not in gone]
        if not standing or standing[-1].verdict == "skip":
            continue
        last = standing[-1]
        said.sets[place], said.directions[place] = _coded(last)
        if said is answers.independent:
            answers.audited[place] = last.how == "blind audit" and last.probability is not None
            answers.before[place] = _run_then(last, runs)
        else:
            answers.shown[place] = _run_then(last, runs)


def _coded(answer: Answer) -> tuple[int, npt.NDArray[np.int8]]:
    given: dict[int, list[Valence]] = defaultdict(list)
    for label in answer.labels:
        if label.domain in _PLACE:
            given[_PLACE[label.domain]] += [label.valence] if label.valence else []
    directions = np.full(NONE, -1, dtype=np.int8)
    for place, valences in given.items():
        found = direction(valences)
        directions[place] = _VALENCE[found] if found else -1
    return sum(1 << place for place in given) or 1 << NONE, directions


def _is_outside(given: Sequence[Answer], gone: set[int | None]) -> bool:
    labels = next((one.labels for one in reversed(given) if one.id not in gone), ())
    return bool(labels) and not any(label.domain in _PLACE for label in labels)


def _run_then(answer: Answer, runs: Iterable[Run]) -> int:
    """Give the run in sight, else the newest of that moment, 0 where there was none yet."""
    earlier = [run.id for run in runs if run.made <= answer.when]
    return answer.run or max(earlier, default=0)


def _people(store: Store, ids: Sequence[int]) -> Ints:
    units = store.units(ids) if ids else ()
    names: Mapping[tuple[str, str | None], int] = defaultdict(lambda: len(names))
    people = [names[one.utterance.transcript, one.utterance.speaker] for one in units]
    return np.array(people, dtype=np.int64)


def _imported(record: Iterable[Answer]) -> dict[str, bool]:
    found: dict[str, bool] = {}
    for one in record:
        if one.how == "imported":
            found[one.coder] = found.get(one.coder, False) or one.verdict == "none"
    return found


def _empty(
    coders: tuple[str, ...], ids: Sequence[int], people: Ints, imported: dict[str, bool]
) -> Answers:
    shape = len(coders), len(ids)
    return Answers(
        coders,
        np.array(ids, dtype=np.int64),
        people,
        _nothing(shape),
        _nothing(shape),
        np.zeros(shape, dtype=bool),
        np.zeros(shape, dtype=bool),
        np.zeros(shape, dtype=np.int64),
        np.zeros(shape, dtype=np.int64),
        imported,
    )


def _nothing(shape: tuple[int, int]) -> Said:
    return Said(np.zeros(shape, np.int32), np.full((*shape, NONE), -1, dtype=np.int8))
