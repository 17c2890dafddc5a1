"""What training refuses before any work is done, with what is missing."""

from pathlib import Path

import numpy as np

from .confirmed import CODE_PEOPLE, CODE_UNITS, FEWEST_PEOPLE, Lessons, learnable, tied
from .errors import InputError, OutputError
from .evaluation import Bools
from .model import Model

FEWEST_UNITS = 30
"""Under them nothing can be learnt that could be checked."""


def check_folder(folder: Path) -> None:
    """Refuse a folder with something in it, before the work: another model may be in use there.

    Raises
    ------
    OutputError
        It is there and not empty.
    """
    there = folder.exists() or folder.is_symlink()  # the latter may lead nowhere
    if there and (not folder.is_dir() or any(folder.iterdir())):
        raise OutputError(
            f"{str(folder)!r} is there already and not empty. Models are never replaced, so that "
            "each can be put back: give the new one a folder of its own."
        )


def check_enough(lessons: Lessons) -> None:
    """Refuse lessons from which neither domains nor own codes can be learnt and checked.

    Raises
    ------
    InputError
        Says what is missing and how much of it.
    """
    reason = lacking(lessons)
    if not reason or (len(lessons.units) >= FEWEST_UNITS and learnable(lessons)):
        return
    more = (
        f" Of codes of your own, two that are each on {CODE_UNITS} units of {CODE_PEOPLE} people "
        "would do, or one and units without it."
    )
    people = {one.person for one in lessons.units}
    enough = len(lessons.units) >= FEWEST_UNITS and len(people) >= FEWEST_PEOPLE
    raise InputError(reason + more * (enough and bool(lessons.codes)))


def lacking(lessons: Lessons) -> str:
    """Say what is missing for domains to be learnt and checked, "" for nothing."""
    told = tied(lessons).units
    domains = {domain for one in told for domain, _ in one.domains}
    n, people = len(lessons.units), len({one.person for one in lessons.units})
    if n < FEWEST_UNITS:
        return (
            f"{n} units are confirmed; training needs {FEWEST_UNITS}. Confirm {FEWEST_UNITS - n} "
            "more."
        )
    if people < FEWEST_PEOPLE:
        return (
            f"The {n} confirmed units are from {people} "
            f"{'person' if people == 1 else 'people'}; {FEWEST_PEOPLE} are needed, because a model "
            "is checked on people whom it did not learn from. Confirm units of others too, or say "
            "who speaks (transcript and speaker)."
        )
    if not domains:
        return (
            f"None of the {n} confirmed units has a domain of the framework. Confirm some that do, "
            "or tie the codes to domains (a mapping)."
        )
    if len(told) < FEWEST_UNITS or len({one.person for one in told}) < FEWEST_PEOPLE:
        return (
            f"Of only {len(told)} of the {n} confirmed units it is known whether a domain applies; "
            f"{FEWEST_UNITS} of {FEWEST_PEOPLE} people are needed. Tie more codes to domains (a "
            "mapping)."
        )
    if len(domains) == 1 and all(one.domains for one in told):
        return (
            f"All {len(told)} confirmed units are {next(iter(domains))!r}: there is nothing to "
            "tell it from. Confirm units of other domains, or units without one."
        )
    return ""


def fresh(lessons: Lessons, model: Model) -> Bools:
    """Which units a model cannot have learnt from: those first coded after all that it learnt.

    All for a model that learnt from no confirmed units; none where times are not known.
    """
    if "learnt" not in model.facts:
        return np.ones(len(lessons.units), dtype=bool)
    until = model.facts["learnt"]["until"]
    return np.array([bool(until) and (one.since or one.when) > until for one in lessons.units])


def check_base(lessons: Lessons, base: Model) -> None:
    """Refuse a base that may have learnt from these units: they would count twice.

    Worse, its figures would be measured on people whom it knows.

    Raises
    ------
    InputError
        Says how many units may be known to it.
    """
    known = int((~fresh(lessons, base)).sum())
    if known:
        raise InputError(
            f"{base.id} may have learnt from {known} of these {len(lessons.units)} units already, "
            "so they would count twice and nothing could be checked. Leave out --base: everything "
            "confirmed is learnt anew, in seconds."
        )
