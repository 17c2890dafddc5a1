"""How good any model is on what people confirmed."""

from .classifier import Proba
from .confirmed import Lessons
from .embedding import Encoder
from .evaluation import Bools, Figures, measure
from .fitting import tabulate
from .model import Model
from .thresholds import decide


def evaluate(
    model: Model, lessons: Lessons, *, encoder: Encoder | None = None, random_state: int = 0
) -> Figures:
    """Measure a model on what people confirmed.

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
    proba, truth = predict_lessons(lessons, model, encoder)
    people = [one.person for one in lessons.units]
    decisions = decide(proba, model.thresholds)
    return measure(proba, truth, decisions, people, random_state=random_state)


def predict_lessons(
    lessons: Lessons, model: Model, encoder: Encoder | None = None
) -> tuple[Proba, Bools]:
    """Predict for lessons with any model; gives probabilities (n, 15) and the truth (n, 14)."""
    encoder = encoder or model.load_encoder()
    model.check_encoder(encoder)
    examples = tabulate(lessons, model, encoder)
    return model.domain_head.predict_proba(examples.rows), examples.truth
