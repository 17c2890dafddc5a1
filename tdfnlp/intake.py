"""What goes into a study file: transcripts, a model's suggestions, and codings made elsewhere."""

import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime

from .codebook import TDF_CODEBOOK, Code
from .coding import Coding, Study
from .consensus import direction
from .embedding import Encoder
from .errors import InputError
from .exchange import all_codes
from .export import Suggestions
from .formats.conventions import ROOT, is_machine
from .framework import Valence
from .landing import adjudicator, fill_up, landed, placed, spans, undirected
from .mapping import tie
from .model import Model
from .predicting import Progress, predict
from .segmentation import segment
from .store import Added, Answer, Given, Label, Run, Store, stamp
from .suggest import suggestions
from .transcript import Transcript

_NVIVO = frozenset({"NVivo", "NV"})
"""Users in whose name NVivo codes by itself."""


@dataclass(frozen=True, slots=True)
class Filled:
    """What came into a study.

    Attributes
    ----------
    added : Added
        Transcripts.
    result : Suggestions
        For the whole study, also for what was in it before.
    notes : tuple of str
        What to look at, one sentence each.
    """

    added: Added
    result: Suggestions
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Imported:
    """What came of codings.

    Attributes
    ----------
    added : Added
        Transcripts.
    coders : tuple of str
        Whose codings they are.
    answers : int
        Utterances with a new answer, counted per coder.
    empty : int
        Those of them that no code applies, as ``complete`` takes them.
    known : int
        Answers that were in the study just so.
    kept : int
        Answers that were left as they are because the coder gave them in this program.
    notes : tuple of str
        What was left out and why, one sentence each.
    """

    added: Added
    coders: tuple[str, ...]
    answers: int
    empty: int
    known: int
    kept: int
    notes: tuple[str, ...]


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
    notes = tuple(_copies(store, study.transcripts))
    added = store.add_transcripts(study.transcripts, segment(study.transcripts))
    store.add_codes(tie(peoples_codes(study.codes)).codebook.codes)
    return Filled(added, refresh(store, model, encoder=encoder, progress=progress), notes)


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
    if found.own:
        # A coder can take only what the study's codebook has. What it has stays as it is.
        there = {one.path for one in store.codes()}
        store.add_codes(one for one in found.own.codes if one.path not in there)
    items = suggestions(utterances, model, found)
    return Suggestions(tuple(items), model.id, study=Study(store.transcripts()))


def import_codings(store: Store, study: Study, *, complete: bool = False) -> Imported:
    """Take the codings of people into a study, as their coders' answers.

    A coding lands on the utterances of which it covers at least half, or in which at least half of
    it lies. What one coder said of one utterance is one answer; what the coder answered in this
    program stays. The same codings again add nothing.

    Parameters
    ----------
    store : Store
    study : Study
        Its codes tied to domains (``mapping``). Transcripts that are not in the study file are
        added. Quotes of a code export, and codings of another reading of a transcript, are looked
        for in the study file's own text.
    complete : bool
        Whether each coder coded the whole of every transcript in which he or she coded anything:
        then no code applies to the rest of it. Otherwise nothing is known of the rest.

    Returns
    -------
    Imported

    Raises
    ------
    InputError
        There are no codings of people.
    """
    people = peoples_codings(study)
    left = len(study.codings) - len(people)
    notes = [f"{left} codings of machine users were left out."] if left else []
    study, placing = placed(store, replace(study, codings=tuple(people)))
    notes += placing
    notes += _copies(store, study.transcripts)
    added = store.add_transcripts(study.transcripts, segment(study.transcripts))
    store.add_codes(peoples_codes(all_codes(study)))
    codes = {code.path: code for code in store.codes()}
    notes += _differing(codes, peoples_codes(study.codes))
    places = spans(store)
    heard, missed = landed(study.codings, places)
    if missed:
        notes.append(f"{missed} codings are on no participant's speech and were left out.")
    notes += _untied(codes, study.codings)
    if complete:
        fill_up(heard, places)
    counts = [
        _import_coder(store, coder, [_given(unit, some, codes) for unit, some in said.items()])
        for coder, said in sorted(heard.items())
    ]
    new, empty, known, kept = (sum(column[at] for column in counts) for at in range(4))
    coders = sorted({adjudicator(user) or user for user in heard})
    return Imported(added, tuple(coders), new, empty, known, kept, tuple(notes))


def _copies(store: Store, given: Iterable[Transcript]) -> Iterator[str]:
    """Name new transcripts with the text of another one: a renamed file, or one saved twice."""
    stored = store.transcripts()
    names = {one.content_hash: one.id for one in reversed(stored)}
    there = {one.id for one in stored}
    for one in given:
        first = names.setdefault(one.content_hash, one.id)
        if one.id not in there and first != one.id:
            yield (
                f"{one.id!r} has the very text of {first!r}, so that everything in it counts "
                "twice. If that is a mistake, make a new study without one of them: transcripts "
                "cannot be taken out of a study."
            )


def peoples_codings(study: Study) -> list[Coding]:
    """Give the codings that people made.

    Raises
    ------
    InputError
        There are none.
    """
    people = [one for one in study.codings if one.how != "suggested" and not is_program(one.coder)]
    if not people:
        raise InputError(
            "There are no codings of people to import. Transcripts without any go into a study "
            "with `tdfnlp suggest --study`."
        )
    return people


def is_program(coder: str) -> bool:
    """Whether this user is a program: codings in its name are no person's."""
    return is_machine(coder) or coder in _NVIVO


def peoples_codes(codes: Iterable[Code]) -> list[Code]:
    """Leave out what an earlier export adds: codes of suggestions, and those that say a direction.

    A coding of the latter becomes one of the code above it, with that direction.
    """
    return [
        code for code in codes if code.path[:1] != (ROOT,) and undirected(code.path)[0] == code.path
    ]


def _differing(codes: Mapping[tuple[str, ...], Code], given: Iterable[Code]) -> Iterator[str]:
    names = [
        " > ".join(one.path) for one in given if one.domain and codes[one.path].domain != one.domain
    ]
    if names:
        yield (
            f"{len(names)} codes have another domain in the study already, which they keep: "
            f"{', '.join(map(repr, names[:10]))}."
        )


def _untied(codes: Mapping[tuple[str, ...], Code], codings: Iterable[Coding]) -> Iterator[str]:
    """Say what becomes of codes without a domain: a study of another framework has no others."""
    used = Counter(undirected(one.code)[0] for one in codings)
    outside = [path for path in used if path not in codes or codes[path].domain is None]
    if outside:
        some = sum(used[path] for path in outside)
        yield (
            f"{some} codings are of codes without a domain ({len(outside)} of them): kept as codes "
            "outside the framework, which agreement and all figures on domains leave out."
        )


def _given(unit: int, codings: Sequence[Coding], codes: Mapping[tuple[str, ...], Code]) -> Given:
    found: dict[tuple[str, ...], list[Valence | None]] = defaultdict(list)
    for one in codings:
        path, valence = undirected(one.code)
        found[path].append(one.valence or valence)
    labels = tuple(
        Label(path, codes[path].domain if path in codes else None, direction(given))
        for path, given in sorted(found.items())
    )
    remarks = dict.fromkeys(one.note.strip() for one in codings if one.note.strip())
    when = max((moment(one.when) for one in codings), default="")
    return Given(unit, labels, note="\n".join(remarks), how="imported", when=when)


def moment(when: str) -> str:
    """Give a time in UTC as the study file writes it, "" for what is none."""
    try:
        moment = datetime.fromisoformat(when)
        return stamp(moment if moment.tzinfo else moment.replace(tzinfo=UTC))
    except (ValueError, OverflowError):
        return ""


def _import_coder(store: Store, user: str, said: Iterable[Given]) -> tuple[int, int, int, int]:
    """Store what is new; count new answers, empty ones of them, known ones, those kept."""
    decides, coder = bool(adjudicator(user)), adjudicator(user) or user
    standing = {
        one.utterance: one
        for one in store.answers(coder=coder)
        if (one.how == "adjudication") == decides
    }
    fresh: list[Given] = []
    known = kept = 0
    for one in sorted(said, key=lambda one: one.utterance):
        there = standing.get(one.utterance)
        if there and _says(there) == (set(one.labels), one.note):
            known += 1
        elif there and there.how != "imported":
            kept += 1
        else:
            fresh.append(replace(one, token=_token(user, one, there)))
    if decides:
        fresh = [replace(one, how="adjudication") for one in fresh]
    store.answer(coder, *fresh)
    return len(fresh), sum(not one.labels for one in fresh), known, kept


def _says(there: Answer) -> tuple[set[Label], str] | None:
    return None if there.verdict == "skip" else (set(there.labels), there.note)


def _token(coder: str, one: Given, there: Answer | None) -> str:
    """Make the same token for the same answer in the same place, so that it is stored once."""
    labels = sorted((label.code, label.valence or "") for label in one.labels)
    parts = [coder, one.utterance, labels, one.note, there.id if there else 0]
    return "imported " + hashlib.sha256(json.dumps(parts).encode()).hexdigest()
