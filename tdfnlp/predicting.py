"""From utterances to predictions: encode answers and questions, then classify."""

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from .classifier import Floats, Proba, study_mean
from .embedding import Encoder
from .model import Model
from .parallel import Loading, each, loaded, loading
from .predictions import Predictions
from .thresholds import decide
from .transcript import Utterance

Progress = Callable[[str, int, int], object]
"""Called with the stage's name, how much is done, and how much there is."""

_PIECE = 1_024
"""Texts that a worker gets at a time: some seconds of work."""


def predict(
    utterances: Sequence[Utterance],
    model: Model,
    encoder: Encoder,
    *,
    progress: Progress | None = None,
    n_jobs: int | None = None,
) -> Predictions:
    """Predict for the utterances of one whole study, as arrays, row by row in their order."""
    report = progress or silent
    done = 0

    def count(more: int) -> None:
        nonlocal done
        done += more
        report("Encoding", done, len(utterances))

    texts = [one.text for one in utterances]
    if n_jobs in (None, 1):
        answers = encoder.encode(texts, progress=count)
    else:
        answers = _encode_apart(texts, loading(model, encoder), n_jobs, count)
    asked, vectors = encode_questions(utterances, encoder)
    return classify(utterances, model, answers, vectors[asked])


def encode_questions(
    utterances: Sequence[Utterance], encoder: Encoder
) -> tuple[npt.NDArray[np.intp], Floats]:
    """Encode each question once.

    Returns
    -------
    asked : array of int, shape (n,)
        Row of each utterance's question in `vectors`.
    vectors : array, shape (m, d)
        Zeros for no question.
    """
    rows = {question: row for row, question in enumerate({u.question: 0 for u in utterances})}
    vectors = encoder.encode(rows)
    if "" in rows:
        vectors[rows[""]] = 0
    return np.array([rows[one.question] for one in utterances], dtype=np.intp), vectors


def classify(
    utterances: Sequence[Utterance],
    model: Model,
    answers: Floats,
    questions: Floats,
    mean: Proba | None = None,
) -> Predictions:
    """Predict from vectors, row by row.

    Parameters
    ----------
    utterances : sequence of Utterance, length n
    model : Model
    answers, questions : array, shape (n, d)
        Vectors; zeros where there is no question.
    mean : array, shape (d,), optional
        The study's mean vector, where the utterances are a part of it.
    """
    mean = study_mean(answers, model.mean) if mean is None else mean
    proba, valences = model.predict(answers, questions, mean=mean)
    own = model.predict_own(answers, questions, mean=mean)
    decisions = decide(proba, model.thresholds)
    for row, one in enumerate(utterances):
        if not any(map(str.isalpha, one.text)):  # nothing can be said of it
            decisions[row] = "abstain"
            if own:
                own.proba[row] = np.eye(len(own.codes) + 1)[-1]
    return Predictions(proba, valences, tuple(decisions), answers, own)


def _encode_apart(
    texts: Sequence[str], what: Loading, n_jobs: int | None, count: Callable[[int], object]
) -> Floats:
    pieces = [(what, texts[start : start + _PIECE]) for start in range(0, len(texts), _PIECE)]
    found = []
    for vectors in each(_encode_piece, pieces, n_jobs):
        found.append(vectors)
        count(len(vectors))
    return np.concatenate(found)


def _encode_piece(task: tuple[Loading, Sequence[str]]) -> Floats:
    what, texts = task
    return loaded(what)[1].encode(texts)


def silent(_stage: str, _done: int, _total: int) -> None:
    """Report no progress."""
