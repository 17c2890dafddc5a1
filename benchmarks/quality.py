"""How good suggestions are, beside simpler ways, on topics and studies that were not trained on.

Real quotes coded by published authors are read from ``../shared/evaluation`` where that folder is
there; they are never trained on. The sample study and the corpus are invented text.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from tdfnlp.classifier import Proba, fit_head
from tdfnlp.embedding import Encoder
from tdfnlp.formats import find, read
from tdfnlp.framework import DOMAINS, TDF, VALENCES
from tdfnlp.metrics import (
    Truth,
    bootstrap_interval,
    cohen_kappa,
    expected_calibration_error,
    top_k_accuracy,
)
from tdfnlp.model import Model
from tdfnlp.segmentation import is_substantial
from tdfnlp.thresholds import decide
from tdfnlp.training import (
    Item,
    encode_questions,
    fit_default,
    label_arrays,
    read_items,
    topic_folds,
    training_files,
)

from .report import ROOT, keep, print_table

EVALUATION = ROOT.parent / "shared" / "evaluation"
DATA = ROOT / "training_data"

Predict = Callable[[Sequence[Item]], Proba]
"""Test items of one study to scores, shape (n, 14 or 15)."""
System = Callable[[Sequence[Item]], Predict]
"""Training items to what predicts."""


@dataclass(frozen=True, slots=True)
class Exam:
    """A test set. `groups` are resampled whole for the intervals."""

    name: str
    items: tuple[Item, ...]
    groups: tuple[str, ...]
    truth: npt.NDArray[np.bool_]


def exam(name: str, items: Sequence[Item], groups: Sequence[str]) -> Exam:
    """Make a test set out of coded items."""
    truth = np.array([[d in dict(item.domains) for d in DOMAINS] for item in items])
    return Exam(name, tuple(items), tuple(groups), truth)


def real_exams() -> list[Exam]:
    """Build one test set per paper in the evaluation folder; none where it is not there."""
    papers: dict[str, list[Item]] = {}
    for file in sorted(EVALUATION.glob("*.jsonl")):
        for line in file.read_text("utf-8").splitlines():
            record = json.loads(line)
            valence = record.get("valence", "neutral")
            domains = tuple((domain, valence) for domain in record["domains"])
            name = f"{file.stem}: {record['paper']}"
            papers.setdefault(name, []).append(
                Item(record["id"], name, record["text"], "", domains)
            )
    return [
        exam(name, items, [item.id for item in items])
        for name, items in papers.items()
        if len(items) >= 10
    ]


def invented_exams() -> list[Exam]:
    """Build the two sets of whole invented interviews, each passage with its question."""
    sample = DATA / "sample_study"
    return [
        _interview_exam("sample study", sample / "gold.jsonl", sample / "interviews"),
        _interview_exam(
            "12 interviews", DATA / "interviews" / "gold.jsonl", DATA / "interviews" / "transcripts"
        ),
    ]


def _interview_exam(name: str, gold_file: Path, folder: Path) -> Exam:
    """Resampled by person; the sample study is one study, the other interviews one each."""
    gold = [json.loads(line) for line in gold_file.read_text("utf-8").splitlines()]
    transcripts = {one.id: one for file, _ in find([folder]) for one in read(file).transcripts}
    items = []
    for number, record in enumerate(gold):
        transcript = transcripts[record["transcript"]]
        asked = ""
        for turn in transcript.turns:
            said = transcript.text[turn.start : turn.end]
            if turn.start > record["start"]:
                break
            if turn.role == "interviewer" and is_substantial(said):
                asked = said
        domains = tuple(record["domains"].items())
        topic = name if name == "sample study" else record["transcript"]
        items.append(Item(str(number), topic, record["text"], asked, domains))
    return exam(name, items, [record["transcript"] for record in gold])


def majority(train: Sequence[Item]) -> Predict:
    """Propose the most frequent domain, always."""
    counts = np.array([sum(d in dict(item.domains) for item in train) for d in DOMAINS], float)
    return lambda test: np.tile(counts / counts.sum(), (len(test), 1))


def keywords(_train: Sequence[Item]) -> Predict:
    """Count words of a domain's name and constructs that occur in the text."""
    plain = {"and", "of", "or", "the", "including", "model", "about"}
    words = [
        {
            word.strip("(),").lower()[:6]
            for phrase in (d.name, *d.constructs)
            for word in phrase.replace("/", " ").split()
        }
        - plain
        for d in TDF
    ]

    def predict(test: Sequence[Item]) -> Proba:
        said = [{w.strip(".,?!").lower()[:6] for w in item.text.split()} for item in test]
        return np.array([[len(one & own) + 1e-3 * len(own) for own in words] for one in said])

    return predict


def tfidf(train: Sequence[Item]) -> Predict:
    """Weigh words and word pairs by TF-IDF, then logistic regression."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression

    vectoriser = TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True)
    pairs = [(item.text, domain) for item in train for domain, _ in item.domains]
    rows = vectoriser.fit_transform(text for text, _ in pairs)
    fitted = LogisticRegression(C=10, max_iter=1000).fit(rows, [d for _, d in pairs])
    order = [list(fitted.classes_).index(domain) for domain in DOMAINS]

    def predict(test: Sequence[Item]) -> Proba:
        proba = fitted.predict_proba(vectoriser.transform(item.text for item in test))
        return np.asarray(proba[:, order])

    return predict


def zero_shot(encoder: Encoder) -> System:
    """Cosine to the domains' definitions."""
    definitions = encoder.encode(f"{d.name}: {d.definition}" for d in TDF)

    def predict(test: Sequence[Item]) -> Proba:
        shares = np.exp(20.0 * (encoder.encode(item.text for item in test) @ definitions.T))
        return np.asarray(shares / shares.sum(axis=1, keepdims=True), dtype=np.float64)

    return lambda _train: predict


def frozen(encoder: Encoder) -> System:
    """Vectors as they come, then logistic regression: no centring, no question."""

    def fit(train: Sequence[Item]) -> Predict:
        rows = encoder.encode(item.text for item in train).astype(np.float64)
        head = fit_head(rows, label_arrays(train)[0])
        return lambda test: head.predict_proba(encoder.encode(item.text for item in test))

    return fit


def ours(encoder: Encoder, model: Model | None = None) -> System:
    """Predict the shipped way, by `model` or by one fitted on the training items."""

    def fit(train: Sequence[Item]) -> Predict:
        fitted = model or fit_default(train, encoder)
        return lambda test: fitted.predict_proba(
            encoder.encode(item.text for item in test),
            encode_questions([item.question for item in test], encoder),
        )

    return fit


def held_out(system: System, items: Sequence[Item]) -> Proba:
    """Predict each topic by a system trained on the other folds; a topic is one study."""
    topics = np.array([item.topic for item in items])
    proba = np.zeros((len(items), len(DOMAINS) + 1))
    for fold in topic_folds(topics, 0):
        predict = system([items[row] for row in np.flatnonzero(~fold).tolist()])
        rows: list[int] = np.flatnonzero(fold).tolist()
        proba[rows] = by_study(predict, [items[row] for row in rows])
    return proba


def by_study(predict: Predict, items: Sequence[Item]) -> Proba:
    """Predict study by study, as users hand them in: each item's topic is its study."""
    proba = np.zeros((len(items), len(DOMAINS) + 1))
    for topic in sorted({item.topic for item in items}):
        rows = [row for row, item in enumerate(items) if item.topic == topic]
        found = predict([items[row] for row in rows])
        proba[rows, : found.shape[1]] = found
    return proba


def score(proba: Proba, test: Exam) -> dict[str, Any]:
    """Figures over the coded passages of a test set, with 95 % intervals."""
    coded = np.asarray(test.truth.any(axis=1))
    shown, truth = proba[coded][:, : len(DOMAINS)], test.truth[coded]
    groups = [group for group, keep_it in zip(test.groups, coded, strict=True) if keep_it]
    rows = np.arange(len(shown))
    best = shown.argmax(axis=1)
    right = truth[rows, best]
    # One label a passage for kappa: the guess where it is among the labels, else the first label.
    single = np.where(right, best, truth.argmax(axis=1))
    confidence = shown[rows, best]
    figures: dict[str, Any] = {"n": len(shown)}
    for name, k in (("top_1", 1), ("top_3", 3)):
        statistic = partial(_top_k_of, shown, truth, k)
        low, high = bootstrap_interval(statistic, groups, repeats=500)
        figures[name] = [round(v, 3) for v in (top_k_accuracy(shown, truth, k), low, high)]
    figures["kappa"] = round(
        cohen_kappa([DOMAINS[i] for i in best], [DOMAINS[i] for i in single]), 3
    )
    if confidence.max() <= 1:
        figures["ece"] = round(expected_calibration_error(confidence, right), 3)
    return figures


def _top_k_of(proba: Proba, truth: Truth, k: int, some: npt.NDArray[np.intp]) -> float:
    return top_k_accuracy(proba[some], truth[some], k)


def direction(model: Model, encoder: Encoder, test: Exam) -> dict[str, Any]:
    """Share right between barrier and facilitator, given the coded domain."""
    answers = encoder.encode(item.text for item in test.items)
    questions = encode_questions([item.question for item in test.items], encoder)
    pairs = [
        (row, DOMAINS.index(domain), VALENCES.index(valence))
        for row, item in enumerate(test.items)
        for domain, valence in item.domains[:1]
        if valence in VALENCES[:2]
    ]
    domains = np.zeros(len(test.items), dtype=np.intp)
    for row, domain, _ in pairs:
        domains[row] = domain
    proba = model.predict_valence_proba(answers, questions, domains)
    right = np.array([proba[row, :2].argmax() == valence for row, _, valence in pairs])
    groups = [test.groups[row] for row, _, _ in pairs]
    low, high = bootstrap_interval(lambda some: float(right[some].mean()), groups, repeats=500)
    return {"n": len(right), "direction": [round(float(v), 3) for v in (right.mean(), low, high)]}


def per_domain(proba: Proba, test: Exam) -> dict[str, list[float]]:
    """Precision, recall, F1 and count of each domain, taking the most probable one."""
    coded = test.truth.any(axis=1)
    best, truth = proba[coded][:, : len(DOMAINS)].argmax(axis=1), test.truth[coded]
    table = {}
    for place, domain in enumerate(DOMAINS):
        guessed, held = best == place, truth[:, place]
        hits = int((guessed & held).sum())
        precision = hits / max(1, int(guessed.sum()))
        recall = hits / max(1, int(held.sum()))
        f1 = 2 * precision * recall / max(1e-9, precision + recall)
        table[domain] = [round(v, 3) for v in (precision, recall, f1)] + [int(held.sum())]
    return table


def uncoded(proba: Proba, model: Model, test: Exam) -> dict[str, float]:
    """Tell what the default thresholds do with talk outside the framework, and with coded talk."""
    decisions = np.array(decide(proba, model.thresholds))
    coded = test.truth.any(axis=1)
    suggested = decisions == "suggest"
    best = proba[:, : len(DOMAINS)].argmax(axis=1)
    right = test.truth[np.arange(len(best)), best]
    return {
        "precision of suggestions": round(float(right[suggested].mean()), 3),
        "share suggested": round(float(suggested.mean()), 3),
        "uncoded talk suggested": round(float(suggested[~coded].mean()), 3)
        if not coded.all()
        else 0,
        "coded talk abstained": round(float((decisions[coded] == "abstain").mean()), 3),
    }


def main(arguments: Sequence[str]) -> None:
    """Print the ladder on every test set."""
    encoder, model = Encoder.load(), Model.load(*arguments[:1])
    own = encoder if model.encoder["sha256"] == encoder.fingerprint.sha256 else model.load_encoder()
    items = [item for file in training_files(DATA) for item in read_items(file)]
    corpus = exam("corpus, topics held out", items, [item.topic for item in items])
    real = real_exams()
    exams = [*invented_exams(), *real]
    if not real:
        print("No ../shared/evaluation here: figures on invented text only. Do not quote them.")
    ladder: dict[str, System] = {
        "majority": majority,
        "keywords": keywords,
        "TF-IDF + LR": tfidf,
        "zero-shot definitions": zero_shot(encoder),
        "frozen vectors + LR": frozen(encoder),
    }
    results: dict[str, Any] = {"model": model.id, "ladder": {}}
    for name, system in {**ladder, "tdfnlp": ours(own, model)}.items():
        fitted = ours(own) if name == "tdfnlp" else system
        proba = {corpus.name: held_out(fitted, items)}
        predict = system(items)
        proba |= {one.name: by_study(predict, one.items) for one in exams}
        results["ladder"][name] = {
            one.name: score(proba[one.name], one) for one in (corpus, *exams)
        }
    results["direction"] = {one.name: direction(model, own, one) for one in exams}
    results["per_domain"] = {one.name: per_domain(proba[one.name], one) for one in exams}
    results["thresholds"] = {one.name: uncoded(proba[one.name], model, one) for one in exams}
    _print(results, [one.name for one in (corpus, *exams)])
    keep("quality", results)


def _print(results: dict[str, Any], names: Sequence[str]) -> None:
    for name in names:
        rows = []
        for system, figures in results["ladder"].items():
            mine = figures[name]
            spans = [f"{v[0]:.2f} ({v[1]:.2f}-{v[2]:.2f})" for v in (mine["top_1"], mine["top_3"])]
            rows.append([system, *spans, f"{mine['kappa']:.2f}", f"{mine.get('ece', '')}"])
        title = f"{name} (n = {rows and results['ladder']['majority'][name]['n']})"
        print_table(title, ("system", "top 1", "top 3", "kappa", "ECE"), rows)
    rows = [
        [
            name,
            str(one["n"]),
            f"{one['direction'][0]:.2f} ({one['direction'][1]:.2f}-{one['direction'][2]:.2f})",
        ]
        for name, one in results["direction"].items()
    ]
    print_table("Barrier or facilitator", ("set", "n", "right"), rows)
    rows = [[name, *map(str, one.values())] for name, one in results["thresholds"].items()]
    header = ("set", *next(iter(results["thresholds"].values())))
    print_table("Decisions at the default thresholds", header, rows)
