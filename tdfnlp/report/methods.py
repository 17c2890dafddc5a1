"""The methods paragraph, filled with the study's own figures, and the audit log."""

from collections import Counter
from collections.abc import Iterable

from .. import __version__
from ..framework import DOMAINS
from ..store import Answer
from ..store.records import Run
from .evidence import Evidence
from .parts import Cell, Table
from .tables import people_of
from .text import label, listed, many, percent, plain

_VERDICTS = {
    "accept": "accepted",
    "correct": "corrected",
    "code": "coded unaided",
    "none": "no code",
    "skip": "skipped",
}


def machine(evidence: Evidence) -> str:
    """Say who suggested and who decided."""
    if not evidence.runs:
        return "No suggestions were made; people coded without any."
    return "Suggestions were made by a machine; every code reported here was decided by people."


def last_change(evidence: Evidence) -> str:
    """When the study was last changed, to the minute, as the record has it."""
    dates = [*(one.when for one in evidence.record), *(one.when for one in evidence.changes)]
    return f"{max(dates)[:16].replace('T', ' ')} UTC"


def methods(evidence: Evidence) -> tuple[str, ...]:
    """Give the paragraphs of the methods section."""
    return tuple(
        " ".join(one) for one in (_material(evidence), _coding(evidence), _themes(evidence)) if one
    )


def undecided(evidence: Evidence) -> str:
    """Say that the report is preliminary, "" where every passage is decided."""
    done, all_of_them = len(evidence.settled.confirmed), len(evidence.units)
    if done == all_of_them:
        return ""
    return (
        f"Preliminary: {done:,} of {many(all_of_them, 'passage')} ({percent(done, all_of_them)}) "
        "are decided, and which come first is not left to chance. Counts will rise with more, "
        "and shares and the order of the domains may change."
    )


def _material(evidence: Evidence) -> list[str]:
    grouped = f", in these groups: {listed(evidence.sizes())}" if evidence.grouped else ""
    found = [
        f"The study has {many(len(evidence.transcripts), 'transcript')} of "
        f"{many(len(evidence.everybody), 'participant')}{grouped}. What participants said was cut "
        f"into {many(len(evidence.units), 'passage')} by tdfnlp {__version__}, which sends nothing "
        "to any service; interviewers' turns were not coded. A participant is a speaker's label in "
        "one transcript.",
        *_unlabelled(evidence),
    ]
    if not evidence.runs:
        return [*found, machine(evidence)]
    run = evidence.runs[-1]
    found.append(
        f"A statistical model ({label(run.model)}) proposed domains of the Theoretical Domains "
        "Framework, version 2 (Cane et al. 2012), and a direction (barrier, facilitator, mixed or "
        "neutral) for each passage; no text was generated. "
        f"{machine(evidence)}"
    )
    if len(evidence.runs) > 1:
        found.append(f"Suggestions were renewed {many(len(evidence.runs) - 1, 'time')}.")
    return found


def _unlabelled(evidence: Evidence) -> list[str]:
    nameless = {where for where, speaker in evidence.everybody if not speaker}
    if not nameless:
        return []
    return [
        f"In {many(len(nameless), 'transcript')} some or all speech has no speaker's label; it "
        "counts as one participant of each."
    ]


def _coding(evidence: Evidence) -> list[str]:
    standing = [one for one in evidence.answers if one.how != "adjudication"]
    coders = sorted({one.coder for one in standing})
    said = Counter(one.verdict for one in standing)
    shown = in_sight(standing)
    blind = sum(one.how == "blind audit" for one in standing)
    imported = [one for one in standing if one.how == "imported"]
    several = second_coded(standing)
    settled = evidence.settled
    found = [
        f"{many(len(coders), 'coder')} gave {many(len(standing), 'answer')} on "
        f"{many(len({one.utterance for one in standing}), 'passage')}.",
        f"Of {shown:,} answers given with a suggestion in sight, {said['accept']:,} took the "
        f"suggested domain as it was, {said['correct']:,} changed it, and "
        f"{shown - said['accept'] - said['correct']:,} found that no code applies."
        if shown
        else "No answer was given with a suggestion in sight.",
    ]
    if blind:
        found.append(
            f"{many(blind, 'answer')} belonged to a random audit, in which the suggestion was "
            "hidden until the coder had answered."
        )
    if imported:
        empty = sum(one.verdict == "none" for one in imported)
        inferred = f"; that no code applies was taken from its silence in {empty:,}"
        found.append(
            f"{many(len(imported), 'answer')} came from earlier coding in other programs"
            f"{inferred if empty else ''}."
        )
    adjudicated = len({one.utterance for one in evidence.answers if one.how == "adjudication"})
    found.append(
        f"{many(several, 'passage')} had two or more coders; "
        f"{many(adjudicated, 'passage was', 'passages were')} adjudicated, and "
        f"{len(settled.open):,} on which coders still differ are left out of this report."
        if several
        else "No passage had a second coder."
    )
    coded = len({one.number for one in (*evidence.passages, *evidence.outside)})
    found.append(
        f"{many(len(settled.confirmed), 'passage is', 'passages are')} confirmed: {coded:,} with a "
        f"code, {len(settled.confirmed) - coded:,} without; they come from {people_of(evidence)} "
        f"of {many(len(evidence.everybody), 'participant')}."
    )
    return found


def _themes(evidence: Evidence) -> list[str]:
    if not evidence.themes:
        return []
    codes = sum(one.code is not None for one in evidence.themes)
    named = sum(one.code is None and bool(one.by) for one in evidence.themes)
    rest = len(evidence.themes) - codes - named
    found = [f"The passages in a domain make up {many(len(evidence.themes), 'theme')}."]
    if codes:
        found.append(f"{many(codes, 'theme is a code', 'themes are codes')} that coders gave.")
    if named or rest:
        found.append(
            f"{'The other' if codes else 'Those'} passages were grouped inside each domain and "
            "direction by the likeness of their sentence embeddings (Ward's method; number of "
            "groups by the mean silhouette) as a starting point; people named, split or merged "
            f"{named:,} of these themes, and {rest:,} still "
            f"{'has' if rest == 1 else 'have'} the wording that the program proposed."
        )
    return found


def in_sight(standing: Iterable[Answer]) -> int:
    """Count answers that were given with a suggestion in sight."""
    return sum(one.run is not None and one.verdict != "skip" for one in standing)


def second_coded(given: Iterable[Answer]) -> int:
    """Count passages that two or more people coded."""
    standing = [one for one in given if one.how != "adjudication"]
    heard = Counter(
        one.utterance
        for one in {(a.utterance, a.coder): a for a in standing}.values()
        if one.verdict != "skip"
    )
    return sum(number > 1 for number in heard.values())


def run_table(evidence: Evidence) -> Table:
    """Give the models that made suggestions: hashes, thresholds, what they were trained on."""
    rows: list[tuple[Cell, ...]] = []
    for run in evidence.runs:
        rows += [
            (f"Run {run.id}, {run.made[:16].replace('T', ' ')} UTC", *pair) for pair in _facts(run)
        ]
    return Table(
        "runs",
        "Models that made suggestions",
        ("Run", "What", "Value"),
        tuple(rows),
        grouped=True,
        widths=(1, 2.6),
    )


def _facts(run: Run) -> list[tuple[str, str]]:
    thresholds = run.thresholds.get("suggest")
    cuts = list(thresholds) if isinstance(thresholds, list | tuple) else []
    per_domain = "; ".join(
        f"{domain} {float(cut):.2f}" for domain, cut in zip(DOMAINS, cuts, strict=False)
    )
    counts = run.facts.get("items_per_domain")
    training = (
        "; ".join(f"{domain} {number}" for domain, number in counts.items())
        if isinstance(counts, dict)
        else "not recorded"
    )
    other = {key: value for key, value in run.thresholds.items() if key != "suggest"}
    return [
        ("Model", plain(run.model)),
        ("Encoder", plain(run.encoder)),
        ("Codebook (SHA-256)", plain(run.codebook)),
        ("Thresholds for a suggestion", per_domain or "not recorded"),
        ("Other thresholds", plain(", ".join(f"{k} {_number(v)}" for k, v in other.items()))),
        ("Training units per domain", plain(training)),
    ]


def _number(value: object) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)


def coder_table(evidence: Evidence) -> Table:
    """Count what each coder said, as it stands now."""
    found: dict[str, Counter[str]] = {}
    for one in evidence.answers:
        kind = "adjudicated" if one.how == "adjudication" else _VERDICTS[one.verdict]
        found.setdefault(label(one.coder), Counter())[kind] += 1
    kinds = [*_VERDICTS.values(), "adjudicated"]
    undone = Counter(label(one.coder) for one in evidence.record if one.verdict == "undo")
    rows: list[tuple[Cell, ...]] = [
        (coder, *(counts[kind] for kind in kinds), undone[coder])
        for coder, counts in sorted(found.items())
    ]
    heads = [kind.capitalize() for kind in kinds]
    return Table(
        "coders",
        "Answers of each coder",
        ("Coder", *heads, "Taken back"),
        tuple(rows),
        (
            "Accepted, corrected: with a suggestion in sight. What was taken back or answered anew "
            "stays in the audit log.",
        ),
        widths=(1.2, 1.1, 1.2, 1, 0.9, 1.05, 1.4, 0.9),
    )


def log(evidence: Evidence) -> Table:
    """Give everything that was ever answered or done to a theme, in the order it was done."""
    where = {one.id: one.utterance for one in evidence.units}
    rows: list[tuple[Cell, ...]] = []
    for one in evidence.record:
        unit = where[one.utterance]
        codes = "; ".join(" > ".join(each.code) for each in one.labels)
        sides = "; ".join(each.valence or "-" for each in one.labels)
        rows.append(
            (
                one.when,
                plain(one.coder),
                one.verdict,
                one.utterance,
                plain(unit.transcript),
                unit.start,
                unit.end,
                plain(codes),
                sides,
                one.how,
                one.strategy,
                one.probability,
                one.run,
                one.id,
                one.undoes,
                plain(one.note),
            )
        )
    for change in evidence.changes:
        what = plain(str(change.data))[:1000]
        rows.append(
            (change.when, plain(change.coder), f"themes: {change.kind}", *[None] * 12, what)
        )
    columns = ("when", "coder", "verdict", "utterance", "transcript", "start", "end", "codes")
    rest = ("directions", "how", "strategy", "probability", "run", "answer", "takes back", "note")
    return Table(
        "audit log",
        "Audit log",
        (*columns, *rest),
        tuple(sorted(rows, key=lambda row: str(row[0]))),
    )
