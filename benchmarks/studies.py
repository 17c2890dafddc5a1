"""Gold-coded studies as arrays, and whom of them to hold out."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tdfnlp.classifier import Head, Proba, features, study_mean
from tdfnlp.embedding import Encoder
from tdfnlp.model import Model
from tdfnlp.thresholds import Thresholds
from tdfnlp.training import encode_questions

from .exams import Exam

Bools = npt.NDArray[np.bool_]
Rows = npt.NDArray[np.intp]


@dataclass(frozen=True, slots=True, eq=False)
class Study:
    """A gold-coded study as arrays.

    Attributes
    ----------
    name : str
    rows : array, shape (n, r)
        What the heads see, turned into as few dimensions as the study fills: no fit changes.
    axes : array, shape (features, r)
        These dimensions.
    vectors : array, shape (n, d)
    truth : array of bool, shape (n, 14)
    people : array of str, shape (n,)
        Held out whole.
    shipped : Head
        The shipped model's, turned likewise.
    model : Model
        The shipped one.
    surer : Thresholds
        The shipped model's for a precision of .9, set as its own are.
    """

    name: str
    rows: Proba
    axes: Proba
    vectors: npt.NDArray[np.float32]
    truth: Bools
    people: npt.NDArray[np.str_]
    shipped: Head
    model: Model
    surer: Thresholds


def study(test: Exam, model: Model, encoder: Encoder, surer: Thresholds) -> Study:
    """Make a study of a test set, centred on its own mean as one that a user hands in."""
    vectors = encoder.encode(item.text for item in test.items)
    questions = encode_questions([item.question for item in test.items], encoder)
    mean = study_mean(vectors, model.mean)
    wide = features(vectors, questions, mean=mean, question_mean=model.question_mean)
    _, sizes, axes = np.linalg.svd(wide, full_matrices=False)
    axes = axes[sizes > 1e-9].T
    head = model.domain_head
    return Study(
        test.name,
        wide @ axes,
        axes,
        vectors,
        test.truth,
        np.array(test.groups),
        Head(head.coef @ axes, head.intercept, head.temperature),
        model,
        surer,
    )


def held_out(people: npt.NDArray[np.str_], seed: int) -> Bools:
    """Choose a quarter of the people, each about equally often over the seeds."""
    names = sorted(set(people.tolist()))
    size = max(1, len(names) // 4)
    blocks = len(names) // size
    order = np.random.default_rng(seed // blocks).permutation(len(names))
    start = seed % blocks * size
    return np.isin(people, [names[place] for place in order[start : start + size]])
