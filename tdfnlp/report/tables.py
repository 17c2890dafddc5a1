"""Results tables: per COM-B component the domains, their themes, and who spoke of them."""

from collections.abc import Iterable, Mapping, Sequence

from ..framework import COM_B, DOMAINS, TDF
from ..themes import Passage, Theme, person
from .evidence import Evidence, count, directions
from .parts import Cell, Section, Table
from .quotes import Quotes, place, speaker
from .text import label, many, plain, short

PROPOSED = "\u2020"
"""Mark of a theme whose wording nobody has looked at."""
TICK = "\u2713"
NONE = "\u2013"
_PROPOSED_NOTE = (
    f"{PROPOSED} Grouped by the program and headed by a participant's own clause, which it chose "
    "by counting words; nobody has named it yet."
)


def component_sections(evidence: Evidence, chosen: Sequence[Quotes]) -> list[Section]:
    """Give a section for each COM-B component, with its table and its quotes."""
    return [_section(component, evidence, chosen) for component in COM_B]


def theme_name(theme: Theme, tags: Mapping[str, str]) -> str:
    """Name a theme as it is printed."""
    mark = "" if theme.by else f" {PROPOSED}"
    return f"{tags[theme.key]}  {label(theme.name)}{mark}"


def direction_of(some: Iterable[Passage]) -> str:
    """Say in which direction passages go: one word, or the counts where they differ."""
    found = {side: len(numbers) for side, numbers in directions(some).items() if numbers}
    if len(found) < 2:
        found.pop("not given", None)
        return next(iter(found), NONE).capitalize()
    return ", ".join(f"{side} {number}" for side, number in found.items()).capitalize()


def theme_data(evidence: Evidence) -> Table:
    """Give themes as figures, one a row: for the spreadsheet."""
    tags = evidence.tags()
    groups = list(evidence.people)
    rows: list[tuple[Cell, ...]] = []
    for theme, some in zip(evidence.themes, evidence.by_theme().values(), strict=True):
        sides = directions(some)
        by_group = _by_group(some, evidence)
        rows.append(
            (
                tags[theme.key],
                theme.domain,
                "; ".join(_com_b(theme.domain)),
                plain(theme.name),
                plain(theme.by) or "proposed by the program",
                *count(some),
                *(len(numbers) for numbers in sides.values()),
                *(figure for group in groups for figure in count(by_group[group])),
            )
        )
    figures = [f"{group}: {what}" for group in groups for what in ("people", "passages")]
    columns = ("theme", "domain", "COM-B", "wording", "worded by", "people", "passages")
    sides_named = ("barrier", "facilitator", "mixed", "neutral", "direction not given")
    return Table("themes", "Themes", (*columns, *sides_named, *figures), tuple(rows))


def passage_data(evidence: Evidence) -> Table:
    """Give every confirmed passage, one a row: what each figure of the report rests on."""
    tags = evidence.tags()
    rows: list[tuple[Cell, ...]] = []
    for theme, some in zip(evidence.themes, evidence.by_theme().values(), strict=True):
        for one in some:
            rows.append((tags[theme.key], plain(theme.name), *_passage(one)))
    rows += [(None, None, *_passage(one)) for one in evidence.outside]
    columns = ("theme", "wording", "domain", "code", "direction", "utterance", "transcript")
    rest = ("start", "end", "speaker", "group", "coders", "text")
    return Table("passages", "Confirmed passages", (*columns, *rest), tuple(rows))


def _passage(one: Passage) -> tuple[Cell, ...]:
    unit = one.utterance
    return (
        one.domain if one.domain in DOMAINS else "outside the framework",
        plain(" > ".join(one.code or (one.domain,))),
        one.valence,
        one.number,
        plain(unit.transcript),
        unit.start,
        unit.end,
        plain(unit.speaker or ""),
        plain(unit.group or ""),
        plain(", ".join(one.coders)),
        plain(unit.text),
    )


def _section(component: str, evidence: Evidence, chosen: Sequence[Quotes]) -> Section:
    domains = [one.name for one in TDF if component in one.com_b]
    own = [name for name in domains if _com_b(name)[0] == component]
    by_domain = evidence.by_domain()
    silent = [name for name in own if not by_domain[name]]
    parts: list[str | Table] = []
    parts += [
        f"{name} belongs to {' and '.join(_com_b(name))}; it stands under the former."
        for name in domains
        if name not in own and by_domain[name]
    ]
    if set(own) - set(silent):
        parts += [
            _theme_table(component, own, evidence),
            _quote_table(component, own, evidence, chosen),
        ]
    if silent:
        parts.append(f"No confirmed passage: {', '.join(silent)}.")
    return Section(component, tuple(parts or ["No domain of its own."]))


def _theme_table(component: str, own: Sequence[str], evidence: Evidence) -> Table:
    tags = evidence.tags()
    by_theme, by_domain = evidence.by_theme(), evidence.by_domain()
    rows: list[tuple[Cell, ...]] = []
    for theme in (one for one in evidence.themes if one.domain in own):
        people, number = count(by_domain[theme.domain])
        heading = f"{theme.domain}: {many(people, 'person', 'people')}, {many(number, 'passage')}"
        some = by_theme[theme.key]
        parts = _by_group(some, evidence).values() if evidence.grouped else ()
        ticks = [_tick(part) for part in parts]
        rows.append((heading, theme_name(theme, tags), direction_of(some), *ticks, *count(some)))
    heads = evidence.sizes() if evidence.grouped else []
    columns = (
        "Domain",
        "Theme",
        "Direction",
        *heads,
        f"People (n\u00a0=\u00a0{len(evidence.everybody)})",
    )
    notes = [f"{TICK} people (passages). n: people interviewed."] if evidence.grouped else []
    proposed = any(not one.by for one in evidence.themes if one.domain in own)
    return Table(
        f"themes {component}",
        f"{component}: domains, themes and who spoke of them",
        (*columns, "Passages"),
        tuple(rows),
        (*notes, *([_PROPOSED_NOTE] if proposed else [])),
        grouped=True,
        widths=(3.2, 1.6, *[1.3] * len(heads), 1.1, 1.3),
    )


def _quote_table(
    component: str, own: Sequence[str], evidence: Evidence, chosen: Sequence[Quotes]
) -> Table:
    tags = evidence.tags()
    rows: list[tuple[Cell, ...]] = [
        (
            f"{theme_name(one.theme, tags)} ({one.theme.domain})",
            f"\u201c{short(quote.utterance.text)}\u201d",
            (quote.valence or NONE).capitalize(),
            _source(quote, evidence),
        )
        for one in chosen
        if one.theme.domain in own
        for quote in one.shown
    ]
    return Table(
        f"quotes {component}",
        f"{component}: illustrative quotes",
        ("Theme", "Quote", "Direction", "Speaker, place in the transcript"),
        tuple(rows),
        grouped=True,
        widths=(5, 1, 1.8),
        named=False,
    )


def _source(quote: Passage, evidence: Evidence) -> str:
    group = f" ({evidence.group(quote.utterance)})" if evidence.grouped else ""
    return f"{speaker(quote)}{group}, {place(quote)}"


def _by_group(some: Iterable[Passage], evidence: Evidence) -> dict[str, list[Passage]]:
    found: dict[str, list[Passage]] = {group: [] for group in evidence.people}
    for one in some:
        found[evidence.group(one.utterance)].append(one)
    return found


def _tick(some: Sequence[Passage]) -> str:
    people, number = count(some)
    return f"{TICK} {people} ({number})" if number else NONE


def _com_b(domain: str) -> list[str]:
    parts = next(one.com_b for one in TDF if one.name == domain)
    return [one for one in COM_B if one in parts]


def group_table(evidence: Evidence) -> Table:
    """Count people and passages of each domain in each group."""
    groups = list(evidence.people)
    rows: list[tuple[Cell, ...]] = []
    for domain, some in evidence.by_domain().items():
        parts = _by_group(some, evidence)
        figures = [f"{p} ({n})" if n else NONE for p, n in map(count, parts.values())]
        people, number = count(some)
        rows.append((domain, *figures, *([f"{people} ({number})"] if len(groups) > 1 else [])))
    heads = evidence.sizes()
    total = [f"All (n\u00a0=\u00a0{len(evidence.everybody)})"] if len(groups) > 1 else []
    return Table(
        "domains by group",
        "Domains by participant group: people (passages)",
        ("Domain", *heads, *total),
        tuple(rows),
        widths=(3, *[1.2] * (len(heads) + len(total))),
    )


def group_data(evidence: Evidence) -> Table:
    """Count people and passages of each domain in each group, as figures."""
    rows = tuple(
        (domain, group, len(evidence.people[group]), *count(part))
        for domain, some in evidence.by_domain().items()
        for group, part in _by_group(some, evidence).items()
    )
    columns = ("domain", "group", "people interviewed", "people", "passages")
    return Table("domains by group", "Domains by participant group", columns, rows)


def outside_table(evidence: Evidence) -> Table:
    """Count passages whose code belongs to no domain."""
    found: dict[str, list[Passage]] = {}
    for one in evidence.outside:
        found.setdefault(label(one.domain), []).append(one)
    rows = [(name, *count(some)) for name, some in sorted(found.items())]
    title = "Codes outside the framework"
    return Table("outside", title, ("Code", "People", "Passages"), tuple(rows), widths=(4, 1, 1))


def people_of(evidence: Evidence) -> int:
    """How many people have a confirmed passage."""
    return len({person(one.utterance) for one in (*evidence.passages, *evidence.outside)})


def behind(name: str, some: Iterable[Passage], evidence: Evidence) -> Table:
    """List the passages behind a theme."""
    rows = tuple(
        (plain(one.utterance.text), (one.valence or NONE).capitalize(), _source(one, evidence))
        for one in some
    )
    columns = ("Passage", "Direction", "Speaker, place in the transcript")
    return Table(name, name, columns, rows, widths=(5, 1, 1.8), named=False)
