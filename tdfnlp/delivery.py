"""A study file for other programs: a REFI-QDA project, or a table of who said what of what."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeAlias

from .coding import Coding, Study, Suggestion
from .consensus import settle
from .errors import InputError
from .exchange import check_target, write, write_suggestions
from .export import PASSAGE, passage
from .files import replacing
from .framework import DOMAINS
from .landing import adjudicating, directed
from .predictions import Predictions
from .spelling import meaning
from .spreadsheet import CELL_LIMIT, as_cell, as_text, workbook
from .store import Answer, Label, Run, Store
from .themes import themed_study

COLUMNS: tuple[str, ...] = (
    "utterance",
    *PASSAGE,
    "coder",
    "verdict",
    "codes",
    "domains",
    "valences",
    "note",
    "how",
    "strategy",
    "probability",
    "when",
    "run",
    "model",
    "suggested_domain",
    "suggested_confidence",
    "suggested_valence",
    "suggested_decision",
    "suggested_code",
    "suggested_code_confidence",
    "suggested_code_decision",
    "consensus",
    "consensus_codes",
    "consensus_domains",
    "consensus_valences",
)
_WIDE = frozenset({"question", "text", "note", "codes", "suggested_code", "consensus_codes"})
_Record: TypeAlias = dict[str, Any]


def export_study(store: Store, path: Path | str) -> tuple[str, ...]:
    """Write what a study file holds; the suffix says how.

    Parameters
    ----------
    store : Store
    path : Path or str
        ``.qdpx``: transcripts, codes, each coder's codings as codings of that user, and the newest
        suggestions as those of a machine user. ``.qdc``: the codes alone, themes that people
        named among them. ``.xlsx``, ``.csv``, ``.jsonl``: one row per
        utterance and coder, with the suggestion that was shown and what holds once all coders are
        heard. In ``.jsonl`` codes are lists, elsewhere paths joined by " > ".

    Returns
    -------
    tuple of str
        What the file cannot carry, one sentence each.

    Raises
    ------
    InputError
        Another suffix, nothing to write, or a file that transcripts were read from.
    OutputError
        The place cannot be written.
    """
    path = Path(path)
    check_suffix(path)
    if path.suffix.lower() == ".qdpx":
        return _write_project(store, path)
    if path.suffix.lower() == ".qdc":
        return write(path, Study((), codes=themed_study(store).codes))
    check_target(path, Study(store.transcripts()))
    records = list(_records(store))
    if not records:
        raise InputError("Nobody has answered yet; a .qdpx would hold texts and suggestions.")
    with replacing(path) as part:
        _WRITERS[path.suffix.lower()](records, part)
    return tuple(_too_long(records)) if path.suffix.lower() == ".xlsx" else ()


def check_suffix(path: Path) -> None:
    """Raise an InputError that lists the suffixes, unless the path has one of them."""
    known = (".qdpx", ".qdc", *_WRITERS)
    if path.suffix.lower() not in known:
        raise InputError(f"Cannot write {path.name!r}: the name must end in {', '.join(known)}.")


def _write_project(store: Store, path: Path) -> tuple[str, ...]:
    study = themed_study(store)
    check_target(path, study)
    # A project of its own: from a source it would be that source with the suggestions only.
    transcripts = tuple(replace(one, source=None) for one in study.transcripts)
    codings = tuple(_of_user(_with_direction(one)) for one in study.codings)
    study = replace(study, transcripts=transcripts, codings=codings)
    silent = sum(one.verdict in ("none", "skip") for one in store.answers())
    notes = [f"{silent} answers without a code are not in a project."] if silent else []
    runs = store.runs()
    items = _newest(store, runs[-1]) if runs else []
    return (*write_suggestions(path, items, study, runs[-1].model if runs else ""), *notes)


def _with_direction(one: Coding) -> Coding:
    """Say a coding's direction by a code, where its own code does not: a project has no other."""
    said = next((found for found in map(meaning, reversed(one.code)) if found.directed), None)
    if one.valence is None or (said and said.valence == one.valence):
        return one
    return replace(one, code=directed(one.code, one.valence))


def _of_user(one: Coding) -> Coding:
    """Keep what a coder decided for all apart from what the coder had said."""
    decided = one.how == "adjudication"
    return replace(one, coder=adjudicating(one.coder)) if decided else one


def _newest(store: Store, run: Run) -> list[Suggestion]:
    """Give a run's suggestions; what came in later has none."""
    units = store.units()
    found = store.predictions([one.id for one in units], run.id)
    cuts = run.thresholds.get("suggest")
    if found is None or not isinstance(cuts, list):
        return []
    items = found.suggestions([one.utterance for one in units], run.model, cuts)
    return [one for one in items if one.decision]


def _records(store: Store) -> Iterator[_Record]:
    answers = sorted(store.answers(), key=lambda one: (one.utterance, one.id))
    verdicts = settle(answers)
    units = {one.id: one.utterance for one in store.units(list({a.utterance for a in answers}))}
    shown = _shown(store, answers)
    names = {one.id: one.model for one in store.runs()}
    open_ = set(verdicts.open)
    for one in answers:
        unit = units[one.utterance]
        agreed = verdicts.confirmed.get(one.utterance)
        state = "open" if one.utterance in open_ else "" if agreed is None else "settled"
        yield {
            "utterance": one.utterance,
            **passage(unit),
            "coder": one.coder,
            "verdict": one.verdict,
            **_labels("", one.labels),
            "note": one.note,
            "how": one.how,
            "strategy": one.strategy,
            "probability": one.probability,
            "when": one.when,
            "run": one.run,
            "model": names.get(one.run or 0),
            **shown.get((one.run or 0, one.utterance), {}),
            "consensus": state,
            **_labels("consensus_", agreed or ()),
        }


def _labels(prefix: str, labels: Sequence[Label]) -> _Record:
    return {
        f"{prefix}codes": [list(one.code) for one in labels],
        f"{prefix}domains": [one.domain for one in labels],
        f"{prefix}valences": [one.valence for one in labels],
    }


def _shown(store: Store, answers: Iterable[Answer]) -> dict[tuple[int, int], _Record]:
    """Give the suggestion that was in sight of each answer, by run and utterance."""
    seen: dict[int, list[int]] = {}
    for one in answers:
        if one.run is not None:
            seen.setdefault(one.run, []).append(one.utterance)
    found: dict[tuple[int, int], _Record] = {}
    for run, ids in seen.items():
        said = store.predictions(ids, run)
        if said is None:
            continue
        for row, unit in enumerate(ids):
            first = int(said.proba[row, :-1].argmax())
            found[run, unit] = {
                "suggested_domain": DOMAINS[first],
                "suggested_confidence": round(float(said.proba[row, first]), 4),
                "suggested_valence": said.valence(row, first),
                "suggested_decision": said.decisions[row],
                **_own_code(said, row),
            }
    return found


def _own_code(said: Predictions, row: int) -> _Record:
    """Give the most probable of the study's own codes."""
    own = said.own
    if own is None:
        return {}
    first = int(own.proba[row, :-1].argmax())
    sure = own.suggested(said.decisions)[row]
    return {
        "suggested_code": own.codes[first].path,
        "suggested_code_confidence": round(float(own.proba[row, first]), 4),
        "suggested_code_decision": "suggest" if sure else "ask",
    }


def _write_jsonl(records: Iterable[_Record], path: Path) -> None:
    with path.open("w", encoding="utf-8", errors="replace", newline="\n") as stream:
        for one in records:
            line = {column: one.get(column) for column in COLUMNS}
            stream.write(json.dumps(line, ensure_ascii=False) + "\n")


def _write_csv(records: Iterable[_Record], path: Path) -> None:
    import csv

    # The byte order mark makes Excel read it as UTF-8.
    with path.open("w", encoding="utf-8-sig", newline="") as stream:
        table = csv.writer(stream)
        table.writerow(COLUMNS)
        for one in records:
            cells = [_cell(one.get(column)) for column in COLUMNS]
            table.writerow([as_text(cell) if isinstance(cell, str) else cell for cell in cells])


def _write_xlsx(records: Sequence[_Record], path: Path) -> None:
    with workbook(path) as book:
        sheet = book.add_worksheet("Codings")
        head = book.add_format({"bold": True})
        wrap = book.add_format({"text_wrap": True, "valign": "top"})
        for place, column in enumerate(COLUMNS):
            sheet.set_column(place, place, 50 if column in _WIDE else 14)
            sheet.write_string(0, place, column.replace("_", " "), head)
        sheet.freeze_panes(1, 2)
        sheet.autofilter(0, 0, len(records), len(COLUMNS) - 1)
        for row, one in enumerate(records, start=1):
            for place, column in enumerate(COLUMNS):
                cell = _cell(one.get(column))
                if isinstance(cell, str):
                    sheet.write_string(row, place, as_cell(cell), wrap)
                elif cell is not None:
                    sheet.write_number(row, place, cell, wrap)


def _too_long(records: Iterable[_Record]) -> Iterator[str]:
    cells = (_cell(value) for one in records for value in one.values())
    cut = sum(isinstance(cell, str) and len(cell) > CELL_LIMIT for cell in cells)
    if cut:
        yield f"{cut} cells were cut at Excel's limit of {CELL_LIMIT:,} characters."


def _cell(value: object) -> str | float | None:
    """Spell labels in one cell: paths by " > ", one after the other by "; ", "none" for None."""
    if isinstance(value, tuple):
        return " > ".join(value)
    if isinstance(value, list):
        parts = [" > ".join(one) if isinstance(one, list) else one or "none" for one in value]
        return "; ".join(parts)
    return value if isinstance(value, str | int | float) else None


_WRITERS: Mapping[str, Callable[[Sequence[_Record], Path], None]] = MappingProxyType(
    {".xlsx": _write_xlsx, ".csv": _write_csv, ".jsonl": _write_jsonl}
)
