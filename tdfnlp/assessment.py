"""How good any model is on what people confirmed."""

from dataclasses import replace

import numpy as np

from .classifier import Proba
from .confirmed import Lessons
from .embedding import Encoder
from .evaluation import Bools, Figures, measure
from .fitting import tabulate
from .model import Model
from .owncodes import evaluate as evaluate_own
from .thresholds import decide


def evaluate(
    model: Model, lessons: Lessons, *, encoder: Encoder | None = None, random_state: int = 0
) -> Figures:
    """Measure a model on what people confirmed: domains, and own codes if it knows any.

    Units that the model learnt from flatter it; its own ``facts`` say how good it is on people
    held out.

    Parameters
    ----------
    model : Model
    lessons : Lessons
        From ``read_lessons``.
    encoder : Encoder, optional
        A loaded encoder with the model's weights.
    random_state : int
        Of the bootstrap.
    """
    encoder = encoder or model.load_encoder()
    model.check_encoder(encoder)
    examples = tabulate(lessons, model, encoder)
    proba = model.domain_head.predict_proba(examples.rows)
    decisions = decide(proba, model.thresholds)
    told = np.array([not one.untied for one in lessons.units])
    figures = measure(
        proba[told],
        examples.truth[told],
        [one for one, keep in zip(decisions, told, strict=True) if keep],
        examples.people[told].tolist(),
        random_state=random_state,
    )
    own = evaluate_own(model, lessons, examples.rows, decisions, random_state)
    return replace(figures, own=own)


def predict_lessons(
    lessons: Lessons, model: Model, encoder: Encoder | None = None
) -> tuple[Proba, Bools]:
    """Predict for lessons with any model; gives probabilities (n, 15) and the truth (n, 14)."""
    encoder = encoder or model.load_encoder()
    model.check_encoder(encoder)
    examples = tabulate(lessons, model, encoder)
    return model.domain_head.predict_proba(examples.rows), examples.truth
