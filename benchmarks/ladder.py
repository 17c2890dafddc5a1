"""The systems that are measured: from always the same domain up to the shipped models."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from tdfnlp.classifier import Floats, Proba, features, fit_head, study_mean
from tdfnlp.embedding import Encoder
from tdfnlp.framework import DOMAINS, TDF
from tdfnlp.items import Item, base_weights, soft_targets
from tdfnlp.model import Model
from tdfnlp.training import STRENGTH, encode_questions

Predict = Callable[[Sequence[Item]], Proba]
"""Test items of one study to scores, shape (n, 14 or 15)."""
System = Callable[[Sequence[Item]], Predict]
"""Training items to what predicts."""


def by_study(predict: Predict, items: Sequence[Item]) -> Proba:
    """Predict study by study, as users hand them in: each item's topic is its study."""
    studies: dict[str, list[int]] = {}
    for row, item in enumerate(items):
        studies.setdefault(item.topic, []).append(row)
    found = np.vstack([predict([items[row] for row in rows]) for rows in studies.values()])
    back = np.argsort(np.concatenate(list(studies.values())))
    return np.asarray(found[back])


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
        head = fit_head(rows, soft_targets(train))
        return lambda test: head.predict_proba(encoder.encode(item.text for item in test))

    return fit


def simple_systems(encoder: Encoder) -> dict[str, System]:
    """Name everything that a shipped model should beat."""
    return {
        "majority": majority,
        "keywords": keywords,
        "TF-IDF + LR": tfidf,
        "zero-shot definitions": zero_shot(encoder),
        "frozen vectors + LR": frozen(encoder),
    }


def ours(encoder: Encoder, model: Model) -> System:
    """Predict the shipped way; the model was fitted on the same items before."""
    return lambda _train: lambda test: model.predict_proba(*_encode(test, encoder))


def directions(encoder: Encoder, model: Model) -> Predict:
    """Valence of each item's first domain, shape (n, 4), where that domain is given."""

    def predict(test: Sequence[Item]) -> Proba:
        first = [DOMAINS.index(item.domains[0][0]) if item.domains else 0 for item in test]
        return model.predict_valence_proba(*_encode(test, encoder), np.array(first))

    return predict


def _encode(items: Sequence[Item], encoder: Encoder) -> tuple[Floats, Floats]:
    answers = encoder.encode(item.text for item in items)
    return answers, encode_questions([item.question for item in items], encoder)


@dataclass(frozen=True, slots=True)
class Steps:
    """Which steps of the shipped way to fit a head are taken.

    Attributes
    ----------
    centred : bool
        The study's mean is taken off each passage.
    asked : bool
        The question stands beside the answer.
    also : bool
        Second-best domains get a share of the label.
    weighted : bool
        Domains weigh half-way towards how often studies find them.
    """

    centred: bool = True
    asked: bool = True
    also: bool = True
    weighted: bool = True


def refitted(encoder: Encoder, steps: Steps) -> System:
    """Fit a head as ``training.fit_default`` does, but for the steps left out.

    Without temperature and thresholds: for accuracy, not for confidence.
    """

    def fit(train: Sequence[Item]) -> Predict:
        answers, questions = _encode(train, encoder)
        questions *= steps.asked
        asked = questions.any(axis=1)
        question_mean = questions[asked].sum(axis=0, dtype=np.float64) / max(1, asked.sum())
        means = _topic_means(answers, train) * steps.centred
        views = (questions, np.zeros_like(questions))[not steps.asked :]
        rows = [
            features(answers, shown, mean=means, question_mean=question_mean) for shown in views
        ]
        kept = train if steps.also else [replace(item, also=()) for item in train]
        targets = np.vstack([soft_targets(kept)] * len(views))
        weights = base_weights(targets) if steps.weighted else np.ones(len(targets))
        head = fit_head(np.vstack(rows), targets, weights=weights / len(views), strength=STRENGTH)
        prior = answers.mean(axis=0, dtype=np.float64)

        def predict(test: Sequence[Item]) -> Proba:
            own, shown = _encode(test, encoder)
            mean = study_mean(own, prior) * steps.centred
            shown *= steps.asked
            return head.predict_proba(features(own, shown, mean=mean, question_mean=question_mean))

        return predict

    return fit


def _topic_means(answers: Floats, items: Sequence[Item]) -> npt.NDArray[Any]:
    topics = np.array([item.topic for item in items])
    means = np.zeros(answers.shape)
    for topic in sorted(set(topics)):
        means[topics == topic] = answers[topics == topic].mean(axis=0, dtype=np.float64)
    return means
