"""What agreement gives: figures with their intervals, as values."""

import math
from dataclasses import dataclass
from typing import Literal

Kind = Literal["independent", "seen"]
Against = Literal["", "newest run", "run at the time"]

MACHINE = "machine"
ALL_CODERS = "all coders"
NO_DOMAIN = "no domain"


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure with its 95 % interval; None where it is undefined.

    Examples
    --------
    >>> str(Estimate(0.62, 0.5, 0.71)), str(Estimate(None))
    ('0.62 (0.50 to 0.71)', 'undefined')
    """

    value: float | None
    low: float | None = None
    high: float | None = None

    def __str__(self) -> str:
        return self.shown(2)

    def shown(self, digits: int) -> str:
        """Spell it with so many digits after the point."""
        if self.value is None:
            return "undefined"
        said = f"{self.value:.{digits}f}"
        if self.low is None or self.high is None:
            return said
        return f"{said} ({self.low:.{digits}f} to {self.high:.{digits}f})"


UNDEFINED = Estimate(None)


@dataclass(frozen=True, slots=True)
class Comparison:
    """How far coders, or a coder and the machine, agree on one domain or over all of them.

    Attributes
    ----------
    between : tuple of str
        Two names, or ("all coders",); the machine is "machine", and ("all coders", "machine") is
        every coder's answers against the machine's.
    kind : {"independent", "seen"}
        "independent": nobody had seen a suggestion. "seen": somebody had; such answers lean towards
        the machine's and so towards each other.
    against : {"", "newest run", "run at the time"}
        Which of the machine's suggestions.
    domain : str or None
        None: over all domains. "no domain": that no domain of the framework applies.
    passages, participants : int
        Passages that both (or at least two) answered, and the people they come from.
    used : int
        Answers that give the domain; None's row counts those that give any.
    observed : Estimate
        Share of pairs of answers that agree; over all domains those with the very same domains.
    kappa : Estimate
        Cohen's, of two coders; over all domains, of sets of domains as categories.
    positive : Estimate
        Positive agreement; over all domains, of all their uses together.
    alpha : Estimate
        Krippendorff's, nominal.
    alpha_jaccard, alpha_masi : Estimate
        Krippendorff's with sets that overlap counted as partly the same; over all domains only.
    pabak, ac1 : Estimate
        Prevalence-adjusted; for one domain only. High wherever a domain is rare: never alone.
    directions : int
        Pairs of answers that both gave the domain and a direction.
    direction : Estimate
        Share of those with the same direction.
    direction_kappa : Estimate
        Cohen's of the directions, over all domains, of two coders.
    """

    between: tuple[str, ...]
    kind: Kind
    against: Against
    domain: str | None
    passages: int
    participants: int
    used: int
    observed: Estimate = UNDEFINED
    kappa: Estimate = UNDEFINED
    positive: Estimate = UNDEFINED
    alpha: Estimate = UNDEFINED
    alpha_jaccard: Estimate = UNDEFINED
    alpha_masi: Estimate = UNDEFINED
    pabak: Estimate = UNDEFINED
    ac1: Estimate = UNDEFINED
    directions: int = 0
    direction: Estimate = UNDEFINED
    direction_kappa: Estimate = UNDEFINED


@dataclass(frozen=True, slots=True)
class Audit:
    """What the blind audit says of the machine over the whole study, or of one domain.

    Attributes
    ----------
    against : {"newest run", "run at the time"}
    domain : str or None
        None: over all domains.
    passages, participants : int
        Passages answered in the audit, and the people they come from.
    suggested, coded : int
        Of them: passages for which the machine suggested (the domain), and to which people gave a
        domain (this one).
    precision : Estimate
        Share of suggestions that were right.
    recall : Estimate
        Share of coded passages with a right domain suggested.
    first_guess : Estimate
        Share of coded passages whose first domain, whatever the decision, is right.
    missed : Estimate
        Passages of the study that a person would code and the machine abstained from or suggested
        something else for; the sum of the two below. Those it asks about are not among them.
    abstained, wrong : Estimate
    """

    against: Against
    domain: str | None
    passages: int
    participants: int
    suggested: int
    coded: int
    precision: Estimate
    recall: Estimate
    first_guess: Estimate
    missed: Estimate
    abstained: Estimate
    wrong: Estimate


def estimate(value: float, low: float = math.nan, high: float = math.nan) -> Estimate:
    """Make an estimate of numbers that may be NaN."""
    if math.isnan(value):
        return UNDEFINED
    if math.isnan(low) or math.isnan(high):
        return Estimate(float(value))
    return Estimate(float(value), float(low), float(high))
