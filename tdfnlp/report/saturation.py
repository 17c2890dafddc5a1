"""Saturation: how much each further interview adds.

Guest G, Namey E, Chen M. A simple method to assess and report thematic saturation in qualitative
research. PLoS ONE 2020;15(5):e0232076.
"""

from dataclasses import dataclass

from .evidence import Evidence
from .parts import Table
from .text import label, many, percent

BASE = 4
"""Interviews that make up the base."""
RUN = 2
"""Interviews of a run, over which new themes are counted."""
THRESHOLD = 0.05
"""Share of new information at or under which saturation is said to be reached."""


@dataclass(frozen=True, slots=True)
class Saturation:
    """New themes interview by interview.

    Attributes
    ----------
    interviews : tuple of str
        Transcripts of which something is decided, in the order in which they came into the study.
    new, total : tuple of int
        Themes first met in each, and met by then.
    reached : int or None
        At which interview (the first is 1) a run ended that brought no more than the threshold.
    proposed : int
        Themes that the program proposed and nobody has named.
    """

    interviews: tuple[str, ...]
    new: tuple[int, ...]
    total: tuple[int, ...]
    reached: int | None
    proposed: int


def saturation(evidence: Evidence) -> Saturation:
    """Count new themes along the interviews."""
    by_theme = evidence.by_theme()
    order = {one.id: place for place, one in enumerate(evidence.transcripts)}
    decided = {
        one.utterance.transcript for one in evidence.units if one.id in evidence.settled.confirmed
    }
    heard = sorted(decided, key=order.__getitem__)
    place = {name: number for number, name in enumerate(heard)}
    new = [0] * len(heard)
    for some in by_theme.values():
        new[min(place[one.utterance.transcript] for one in some)] += 1
    total = [sum(new[: end + 1]) for end in range(len(new))]
    proposed = sum(not one.by for one in evidence.themes)
    return Saturation(tuple(heard), tuple(new), tuple(total), reached(new), proposed)


def reached(new: list[int]) -> int | None:
    """Find the interview at which a run first brings no more than the threshold.

    Examples
    --------
    >>> reached([9, 5, 3, 3, 1, 0, 0, 0])
    6
    """
    base = sum(new[:BASE])
    for end in range(BASE + RUN, len(new) + 1):
        if base and sum(new[end - RUN : end]) / base <= THRESHOLD:
            return end
    return None


def sentence(found: Saturation) -> str:
    """Say in words what was found."""
    method = (
        f"Saturation after Guest et al. 2020: base {BASE} interviews, runs of {RUN}, threshold of "
        f"new information {THRESHOLD:.0%}; interviews in the order in which they came into the "
        "study."
    ).replace("%", " %")
    number = len(found.interviews)
    if number < BASE + RUN:
        return f"{method} It needs at least {BASE + RUN} interviews; there are {number}."
    if not any(found.new):
        return f"{method} There are no themes."
    base = sum(found.new[:BASE])
    last = percent(sum(found.new[-RUN:]), base)
    if found.reached is None:
        said = f"It was not reached in {number} interviews; the last run brought {last}."
    else:
        said = (
            f"It was reached at interview {found.reached} of {number}; the last run brought {last}."
        )
    caution = (
        f" Not to be reported yet: {many(found.proposed, 'theme is', 'themes are')} the program's "
        "grouping. A group needs several passages, so that a late interview seldom brings a new "
        "one."
    )
    return f"{method} {said}{caution if found.proposed else ''}"


def reportable(found: Saturation) -> bool:
    """Whether there is something to report: enough interviews, and themes that people named."""
    return len(found.interviews) >= BASE + RUN and not found.proposed


def saturation_table(found: Saturation) -> Table:
    """Give new themes and all themes so far, interview by interview."""
    base = sum(found.new[:BASE])
    rows = []
    for place, (name, new, total) in enumerate(
        zip(found.interviews, found.new, found.total, strict=True), start=1
    ):
        run = (
            percent(sum(found.new[place - RUN : place]), base) if place >= BASE + RUN else "\u2013"
        )
        rows.append((place, label(name), new, total, run))
    return Table(
        "saturation",
        "New themes interview by interview",
        ("Interview", "Transcript", "New themes", "Themes so far", "New in the run, of the base"),
        tuple(rows),
        (
            "In the order in which the transcripts came into the study. Themes were formed from "
            "all interviews, so this says how soon they were met, not how soon the coders "
            "would have found them.",
        ),
        widths=(1, 3, 1.2, 1.2, 1.8),
    )
