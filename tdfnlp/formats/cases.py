"""Who a text of a REFI-QDA project is of: cases, their variables, participant groups."""

from collections.abc import Iterable, Mapping, Sequence

from ..transcript import Transcript
from .conventions import key
from .refi import Case, Source

_GROUPS = frozenset(
    "group,participant group,document group,role,job role,profession,professional group,"
    "occupation,job title,stakeholder,stakeholder group,cohort,arm,study arm,type of participant,"
    "participant type,participant role,discipline".split(",")
)
_SEVERAL = 2
_UNSET = frozenset(["", "unassigned", "not applicable", "n/a", "na", "none", "unknown"])


def group_of(attributes: Sequence[tuple[str, str]]) -> str | None:
    """Participant group among the variables of a source, by the variable's name."""
    for name, value in attributes:
        plain = "".join(c if c.isalnum() else " " for c in name.rpartition(":")[2].casefold())
        if " ".join(plain.split()) in _GROUPS and value.casefold() not in _UNSET:
            return value
    return None


def joined(attributes: Sequence[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    """Give each variable once, several values joined: a case has one of each."""
    values: dict[str, list[str]] = {}
    for name, value in attributes:
        values.setdefault(name, []).append(value)
    return tuple((name, "; ".join(some)) for name, some in values.items())


def about_groups(transcripts: Sequence[Transcript]) -> tuple[str, ...]:
    """Name the variables where none of them gave a group."""
    seen = {name for one in transcripts for name, _ in one.attributes}
    if not seen or any(one.group for one in transcripts):
        return ()
    names = ", ".join(sorted(seen)[:20])
    return (f"No variable names the participants' group; there are {names}.",)


def cases_of(
    cases: Mapping[str, Case], texts: Iterable[tuple[str, Source]]
) -> dict[str, tuple[Case, ...]]:
    """Cases that each text stands for: those of the whole text, else those of passages in it.

    Parameters
    ----------
    cases : mapping of str to Case
        By key.
    texts : iterable of (str, Source)
        The texts by their names.

    Returns
    -------
    dict of str to tuple of Case
        Two where there are more.
    """
    if not cases:
        return {}
    linked: dict[str, set[str]] = {}
    for name, case in cases.items():
        for link in case.links:
            there = linked.setdefault(link, set())
            if len(there) < _SEVERAL:  # more than one is all that counts
                there.add(name)
    found = {}
    for text, source in texts:
        keys = (key(source.guid), key(source.element.get("guid")))
        whole = {mark.target for mark in source.marks if mark.target in cases}
        whole = whole.union(*(linked.get(each, ()) for each in keys))
        parts = {m.target for s in source.selections for m in s.marks}.intersection(cases)
        parts = parts.union(*(linked.get(key(s.guid), ()) for s in source.selections))
        found[text] = tuple(cases[each] for each in sorted(whole or parts)[:_SEVERAL])
    return found
