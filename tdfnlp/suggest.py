"""The main job: transcripts in, suggestions out."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from .codebook import Code
from .coding import Coding, Study, Suggestion
from .embedding import Encoder
from .errors import FormatError, InputError
from .export import Suggestions
from .formats import SUFFIXES, find, read, without_results
from .matching import locate
from .model import Model
from .parallel import check_n_jobs
from .predicting import Progress, predict, silent
from .predictions import Predictions
from .segmentation import segment
from .transcript import Transcript, Turn, Utterance

Source = str | Path | Transcript | Study | Sequence[str] | Sequence[Path] | Sequence[Transcript]


@dataclass(frozen=True, slots=True)
class Collected:
    """What reading gave: a study, and the files that could not be read."""

    study: Study
    failures: tuple[str, ...] = ()


def suggest_codes(
    source: Source,
    *,
    model: Model | str | Path | None = None,
    encoder: Encoder | None = None,
    progress: Progress | None = None,
    n_jobs: int | None = None,
) -> Suggestions:
    """Suggest TDF domains and their direction for a whole study.

    Hand in the study as a whole: what its passages have in common, its topic, is taken off
    before classifying, and that works better the more there is of it.

    Parameters
    ----------
    source : path, folder, several of them, a study, transcripts, or a list of strings
        Folders are searched for readable files; a subfolder's name is the participant group. A
        list of strings that are not existing paths is taken as texts of one study: one row per
        string, no further splitting.
    model : Model, str or Path, optional
        A loaded model, a shipped model's name or a model folder; the default model where left
        out.
    encoder : Encoder, optional
        A loaded encoder with the model's weights, for many calls in one process.
    progress : callable, optional
        Gets (stage, done, total).
    n_jobs : int, optional
        Encode in so many processes, -1 for one a core, or on the cluster that
        ``joblib.parallel_config`` names. One process, the default, uses every core already; what
        does not fit into memory is for ``suggest_corpus``.

    Returns
    -------
    Suggestions
        Also says which files failed. ``.to_pandas()`` and ``.save(path)`` give it back.

    Raises
    ------
    InputError
        Nothing to read, or paths that do not exist.
    FormatError
        The only file given cannot be read.
    ModelError
        The model or encoder is missing, damaged or does not fit.

    Examples
    --------
    >>> result = suggest_codes(["Nobody ever showed me how to do it.", "I live in the village."])
    >>> list(result.to_pandas()["transcript"])
    ['text 1', 'text 2']
    """
    report = progress or silent
    check_n_jobs(n_jobs)
    chosen = model if isinstance(model, Model) else Model.load(model)
    texts = _texts(source)
    if texts is None:
        collected = collect(source, progress=report)
        utterances = segment(collected.study.transcripts)
    else:
        wholes = [_whole(number, text) for number, text in enumerate(texts, start=1)]
        collected = Collected(Study(tuple(one for one, _ in wholes)))
        utterances = [unit for _, unit in wholes]
    encoder = encoder or chosen.load_encoder()
    chosen.check_encoder(encoder)
    items = suggest_utterances(utterances, chosen, encoder, progress=report, n_jobs=n_jobs)
    return Suggestions(tuple(items), chosen.id, collected.failures, collected.study)


def suggest_utterances(
    utterances: Sequence[Utterance],
    model: Model,
    encoder: Encoder,
    *,
    progress: Progress | None = None,
    n_jobs: int | None = None,
) -> list[Suggestion]:
    """Suggest for utterances of one whole study, in their order."""
    if not utterances:
        return []
    found = predict(utterances, model, encoder, progress=progress, n_jobs=n_jobs)
    return suggestions(utterances, model, found)


def suggestions(
    utterances: Sequence[Utterance], model: Model, predictions: Predictions
) -> list[Suggestion]:
    """Read suggestions off predictions, row by row."""
    return predictions.suggestions(utterances, model.id, model.thresholds.suggest)


def collect(
    source: Source, *, progress: Progress | None = None, output: Path | None = None
) -> Collected:
    """Read everything a source names; unreadable files are reported, the rest go on.

    In folders, results that an earlier run left there are passed over, with a note.

    Raises
    ------
    InputError
        Nothing was given or found, or `output` is a file that would be read.
    FormatError
        The only file cannot be read.
    """
    if isinstance(source, Study):
        return Collected(source)
    given = [source] if isinstance(source, str | Path | Transcript) else list(source)
    if all(isinstance(one, Transcript) for one in given) and given:
        return Collected(_join([Study((one,)) for one in given if isinstance(one, Transcript)]))
    paths = [one for one in given if isinstance(one, str | Path)]
    files, notes = without_results(find(paths), paths, output)
    if not files:
        raise InputError("Nothing to read: give files, folders, transcripts or texts.")
    studies, failures = [], []
    for number, (file, group) in enumerate(files, start=1):
        try:
            studies.append(read(file, group=group))
        except FormatError as error:
            if len(files) == 1:
                raise
            failures.append(str(error))
        if progress:
            progress("Reading", number, len(files))
    study = _located(studies)
    return Collected(replace(study, notes=(*notes, *study.notes)), tuple(failures))


def _texts(source: Source) -> list[str] | None:
    """Give the strings to take as texts, or None where the source is paths or transcripts."""
    if isinstance(source, str | Path | Transcript | Study):
        return None
    strings = [one for one in source if isinstance(one, str)]
    if len(strings) < len(source) or not strings:
        return None
    there = [_exists(one) for one in strings]
    if all(there):
        return None
    looks = [one for one in strings if one.lower().endswith(SUFFIXES) and "\n" not in one]
    if any(there) or len(looks) == len(strings):
        missing = [one for one, here in zip(strings, there, strict=True) if not here]
        raise InputError(
            f"{len(missing)} of {len(strings)} strings are not existing files. Give paths that "
            "exist, or texts only."
        )
    return strings


def _exists(text: str) -> bool:
    try:
        return bool(text) and Path(text).exists()
    except (OSError, ValueError):  # too long for a file name, or holds a NUL
        return False


def _whole(number: int, text: str) -> tuple[Transcript, Utterance]:
    name = f"text {number}"
    turns = (Turn(0, len(text)),)
    return Transcript(name, text, turns), Utterance(name, 0, len(text), text, 0)


def _located(studies: Sequence[Study]) -> Study:
    """Join studies; quotes of code exports are found again where their transcripts are there."""
    whole = _join(one for one in studies if not one.excerpts)
    excerpts = [one for one in studies if one.excerpts]
    if not whole.transcripts or not excerpts:
        return _join(studies)
    found = [locate(one, whole.transcripts) for one in excerpts]
    there = {one.id for one in whole.transcripts}
    left = [
        Study(
            tuple(one for one in study.transcripts if one.id not in there),
            tuple(one for one in study.codings if one.transcript not in there),
            codes=study.codes,
        )
        for study in found
    ]
    placed = [one for study in found for one in study.codings if one.transcript in there]
    notes = [note for study in found for note in study.notes]
    whole = replace(whole, codings=(*whole.codings, *placed), notes=(*whole.notes, *notes))
    return _join([whole, *left])


def _join(studies: Iterable[Study]) -> Study:
    """One study out of several, with unique transcript ids."""
    transcripts: list[Transcript] = []
    codings: list[Coding] = []
    notes: list[str] = []
    codes: dict[tuple[str, ...], Code] = {}
    taken: dict[str, int] = {}
    excerpts = True
    for study in studies:
        names = {one.id: unique_name(one.id, taken) for one in study.transcripts}
        transcripts += [replace(one, id=names[one.id]) for one in study.transcripts]
        codings += [replace(one, transcript=names[one.transcript]) for one in study.codings]
        notes += study.notes
        codes |= {code.path: code for code in study.codes if code.path not in codes}
        excerpts &= study.excerpts
    return Study(tuple(transcripts), tuple(codings), tuple(notes), tuple(codes.values()), excerpts)


def unique_name(name: str, taken: dict[str, int]) -> str:
    """Tell a transcript from earlier ones of the same name: "P1", "P1 (2)", "P1 (3)".

    Parameters
    ----------
    name : str
    taken : dict
        Names given so far, and up to which number each was tried; gets the new one.
    """
    number, unique = taken.get(name, 0) + 1, name
    while number > 1 and (unique := f"{name} ({number})") in taken:
        number += 1
    taken[name] = number
    taken.setdefault(unique, 1)
    return unique
