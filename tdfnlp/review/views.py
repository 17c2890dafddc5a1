"""What the page is told, as plain dictionaries for JSON."""

import numpy as np

from ..coding import Suggestion
from ..consensus import settle
from ..errors import InputError
from ..framework import DOMAINS, TDF
from ..queue import Only, Question, next_questions
from ..queue.desk import AUDIT, double_rows
from ..store import Answer, Given, Label, Wanted
from ..transcript import Utterance
from .context import context
from .desk import Desk

Json = dict[str, object]

_WHY = {
    "audit": "it was drawn at random",
    "double": "a second coder's view is wanted",
    "margin": "two readings are close",
    "least-confident": "the model is unsure",
    "entropy": "the model is unsure",
    "rare": "its domain has few codes so far",
    "typical": "it stands for many passages like it",
    "random": "it was drawn at random",
}
CODES = 3
"""How many of the study's own codes are shown with a passage."""
NOTHING_LEFT = "Nothing is left to ask you here."
NOTHING_THERE = (
    "The study has no passages yet. Add transcripts: tdfnlp suggest FILES --study STUDY."
)


def study_view(desk: Desk, coder: str) -> Json:
    """Tell what stays the same while a coder works: codebook, transcripts, groups, model."""
    sources = desk.sources()
    runs = desk.store.runs()
    groups = {one.group for one in sources.transcripts.values() if one.group}
    return {
        "coder": coder,
        "study": desk.key,
        "name": desk.store.name,
        "model": runs[-1].model if runs else None,
        "codebook": codebook_view(desk),
        "transcripts": list(sources.transcripts),
        "groups": sorted(groups),
    }


def codebook_view(desk: Desk) -> Json:
    """Tell the 14 domains, each with its meaning and the study's codes under it."""
    codes = [one for one in desk.codes().values() if one.codable and one.path != (one.domain,)]
    return {
        "domains": [
            {
                "name": domain.name,
                "definition": domain.definition,
                "constructs": list(domain.constructs),
                "codes": [list(one.path) for one in codes if one.domain == domain.name],
            }
            for domain in TDF
        ],
        "others": [list(one.path) for one in codes if one.domain not in DOMAINS],
        "outside": desk.outside(),
    }


def next_view(desk: Desk, coder: str, only: Only) -> Json:
    """Hand the coder's next question out, with the passages around it."""
    found = next_questions(desk.store, coder=coder, n=1, **only)
    if not found:
        there = desk.store.count()
        return {"question": None, "message": NOTHING_LEFT if there else NOTHING_THERE}
    return {"question": question_view(desk, found[0])}


def question_view(desk: Desk, question: Question) -> Json:
    """Tell one question; a blind one without any suggestion."""
    return passage_view(desk, question.id, question.utterance) | {
        "blind": question.blind,
        "why": _WHY.get(question.strategy, question.strategy),
        "run": None if question.blind else question.run,
        "suggestion": None if question.blind else _suggestion(desk, question),
    }


def passage_view(desk: Desk, number: int, one: Utterance) -> Json:
    """Tell one utterance in its context."""
    sources = desk.sources()
    name, place, total = sources.places[number]
    return context(sources.transcripts[name], one) | {
        "utterance": number,
        "transcript": name,
        "group": one.group,
        "position": place,
        "of": total,
        "speaker": one.speaker,
        "role": one.role,
        "begins": one.begins,
    }


def progress_view(desk: Desk, coder: str) -> Json:
    """Tell how far the coder and the study are, and what was found so far."""
    standing = desk.standing()
    answered = {one.utterance for one in standing.answers if one.verdict != "skip"}
    confirmed = standing.verdicts.confirmed.values()
    return {
        "own": standing.own.get(coder, 0),
        "answered": len(answered),
        "total": desk.store.count(),
        "domains": {name: standing.domains.get(name, 0) for name in DOMAINS},
        "outside": standing.outside,
        "none": sum(not labels for labels in confirmed),
        "open": len(standing.verdicts.open),
    }


def advice_view(desk: Desk, _coder: str) -> Json:
    """Tell whether to go on, and how far coders agree."""
    return {"advice": list(desk.advice()), "agreement": list(desk.agreement())}


def conflict_view(desk: Desk, coder: str, after: int) -> Json:
    """Tell the next utterance on which coders differ, with what each of them said.

    Those that the coder may still be asked to code come after that.
    """
    standing = desk.standing()
    opened = standing.verdicts.open
    later = desk.unseen(coder, opened) if opened else set()
    left = [one for one in opened if one not in later]
    number = next((one for one in left if one > after), left[0] if left else None)
    if number is None:
        return {"left": 0, "later": len(later), "conflict": None}
    sides = [one for one in standing.answers if one.utterance == number]
    (unit,) = desk.store.units([number])
    return {
        "left": len(left),
        "later": len(later),
        "conflict": passage_view(desk, number, unit.utterance)
        | {"sides": [_side(one) for one in sides if one.verdict != "skip"]},
    }


def store_answer(desk: Desk, coder: str, given: Given) -> Json:
    """Store an answer; what the page gets is proof that it is on the disk."""
    runs = {one.id for one in desk.store.runs()}
    if given.run is not None and given.run not in runs:
        raise InputError(f"The study has no run {given.run}.")
    if given.how == "adjudication":
        _check_open(desk, given)
    (stored,) = desk.store.answer(coder, given)
    desk.stored(stored.token)
    return {"stored": stored.token, "verdict": stored.verdict}


def _check_open(desk: Desk, given: Given) -> None:
    """Refuse to decide anew, unawares, what somebody else has decided meanwhile."""
    record = desk.store.record(utterance=given.utterance)
    if any(one.token == given.token for one in record):
        return  # the same request again
    standing = [one for one in desk.store.answers() if one.utterance == given.utterance]
    if record and not settle(standing).open:
        raise InputError("Coders no longer differ on this passage: somebody has decided it.")


def undo_view(desk: Desk, coder: str, token: str) -> Json:
    """Take the coder's last answer back, and put the question again as it was put."""
    undone = desk.store.undo(coder, token)
    if undone is None:
        return {"undone": False}
    before = next(
        one for one in desk.store.record(utterance=undone.utterance) if one.id == undone.undoes
    )
    desk.undone(before.token)
    told: Json = {"undone": True, "labels": _labels(before.labels), "note": before.note}
    if before.how == "adjudication":
        return told | {"conflict": undone.utterance}
    return told | {"question": _again(desk, coder, before)}


def _again(desk: Desk, coder: str, before: Answer) -> Json | None:
    blind = before.how == "blind audit" or before.strategy == AUDIT
    pool = desk.store.pool()
    twice = double_rows(pool, desk.store.settings())[np.searchsorted(pool.ids, before.utterance)]
    slots = 2 if twice else 1
    wanted = Wanted(before.utterance, blind, before.strategy, before.probability, slots)
    # A lease that ran out, or that a skip gave back, is taken again; one that holds stays.
    desk.store.assign(coder, [wanted], 1)
    held = desk.store.assignments(coder, pending=True)
    found = next_questions(desk.store, coder=coder, n=len(held)) if held else ()
    return next((question_view(desk, one) for one in found if one.id == before.utterance), None)


def _suggestion(desk: Desk, question: Question) -> Json | None:
    one = question.suggestion
    if one is None:
        return None
    rows = zip(one.domains, one.confidences, one.valences, one.valence_confidences, strict=True)
    return {
        "model": one.model,
        "decision": one.decision,
        "domains": [
            {"name": name, "confidence": sure, "valence": valence, "valence_confidence": direction}
            for name, sure, valence, direction in rows
        ],
        "codes": _ranked(desk, question, one),
    }


def _ranked(desk: Desk, question: Question, one: Suggestion) -> list[Json]:
    """Tell the most probable of the study's own codes, of those that can be chosen here."""
    found = desk.store.predictions([question.id], question.run)
    if found is None or found.own is None:
        return []
    proba = found.own.proba[0, :-1]
    known = desk.codes()
    ranked = [
        {
            "path": list(path),
            "domain": known[path].domain,
            "confidence": float(proba[place]),
            "suggested": one.code_suggested and path == one.code,
        }
        for place in np.argsort(-proba, kind="stable")
        if (path := found.own.codes[place].path) in known and known[path].codable
    ]
    return ranked[:CODES]


def _side(one: Answer) -> Json:
    return {
        "coder": one.coder,
        "how": one.how,
        "labels": _labels(one.labels),
        "note": one.note,
    }


def _labels(labels: tuple[Label, ...]) -> list[Json]:
    return [
        {"code": list(one.code), "domain": one.domain, "valence": one.valence} for one in labels
    ]
