"""What the figures say, in plain sentences, with what must be known to read them."""

from collections.abc import Iterator, Mapping, Sequence

from .results import ALL_CODERS, MACHINE, Audit, Comparison, Estimate

FEW_PASSAGES = 30
FEW_PEOPLE = 10
_WIDE = 0.1
_Z = 1.96


def comparison_sentences(coders: Sequence[str], comparisons: Sequence[Comparison]) -> Iterator[str]:
    """Say how far coders agree, and how far the machine agrees with them."""
    overall = [one for one in comparisons if one.domain is None]
    human = [one for one in overall if MACHINE not in one.between]
    independent = [one for one in human if one.kind == "independent"]
    if len(coders) == 1:
        yield f"Only {coders[0]!r} has answered: agreement of coders needs a second one."
    elif not independent:
        yield (
            "No passage has independent answers of two coders yet. They come from the blind audit "
            "(`tdfnlp settings --double-share` says how much of it is coded twice) and from "
            "imported codes."
        )
    yield from _each_says(independent)
    seen = [one for one in human if one.kind == "seen"]
    yield from _each_says(seen)
    if seen:
        yield (
            "Coders who have seen a suggestion lean towards it and so towards each other: "
            "report the independent answers."
        )
    beside = [one for one in _worth_saying(overall) if MACHINE in one.between]
    for kind, against in dict.fromkeys((one.kind, one.against) for one in beside):
        some = [one for one in beside if (one.kind, one.against) == (kind, against)]
        yield from _each_says(some)


def outside_sentences(outside: int, elsewhere: bool) -> Iterator[str]:
    """Say of codes outside the framework that they are not compared."""
    if elsewhere:
        yield (
            f"No answer has a domain of the framework; {outside} have codes outside it. How far "
            "coders agree on those codes is not measured."
        )
    elif outside:
        yield (
            f"{outside} answers have nothing but codes outside the framework: they count as no "
            "domain here, and how far coders agree on those codes is not measured."
        )


def import_sentences(imported: Mapping[str, bool]) -> Iterator[str]:
    """Say under what condition imported codes can be compared."""
    if imported:
        yield (
            f"Imported codes ({', '.join(imported)}) count as independent: that holds only if "
            "they were made without the machine's or another coder's codes in sight."
        )
    partial = [name for name, whole in imported.items() if not whole]
    if partial:
        yield (
            f"The imported codes of {', '.join(partial)} say nothing of passages left uncoded, so "
            "agreement with them is on coded passages only, and chance plays a smaller part."
        )


def audit_sentences(audit: Sequence[Audit], sizes: tuple[int, int, int]) -> Iterator[str]:
    """Say what the audit says of the machine, and whether it is large enough to.

    Parameters
    ----------
    audit : sequence of Audit
    sizes : tuple of int
        Passages answered in the audit, due in it, and in the study.
    """
    audited, due, passages = sizes
    if not audit:
        yield (
            "There are no blind audit answers on suggestions yet: nothing can be said of what "
            "the machine gets wrong or misses."
        )
        return
    overall = [one for one in audit if one.domain is None]
    for one in overall if _differ(overall) else overall[:1]:
        yield from _audit_says(one, passages)
    if _differ(overall):
        yield (
            "If the newest model has learnt from these answers, its figures are flattered: "
            "the run at the time is the honest one."
        )
    if audited < due:
        yield (
            f"{due - audited} of the {due} passages that the audit has come to have no blind "
            "answer (skipped, new, or answered otherwise): the others stand for them."
        )
    yield from _too_small(overall[0])


def _each_says(rows: Sequence[Comparison]) -> Iterator[str]:
    """Say one row of all coders and how far the others lie apart, else every row."""
    together = [one for one in rows if ALL_CODERS in one.between]
    yield from map(_says, together or rows)
    known = [(one.kappa.value, " and ".join(one.between)) for one in rows if one not in together]
    defined = sorted((value, name) for value, name in known if value is not None)
    if together and len(defined) > 1:
        (low, least), (high, most) = defined[0], defined[-1]
        yield f"Of single pairs, kappa goes from {low:.2f} ({least}) to {high:.2f} ({most})."


def _says(one: Comparison) -> str:
    return _machine_says(one) if MACHINE in one.between else _coders_say(one)


def _coders_say(one: Comparison) -> str:
    who = " and ".join(one.between)
    how = "independent answers" if one.kind == "independent" else "after seeing a suggestion"
    kappa = f"Cohen's kappa {one.kappa}, " if one.kappa.value is not None else ""
    said = (
        f"{who}, {how}, {_on(one)}: the very same domains in {_percent(one.observed)}; {kappa}"
        f"Krippendorff's alpha {one.alpha}, {one.alpha_masi} where sets that overlap count in "
        f"part (MASI); positive agreement {one.positive}."
    )
    if one.directions:
        said += f" Same direction in {_percent(one.direction)} of {one.directions}."
    return said + _few(one.passages, one.participants)


def _machine_says(one: Comparison) -> str:
    how = "before seeing a suggestion" if one.kind == "independent" else "after seeing it"
    return (
        f"{one.between[0]}, {how}, and the machine ({one.against}), {_on(one)}: the very same "
        f"domains in {_percent(one.observed)}; Cohen's kappa {one.kappa}; positive agreement "
        f"{one.positive}." + _few(one.passages, one.participants)
    )


def _worth_saying(overall: Sequence[Comparison]) -> Iterator[Comparison]:
    """Of each coder's rows those of the newest run, and the earlier ones where they differ."""
    newest = {}
    for one in overall:
        if one.against == "newest run":
            newest[one.between, one.kind] = one
            yield one
        elif one.against:
            other = newest.get((one.between, one.kind))
            if other is None or (one.passages, one.kappa) != (other.passages, other.kappa):
                yield one


def _audit_says(one: Audit, passages: int) -> Iterator[str]:
    right = f"of its suggestions {_percent(one.precision)} were right (n = {one.suggested})"
    yield (
        f"Blind audit of {one.passages} passages of {one.participants} people ({one.against}): "
        f"{right if one.suggested else 'it suggested nothing'}; of coded passages "
        f"{_percent(one.recall)} had a right domain suggested and {_percent(one.first_guess)} had "
        f"one put first (n = {one.coded})."
    )
    if one.missed.value is not None:
        yield (
            f"Of {passages} passages it misses an estimated {one.missed.shown(0)} that a person "
            f"would code: {one.abstained.shown(0)} on which it abstains, {one.wrong.shown(0)} for "
            "which it suggests something else."
        )


def _too_small(one: Audit) -> Iterator[str]:
    share, low, high = one.precision.value, one.precision.low, one.precision.high
    wide = low is None or high is None or high - low > 2 * _WIDE
    if one.suggested >= FEW_PASSAGES and one.participants >= FEW_PEOPLE and not wide:
        return
    # From Wald's formula, with an even share where the sample is too small to know it.
    known = share if share is not None and one.suggested >= FEW_PASSAGES else 0.5
    wanted = max(FEW_PASSAGES, round(_Z**2 * known * (1 - known) / _WIDE**2))
    if one.suggested < wanted:
        more = round((wanted - one.suggested) * one.passages / max(one.suggested, 1))
        how_many = f"about {more} more audit answers" if one.suggested else "more audit answers"
        need = f"a margin of {_WIDE:.0%} for its suggestions needs {how_many}"
    else:
        need = f"it needs answers on more people than {one.participants}"
    yield f"The audit is too small to rely on: {need}."


def _differ(overall: Sequence[Audit]) -> bool:
    return len({(one.precision, one.recall, one.missed) for one in overall}) > 1


def _on(one: Comparison) -> str:
    return f"{one.passages} passages of {one.participants} people"


def _few(passages: int, people: int) -> str:
    few = f" Too few passages to rely on (under {FEW_PASSAGES})." if passages < FEW_PASSAGES else ""
    narrow = f" Of under {FEW_PEOPLE} people: the intervals are too narrow."
    return few + narrow if people < FEW_PEOPLE else few


def _percent(one: Estimate) -> str:
    if one.value is None:
        return "an unknown share"
    said = f"{one.value:.0%}"
    if one.low is None or one.high is None:
        return said
    return f"{said} ({one.low:.0%} to {one.high:.0%})"
