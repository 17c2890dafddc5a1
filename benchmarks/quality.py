"""How good suggestions are, beside simpler ways, on topics and studies that were not trained on.

``python -m benchmarks quality [model ...]`` prints the tables and keeps figures and plots in
``benchmarks/results``. Real quotes are measured where they are there; no text is ever printed.
"""

import time
from collections.abc import Sequence
from importlib.util import find_spec
from statistics import median
from typing import Any

import numpy as np

from tdfnlp.classifier import Proba
from tdfnlp.embedding import Encoder
from tdfnlp.formats import find, read
from tdfnlp.model import ENCODER, Model
from tdfnlp.segmentation import segment
from tdfnlp.suggest import suggest_utterances
from tdfnlp.weights import find_weights

from . import curves
from .exams import DATA, Exam, invented_exams, pools, real_exams, split
from .ladder import by_study, directions, ours, simple_systems
from .marks import decisions, direction, per_domain, score, top_1, worst_domains
from .report import keep, print_table

_BESIDE = ("TF-IDF + LR", "zero-shot definitions", "frozen vectors + LR")

Predictions = dict[str, dict[str, Proba]]
"""System to test set to scores."""


def main(arguments: Sequence[str]) -> None:
    """Measure the named shipped models (default and fast where left out) and print."""
    started = time.perf_counter()
    models = [Model.load(name) for name in arguments or ("default", "fast")]
    seen, corpus = split()
    real = real_exams()
    if not real:
        print("No ../shared/evaluation here: figures on invented text only. Do not quote them.")
    exams = [corpus, *invented_exams(), *real]
    pooled = pools(exams)
    base, encoders = Encoder.load(), [model.load_encoder() for model in models]
    systems = simple_systems(base) | {
        _title(model): ours(own, model) for model, own in zip(models, encoders, strict=True)
    }
    predictions: Predictions = {}
    for name, system in systems.items():
        predict = system(seen)
        predictions[name] = {one.name: by_study(predict, one.items) for one in exams}
    results: dict[str, Any] = {
        "models": [model.id for model in models],
        "ladder": {
            name: {one.name: score(found[one.name], one) for one in exams}
            for name, found in predictions.items()
        },
    }
    for model, own in zip(models, encoders, strict=True):
        _measure_model(results, model, own, predictions[_title(model)], exams)
    by_pool = _by_pool(predictions, exams, pooled)
    results["shipped"] = _side_by_side(models, by_pool, pooled)
    results["learning_curve"] = curves.learning_curve(base, seen, pooled)
    results["ablations"] = curves.ablations(encoders[0], seen, pooled)
    _plot(by_pool, results["learning_curve"], [_title(model) for model in models], pooled)
    results["seconds"] = round(time.perf_counter() - started)
    _print(results, exams, pooled)
    keep("quality", results)


def _title(model: Model) -> str:
    return f"tdfnlp {model.name}"


def _plot(
    by_pool: dict[str, list[Proba]],
    points: Sequence[dict[str, Any]],
    own: Sequence[str],
    pooled: Sequence[Exam],
) -> None:
    if not find_spec("matplotlib"):
        print("No plots: they need matplotlib (pip install 'tdfnlp[bench]').")
        return
    curves.plot_reliability({name: by_pool[name] for name in own}, pooled)
    curves.plot_risk_coverage({name: by_pool[name] for name in (*own, *_BESIDE)}, pooled)
    curves.plot_learning_curve(points, pooled)


def _measure_model(
    results: dict[str, Any],
    model: Model,
    encoder: Encoder,
    found: dict[str, Proba],
    exams: Sequence[Exam],
) -> None:
    """Enter what is asked of shipped models alone, by model and test set."""
    given = directions(encoder, model)
    figures = {
        "direction": {one.name: direction(by_study(given, one.items), one) for one in exams},
        "per_domain": {one.name: per_domain(found[one.name], one) for one in exams},
        "thresholds": {
            one.name: decisions(found[one.name], model.thresholds, one) for one in exams
        },
    }
    for name, table in figures.items():
        results.setdefault(name, {})[model.name] = table


def _by_pool(
    predictions: Predictions, exams: Sequence[Exam], pooled: Sequence[Exam]
) -> dict[str, list[Proba]]:
    return {
        name: [
            np.vstack([found[one.name] for one in exams if one.kind == pool.kind])
            for pool in pooled
        ]
        for name, found in predictions.items()
    }


def _side_by_side(
    models: Sequence[Model], by_pool: dict[str, list[Proba]], pooled: Sequence[Exam]
) -> dict[str, dict[str, Any]]:
    """Set what a model is worth against what it costs."""
    speeds = _speeds(models)
    return {
        model.name: {
            **{
                pool.name: top_1(proba, pool)
                for pool, proba in zip(pooled, by_pool[_title(model)], strict=True)
            },
            "megabytes": round(_megabytes(model), 1),
            "utterances_a_second": round(speeds[model.name]),
        }
        for model in models
    }


def _megabytes(model: Model) -> float:
    """Size of the model's folder, and of the encoder's weights where they lie elsewhere."""
    assert model.folder
    files = [file for file in model.folder.rglob("*") if file.is_file()]
    if model.encoder["name"] != ENCODER:
        files.append(find_weights(model.encoder["name"]).folder / "model.safetensors")
    return sum(file.stat().st_size for file in files) / 1e6


def _speeds(models: Sequence[Model]) -> dict[str, float]:
    """Utterances of the sample study a second, from segments to suggestions, cache off.

    One run to warm up, then the median of three, in turn: a machine that slows down slows all.
    """
    files = find([DATA / "sample_study" / "interviews"])
    units = segment(one for file, group in files for one in read(file, group=group).transcripts)
    encoders = {model.name: model.load_encoder(cache=False) for model in models}
    times: dict[str, list[float]] = {model.name: [] for model in models}
    for _ in range(4):
        for model in models:
            started = time.perf_counter()
            suggest_utterances(units, model, encoders[model.name])
            times[model.name].append(time.perf_counter() - started)
    return {name: len(units) / median(some[1:]) for name, some in times.items()}


def _print(results: dict[str, Any], exams: Sequence[Exam], pooled: Sequence[Exam]) -> None:
    for one in exams:
        _print_ladder(results["ladder"], one)
    for model in results["direction"]:
        _print_model(results, model)
    pool_names = [pool.name for pool in pooled]
    header = ("model", *(f"{name}, first right" for name in pool_names), "MB", "utterances/s")
    rows = [
        [
            name,
            *(_span(one[pool]) for pool in pool_names),
            f"{one['megabytes']:.1f}",
            f"{one['utterances_a_second']:,}",
        ]
        for name, one in results["shipped"].items()
    ]
    print_table("The shipped models side by side", header, rows)
    rows = [
        [str(one["topics"]), f"{one['items']:,}", *(_span(one[pool]) for pool in pool_names)]
        for one in results["learning_curve"]
    ]
    title = "Learning curve: heads on the frozen encoder, first right"
    print_table(title, ("topics", "passages", *pool_names), rows)
    rows = [
        [name, *(_span(one[pool]) for pool in pool_names)]
        for name, one in results["ablations"].items()
    ]
    title = f"Steps left out: heads on the encoder of {results['models'][0]}, first right"
    print_table(title, ("fitted", *pool_names), rows)
    print(f"\n{results['seconds']} s")


def _print_ladder(ladder: dict[str, Any], test: Exam) -> None:
    spans, figures = ("top_1", "top_2", "top_3", "kappa"), ("ece", "brier", "aurc")
    rows = [
        [system, *(_span(found[test.name][name]) for name in spans)]
        + [_plain(found[test.name].get(name)) for name in figures]
        for system, found in ladder.items()
    ]
    title = f"{test.name} (n = {ladder['majority'][test.name]['n']:,})"
    header = ("system", "top 1", "top 2", "top 3", "kappa", "ECE", "Brier", "AURC")
    print_table(title, header, rows)


def _print_model(results: dict[str, Any], model: str) -> None:
    rows = [
        [name, str(one["n"]), _span(one["direction"]), _plain(one["always the commoner"])]
        for name, one in results["direction"][model].items()
    ]
    header: tuple[str, ...] = ("set", "n", "right", "always the commoner")
    print_table(f"Barrier or facilitator, {model}", header, rows)
    thresholds = results["thresholds"][model]
    rows = [
        [name, *(_span(one) if isinstance(one, list) else _plain(one) for one in found.values())]
        for name, found in thresholds.items()
    ]
    header = ("set", *next(iter(thresholds.values())))
    print_table(f"Decisions at the default thresholds, {model}", header, rows)
    rows = [
        [name, domain, *map(_plain, table[domain][:3]), str(table[domain][3])]
        for name, table in results["per_domain"][model].items()
        for domain in worst_domains(table)
    ]
    header = ("set", "domain", "precision", "recall", "F1", "n")
    print_table(f"Weakest domains, {model}", header, rows)


def _span(figure: Sequence[float]) -> str:
    value, low, high = figure
    return f"{value:.2f} ({low:.2f} to {high:.2f})"


def _plain(figure: float | None) -> str:
    return "" if figure is None else f"{figure:.2f}"
