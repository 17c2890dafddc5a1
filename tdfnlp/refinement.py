"""An encoder trained further on a study's own confirmed units, with people kept from it.

The people are split once: some teach, some say when to stop, and some are kept from both, so that
the result can be measured on them. Folds would have to train an encoder each.
"""

import atexit
import shutil
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from .confirmed import Lessons
from .embedding import Encoder
from .errors import InputError
from .fitting import Examples
from .items import Item
from .model import ENCODER, Model, encoder_facts
from .network import LOUD, Start
from .predicting import Progress
from .tuning import Recipe, fine_tune, save_encoder
from .weights import find_weights

FEWEST_PEOPLE = 5
"""People under whom a split in three says nothing."""

BITS = 6
"""Of a weight on disk: mean cosine .997 to what was trained, in .4 of the room of float16."""
_RECIPE = Recipe(epochs=3, rate=1e-4)
_Places = npt.NDArray[np.intp]


@dataclass(frozen=True, slots=True, eq=False)
class Refined:
    """An encoder that learnt from some of the people.

    Attributes
    ----------
    model : Model
        The base with this encoder; its heads are the base's own still.
    encoder : Encoder
    known, apart : array of int
        Places of units of people whom it learnt from or was stopped by, and of all others.
    """

    model: Model
    encoder: Encoder
    known: _Places
    apart: _Places


def refine(
    lessons: Lessons,
    examples: Examples,
    base: Model,
    *,
    random_state: int = 0,
    progress: Progress | None = None,
) -> Refined | None:
    """Train the base's encoder further; None where the people who say when to stop gain nothing.

    Raises
    ------
    InputError
        Too few people.
    """
    people = examples.people
    if (n := len(set(people.tolist()))) < FEWEST_PEOPLE:
        raise InputError(
            f"Fine-tuning needs units of {FEWEST_PEOPLE} people; these are {n}. Train without it."
        )
    known, apart = _split(people, np.arange(len(people)), 3, random_state)
    teach, stop = _split(people, known, 4, random_state)
    items = [
        Item(str(place), str(one.study), one.text, one.question, one.domains)
        for place, one in enumerate(lessons.units)
    ]
    weights = find_weights(base.encoder_place())
    arrays = fine_tune(
        [items[place] for place in teach],
        weights,
        replace(_RECIPE, random_state=random_state),
        start=_start(base),
        held=[items[place] for place in stop],
        progress=progress,
    )
    if not arrays:
        return None
    folder = Path(tempfile.mkdtemp(prefix="tdfnlp-"))  # until the model is saved, and no longer
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    save_encoder(arrays, weights, folder / ENCODER, bits=BITS)
    encoder = Encoder.load(folder / ENCODER)
    return Refined(
        replace(base, encoder=encoder_facts(encoder), folder=folder), encoder, known, apart
    )


def _split(
    people: npt.NDArray[np.str_], places: _Places, parts: int, random_state: int
) -> tuple[_Places, _Places]:
    """Keep about one in `parts` of the people."""
    names = np.unique(people[places])
    kept = np.random.default_rng(random_state).permutation(names)[: max(1, len(names) // parts)]
    away = np.isin(people[places], kept)
    return places[~away], places[away]


def _start(base: Model) -> Start:
    """Give the base's heads as they read an answer's own vector."""
    domain, valence, width = base.domain_head, base.valence_head, len(base.mean)
    own = valence.coef[:, :width]
    rows = np.hstack([own / LOUD, valence.coef[:, 2 * width :]])
    return Start(
        (domain.coef[:, :width] / domain.temperature, domain.intercept / domain.temperature),
        (rows / valence.temperature, (valence.intercept - own @ base.mean) / valence.temperature),
    )
