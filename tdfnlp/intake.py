"""What goes into a study file: transcripts, and a model's suggestions for all of it."""

from dataclasses import asdict, dataclass

from .codebook import TDF_CODEBOOK
from .coding import Study
from .embedding import Encoder
from .export import Suggestions
from .model import Model
from .segmentation import segment
from .store import Added, Run, Store
from .suggest import Progress, predict, suggestions


@dataclass(frozen=True, slots=True)
class Filled:
    """What came into a study.

    Attributes
    ----------
    added : Added
        Transcripts.
    result : Suggestions
        For the whole study, also for what was in it before.
    """

    added: Added
    result: Suggestions


def fill(
    store: Store,
    study: Study,
    model: Model,
    *,
    encoder: Encoder | None = None,
    progress: Progress | None = None,
) -> Filled:
    """Take transcripts and codes into a study, and suggest for all that is in it.

    For all of it and not for the new ones, because what the passages of a study have in common is
    taken off before classifying; what was encoded before comes from the cache.

    Raises
    ------
    InputError
        A transcript of that name is there with another text.
    """
    added = store.add_transcripts(study.transcripts, segment(study.transcripts))
    store.add_codes(study.codes)
    return Filled(added, refresh(store, model, encoder=encoder, progress=progress))


def refresh(
    store: Store,
    model: Model,
    *,
    encoder: Encoder | None = None,
    progress: Progress | None = None,
) -> Suggestions:
    """Suggest anew for the whole study, as a run of its own; earlier runs stay in the record."""
    encoder = encoder or model.load_encoder()
    model.check_encoder(encoder)
    units = store.units()
    utterances = [one.utterance for one in units]
    found = predict(utterances, model, encoder, progress=progress)
    run = Run(
        id=0,
        model=model.id,
        encoder=str(encoder.fingerprint),
        codebook=TDF_CODEBOOK.hash,
        thresholds=asdict(model.thresholds),
        facts=model.facts,
    )
    store.add_run(run, [one.id for one in units], found)
    items = suggestions(utterances, model, found)
    return Suggestions(tuple(items), model.id, study=Study(store.transcripts()))
