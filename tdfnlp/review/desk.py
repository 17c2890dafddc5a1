"""A study open for review: the store, who may come in, and what is slow to read, kept a while."""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from threading import Lock
from time import monotonic
from typing import Generic, TypeVar

from ..agreement import agree
from ..codebook import Code
from ..consensus import Verdicts, settle
from ..queue import advice
from ..queue.desk import open_desk
from ..store import Answer, Store
from ..transcript import Transcript
from .security import Seats

Kind = TypeVar("Kind")
_STANDING, _ADVICE = 5.0, 60.0
_REST = 20  # times as long as making it took
_TELLING = 10  # passages with codes outside the framework, and none with a domain


@dataclass(frozen=True, slots=True)
class Sources:
    """Transcripts by id, and the place of each utterance in its own: ("P3", 12, 84).

    Attributes
    ----------
    count : int
        Utterances of the study when this was read.
    transcripts : dict
    places : dict
        Utterance number to transcript id, position (the first is 1) and how many there are.
    """

    count: int
    transcripts: dict[str, Transcript]
    places: dict[int, tuple[str, int, int]]


@dataclass(frozen=True, slots=True)
class Standing:
    """What holds now, counted.

    Attributes
    ----------
    answers : tuple of Answer
    verdicts : Verdicts
    own : dict
        Coder to how many passages they have answered on the page.
    domains : dict
        Domain to how many passages are confirmed as that.
    outside : int
        Passages confirmed as nothing but codes outside the framework.
    """

    answers: tuple[Answer, ...]
    verdicts: Verdicts
    own: dict[str, int]
    domains: dict[str, int]
    outside: int


class Kept(Generic[Kind]):
    """A value that is made again when it is older than some seconds, by one thread at a time.

    What takes long to make is made less often.
    """

    def __init__(self, make: Callable[[], Kind], seconds: float) -> None:
        self._make, self._seconds = make, seconds
        self._until, self._lock, self._drops = 0.0, Lock(), 0
        self._value: Kind

    def get(self) -> Kind:
        """Give it."""
        with self._lock:
            started = monotonic()
            if started >= self._until:
                drops = self._drops
                self._value = self._make()
                took = monotonic() - started
                self._until = monotonic() + max(self._seconds, _REST * took)
                if drops != self._drops:  # it was out of date before it was made
                    self._until = 0.0
            return self._value

    def drop(self) -> None:
        """Make it again next time."""
        self._drops += 1
        self._until = 0.0


class Desk:
    """What the requests share.

    Parameters
    ----------
    store : Store
    seats : Seats

    Attributes
    ----------
    key : str
        Tells this study from others: a tab that waits must not answer another one.
    themes : Lock
        Held while themes are changed: a change is checked against what holds, then stored.
    """

    def __init__(self, store: Store, seats: Seats) -> None:
        self.store, self.seats = store, seats
        self.key = hashlib.sha256(f"{store.name} {store.created()}".encode()).hexdigest()[:16]
        self.themes = Lock()
        self._given: set[str] = set()
        self._lock = Lock()
        self._sources = Sources(-1, {}, {})
        self._standing = Kept(lambda: _standing(store), _STANDING)
        self._advice = Kept(lambda: advice(store).sentences, _ADVICE)
        self._agreement = Kept(lambda: tuple(agree(store).sentences()), _ADVICE)

    def sources(self) -> Sources:
        """Give the transcripts, read again only where some were added."""
        count = self.store.count()
        with self._lock:
            if count != self._sources.count:
                self._sources = _sources(self.store, count)
            return self._sources

    def outside(self) -> bool:
        """Whether the study is coded to another framework, as far as can be told.

        No passage has a domain, and many have other codes, or those alone are what the model knows.
        """
        standing = self.standing()
        if standing.domains or standing.outside >= _TELLING:
            return not standing.domains
        found = self.store.predictions([])
        known = found.own.codes if found and found.own else ()
        return bool(known) and not any(one.domain for one in known)

    def codes(self) -> dict[tuple[str, ...], Code]:
        """Give the codebook by path."""
        return {one.path: one for one in self.store.codes()}

    def standing(self) -> Standing:
        """Give what holds now."""
        return self._standing.get()

    def advice(self) -> tuple[str, ...]:
        """Give whether to go on, in sentences."""
        return self._advice.get()

    def agreement(self) -> tuple[str, ...]:
        """Give how far coders agree, in sentences."""
        return self._agreement.get()

    def unseen(self, coder: str, numbers: Iterable[int]) -> set[int]:
        """Give those of some utterances that a coder has or may still be asked to code.

        What others said of them must not be known before.
        """
        pool = self.store.pool()
        free = open_desk(self.store, pool, coder).free
        leased = {one.utterance for one in self.store.assignments(coder, pending=True)}
        return (set(pool.ids[free].tolist()) | leased) & set(numbers)

    @property
    def given(self) -> int:
        """How many answers were stored since the page was started, without those taken back."""
        return len(self._given)

    def stored(self, token: str) -> None:
        """Take note of an answer; the same one again is one."""
        self._given.add(token)
        self._standing.drop()

    def undone(self, token: str) -> None:
        """Take note that an answer was taken back."""
        self._given.discard(token)
        self._standing.drop()


def _sources(store: Store, count: int) -> Sources:
    found: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for (name, start, _), number in store.numbers().items():
        found[name].append((start, number))
    places = {
        number: (name, place, len(units))
        for name, units in found.items()
        for place, (_, number) in enumerate(sorted(units), start=1)
    }
    return Sources(count, {one.id: one for one in store.transcripts()}, places)


def _standing(store: Store) -> Standing:
    answers = store.answers()
    verdicts = settle(answers)
    own = Counter(
        one.coder
        for one in answers
        if one.verdict != "skip" and one.how not in ("imported", "adjudication")
    )
    domains = Counter(
        domain
        for labels in verdicts.confirmed.values()
        for domain in {one.domain for one in labels}
        if domain
    )
    outside = sum(
        bool(labels) and not any(one.domain for one in labels)
        for labels in verdicts.confirmed.values()
    )
    return Standing(answers, verdicts, dict(own), dict(domains), outside)
