"""Coders beside each other: the figures of one comparison, over all domains and for each."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
import numpy.typing as npt

from .. import reliability as rel
from ..framework import DOMAINS, VALENCES
from ..resampling import Clusters, interval, resample, tallies, totals
from .answers import NONE, Bools, Ints, Said, bits, select
from .results import NO_DOMAIN, UNDEFINED, Against, Comparison, Kind, estimate

Array = npt.NDArray[np.float64]
REPEATS = 1000
_NAMES = (*DOMAINS, NO_DOMAIN)
_PLACES = np.arange(len(VALENCES))


@dataclass(frozen=True, slots=True)
class Between:
    """What a comparison is of: names, kind, and which run, as in ``Comparison``."""

    names: tuple[str, ...]
    kind: Kind
    against: Against = ""


def compare(said: Said, people: Ints, between: Between, random_state: int) -> Iterator[Comparison]:
    """Compare coders on the passages that at least two of them answered.

    Parameters
    ----------
    said : Said
        Of two coders or more.
    people : array of int, shape (n,)
        Participant of each passage; whole people are drawn for the intervals.
    between : Between
    random_state : int

    Yields
    ------
    Comparison
        Over all domains first, then each domain that somebody used; none without such passages.
    """
    common = (said.sets > 0).sum(axis=0) > 1
    if not common.any():
        return
    said, people = select(said, range(len(said.sets)), common), people[common]
    clusters = resample(people, REPEATS, random_state)
    base = Comparison(
        between.names,
        between.kind,
        between.against,
        domain=None,
        passages=int(common.sum()),
        participants=clusters.draws.shape[1],
        used=int(((said.sets & ~(1 << NONE)) > 0).sum()),
    )
    given = bits(said.sets)
    domains, pooled = _domains(given, said.sets > 0, clusters)
    overall, directions, uses = _directions(said, clusters)
    figures = _overall(said.sets, clusters) | {"positive": pooled} | overall
    whole = replace(base, directions=int(uses.sum()))
    yield from _filled([whole], {name: values[:, None] for name, values in figures.items()})
    used = given.sum(axis=(0, 1))
    places = np.flatnonzero(used)
    rows = [
        replace(base, domain=_NAMES[one], used=int(used[one]), directions=int(uses[one]))
        for one in places
    ]
    each = domains | {"direction": directions}
    yield from _filled(rows, {name: values[:, places] for name, values in each.items()})


def _domains(given: Bools, there: Bools, clusters: Clusters) -> tuple[dict[str, Array], Array]:
    """Figures of each domain as present or absent, and positive agreement of all together."""
    uses = given.sum(axis=0).astype(float)
    coders = there.sum(axis=0)[:, None].astype(float)
    both, one = uses * (uses - 1) / 2, uses * (coders - uses)
    disagreement = 2 * one / (coders - 1)
    values = [uses, both, one, disagreement, uses / coders]
    sums = totals(clusters, np.stack(values, axis=-1))
    used, both, one, disagreement, prevalence = np.moveaxis(sums, -1, 0)
    pairs, answers, n = np.moveaxis(
        totals(clusters, np.hstack([coders * (coders - 1) / 2, coders, coders**0])), -1, 0
    )
    observed = 1 - rel.ratio(one, pairs[:, None])
    counts = np.stack([answers[:, None] - used, used], axis=-1)
    figures = {
        "observed": observed,
        "positive": rel.specific_agreement(both, one),
        "alpha": rel.alpha(disagreement, counts),
        "pabak": rel.pabak(observed),
        "ac1": rel.ac1(observed, rel.ratio(prevalence, n[:, None])),
    }
    if len(given) == 2:
        first = totals(clusters, given[0])
        second = used - first
        each = [np.stack([n[:, None] - some, some], axis=-1) for some in (first, second)]
        figures["kappa"] = rel.kappa(n[:, None] - one, *each)
    pooled = rel.specific_agreement(both[:, :NONE].sum(axis=1), one[:, :NONE].sum(axis=1))
    return figures, pooled


def _overall(sets: npt.NDArray[np.int32], clusters: Clusters) -> dict[str, Array]:
    """Figures of sets of domains as categories."""
    names, flat = np.unique(sets[sets > 0], return_inverse=True)
    codes = np.full(sets.shape, rel.MISSING)
    codes[sets > 0] = flat
    members = bits(names)
    counts = tallies(clusters, codes, len(names))
    nominal = rel.disagreements(codes, rel.nominal_distance(len(names)))
    figures = {"alpha": rel.alpha(totals(clusters, nominal), counts)}
    measures = {"alpha_jaccard": rel.jaccard_distance, "alpha_masi": rel.masi_distance}
    for name, measure in measures.items():
        distance = measure(members)
        within = totals(clusters, rel.disagreements(codes, distance))
        figures[name] = rel.alpha(within, counts, distance)
    coders = (sets > 0).sum(axis=0)
    # Ordered pairs over values less one: half of it times that is the number of pairs that differ.
    differing = totals(clusters, nominal * (coders - 1) / 2)
    pairs = totals(clusters, coders * (coders - 1) / 2)
    figures["observed"] = 1 - rel.ratio(differing, pairs)
    if len(sets) == 2:
        each = [tallies(clusters, codes[[coder]], len(names)) for coder in (0, 1)]
        figures["kappa"] = rel.kappa(pairs - differing, *each)
    return figures


def _directions(said: Said, clusters: Clusters) -> tuple[dict[str, Array], Array, Array]:
    """Figures of directions where both gave the domain and one.

    Over all domains; for each, shape (repeats + 1, 15); and on how many pairs, shape (15,).
    """
    shape = said.sets.shape[1], NONE + 1
    pairs, same = np.zeros(shape), np.zeros(shape)
    for one, other in combinations(said.directions, 2):
        both = (one >= 0) & (other >= 0)
        pairs[:, :NONE] += both
        same[:, :NONE] += both & (one == other)
    pair_sums, same_sums = totals(clusters, pairs), totals(clusters, same)
    all_pairs, all_same = pair_sums.sum(axis=1), same_sums.sum(axis=1)
    overall = {"direction": rel.ratio(all_same, all_pairs)}
    if len(said.sets) == 2:
        kept = pairs[:, :NONE, None] > 0
        each = [
            totals(clusters, ((some[..., None] == _PLACES) & kept).sum(axis=1))
            for some in said.directions
        ]
        overall["direction_kappa"] = rel.kappa(all_same, *each)
    return overall, rel.ratio(same_sums, pair_sums), pairs.sum(axis=0)


def _filled(bases: Sequence[Comparison], figures: dict[str, Array]) -> Iterator[Comparison]:
    """Enter figures over resamples, shape (repeats + 1, rows), the sample itself first."""
    columns = {}
    for name, values in figures.items():
        low, high = interval(values[1:])
        columns[name] = [*map(estimate, values[0].tolist(), low.tolist(), high.tolist())]
    for row, base in enumerate(bases):
        mine = defaultdict(lambda: UNDEFINED, {name: each[row] for name, each in columns.items()})
        yield replace(
            base,
            observed=mine["observed"],
            kappa=mine["kappa"],
            positive=mine["positive"],
            alpha=mine["alpha"],
            alpha_jaccard=mine["alpha_jaccard"],
            alpha_masi=mine["alpha_masi"],
            pabak=mine["pabak"],
            ac1=mine["ac1"],
            direction=mine["direction"],
            direction_kappa=mine["direction_kappa"],
        )
