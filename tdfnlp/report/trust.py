"""Agreement of coders with each other and with the machine, as the report prints it."""

from collections.abc import Sequence

from ..agreement import Agreement, Audit, Comparison
from .parts import Cell, Section, Table
from .text import label, plain

_KINDS = {"independent": "Independent answers", "seen": "Answers after seeing a suggestion"}


def agreement_section(found: Agreement) -> Section:
    """Give the section on agreement; sentences alone where nothing can be compared."""
    parts: list[str | Table] = [plain(one) for one in found.sentences()]
    overall = [*found.overall(), *found.overall(kind="seen")]
    if overall:
        parts.append(_overall(overall))
    main = found.main()
    if main is not None:
        domains = [one for one in found.comparisons if _same(one, main) and one.used]
        parts.append(_domains(domains, main))
    audits = [
        one for one in found.audit if one.against == "newest run" and one.coded + one.suggested
    ]
    if audits:
        parts.append(_audit(audits))
    return Section("Agreement", tuple(parts))


def _overall(found: Sequence[Comparison]) -> Table:
    rows: list[tuple[Cell, ...]] = [
        (
            _KINDS[one.kind],
            _names(one),
            one.passages,
            str(one.observed),
            str(one.kappa),
            str(one.positive),
            str(one.alpha_masi),
            str(one.direction),
        )
        for one in found
    ]
    return Table(
        "agreement",
        "Agreement over all domains",
        (
            "Answers",
            "Between",
            "Passages",
            "Same domains",
            "Cohen's kappa",
            "Positive agreement",
            "Alpha (MASI)",
            "Same direction",
        ),
        tuple(rows),
        (
            "With 95 % intervals from resampling participants. Answers given after seeing a "
            "suggestion lean towards it and agree too well: report the independent ones. The "
            "machine is the newest run.",
        ),
        grouped=True,
        widths=(1.7, 1.2, 1.3, 1.3, 1.4, 1.3, 1.3),
    )


def _domains(found: Sequence[Comparison], main: Comparison) -> Table:
    rows: list[tuple[Cell, ...]] = [
        (
            (one.domain or "All domains").capitalize(),
            one.used,
            str(one.positive),
            str(one.kappa),
            str(one.alpha),
            str(one.direction),
        )
        for one in found
    ]
    return Table(
        "agreement by domain",
        f"Agreement in each domain: {_names(main)}, independent answers",
        (
            "Domain",
            "Answers",
            "Positive agreement",
            "Cohen's kappa",
            "Alpha",
            "Same direction",
        ),
        tuple(rows),
        widths=(2.6, 1.1, 1.5, 1.5, 1.5, 1.5),
    )


def _audit(found: Sequence[Audit]) -> Table:
    rows: list[tuple[Cell, ...]] = [
        (
            one.domain or "All domains",
            one.suggested,
            one.coded,
            str(one.precision),
            str(one.recall),
            one.missed.shown(0),
        )
        for one in found
    ]
    return Table(
        "audit",
        f"What the blind audit says of the machine ({found[0].passages} passages)",
        ("Domain", "Suggested", "Coded", "Precision", "Recall", "Missed in the study"),
        tuple(rows),
        (
            "The audit is a random sample, coded without a suggestion in sight. Precision: share "
            "of suggestions that were right. Recall: share of coded passages with a right domain "
            "suggested. Missed: passages of the whole study that a person would code and the "
            "machine left out or gave another domain.",
        ),
        widths=(2.6, 1.3, 1, 1.5, 1.5, 1.5),
    )


def _same(one: Comparison, main: Comparison) -> bool:
    return (one.between, one.kind, one.against) == (main.between, main.kind, main.against)


def _names(one: Comparison) -> str:
    return " and ".join(map(label, one.between))
