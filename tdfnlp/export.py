"""Suggestions as a table, a spreadsheet, text or Parquet."""

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from html import escape
from io import BytesIO
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from .coding import DECISIONS, Study, Suggestion
from .errors import InputError
from .exchange import check_suggestions, write_suggestions
from .files import replacing
from .framework import DOMAINS
from .identifiers import flag
from .spreadsheet import as_text, as_utf8, workbook, write_cell
from .transcript import Utterance

if TYPE_CHECKING:
    import pandas as pd

PASSAGE: tuple[str, ...] = (
    "transcript",
    "group",
    "speaker",
    "role",
    "start",
    "end",
    "question",
    "text",
)
"""Columns that say which passage a row is about, in every table."""

COLUMNS: tuple[str, ...] = (
    *PASSAGE,
    "decision",
    "domain",
    "confidence",
    "valence",
    "valence_confidence",
    "domain_2",
    "confidence_2",
    "valence_2",
    "domain_3",
    "confidence_3",
    "valence_3",
    "model",
    "code",
    "code_confidence",
    "code_decision",
)
_WIDTHS = MappingProxyType(
    {"transcript": 14, "group": 16, "speaker": 14, "question": 36, "text": 70, "model": 18}
    | {"code": 30}
    | dict.fromkeys(("domain", "domain_2", "domain_3"), 30)
)
_WIDTH = 11
_COLOURS = MappingProxyType({"suggest": "#CFE8D5", "ask": "#FFF2CC", "abstain": "#E7E6E6"})
_SHOWN = 20
PROJECT = ".qdpx"


@dataclass(frozen=True, slots=True)
class Suggestions:
    """The result of one run.

    Attributes
    ----------
    items : tuple of Suggestion
        One per utterance, in the order of the sources.
    model : str
        Id of the model that made them.
    failures : tuple of str
        Files that could not be read, one sentence each.
    study : Study
        What they are about.
    """

    items: tuple[Suggestion, ...]
    model: str
    failures: tuple[str, ...] = ()
    study: Study = field(default_factory=lambda: Study(()))

    def __len__(self) -> int:
        return len(self.items)

    def __iter__(self) -> Iterator[Suggestion]:
        return iter(self.items)

    def to_pandas(self) -> "pd.DataFrame":
        """One row per utterance, columns as in ``COLUMNS``; positions are code points."""
        return _frame(self, as_utf8)

    def _repr_html_(self) -> str:
        """Show the first rows in a notebook."""
        columns = ["transcript", "speaker", "text", "decision", "domain", "confidence", "valence"]
        if any(item.code for item in self.items[:_SHOWN]):
            columns += COLUMNS[-3:]
        shown = _frame(replace(self, items=self.items[:_SHOWN]), as_utf8)[columns]
        more = len(self) - len(shown)
        table: str = shown.to_html(index=False, na_rep="", float_format="{:.2f}".format)
        left = f" ({more:,} more rows)" if more else ""
        return f"{table}<p>Model {escape(self.model)}: suggestions only, people decide.{left}</p>"

    def decisions(self) -> dict[str, int]:
        """How many utterances were suggested, put to a person, abstained from."""
        counts = Counter(item.decision for item in self.items)
        return {decision: counts[decision] for decision in DECISIONS}

    def domains(self) -> dict[str, int]:
        """How many utterances have each domain suggested."""
        counts = Counter(item.domains[0] for item in self.items if item.decision == "suggest")
        return {domain: counts[domain] for domain in DOMAINS}

    def codes(self) -> dict[str, int]:
        """How many utterances have each of the study's own codes suggested; those with any."""
        counts = Counter(" > ".join(item.code) for item in self.items if item.code_suggested)
        return {code: counts[code] for code in sorted(counts)}

    def save(self, path: Path | str) -> tuple[str, ...]:
        """Write them; the suffix says how. Nothing half-written is ever left.

        Parameters
        ----------
        path : Path or str
            Ends in .xlsx, .csv, .jsonl, .parquet or .qdpx. Spreadsheet formulas in speech are
            written as text; in .csv such a cell gets a leading apostrophe. A .qdpx holds them as
            codings of a machine user, beside all that was in the project they come from.

        Returns
        -------
        tuple of str
            What the file could not carry, one sentence each.

        Raises
        ------
        InputError
            Another suffix, or a file that the study was read from.
        OutputError
            The place cannot be written.
        """
        path = Path(path)
        check_suffix(path)
        check_suggestions(path, self.study)
        if path.suffix.lower() == PROJECT:
            return write_suggestions(path, self.items, self.study, self.model)
        with replacing(path) as part:
            _WRITERS[path.suffix.lower()](self, part)
        return ()


def check_suffix(path: Path) -> None:
    """Raise an InputError that lists the suffixes, unless the path has one of them."""
    known = (*_WRITERS, PROJECT)
    if path.suffix.lower() not in known:
        raise InputError(f"Cannot write {path.name!r}: the name must end in {', '.join(known)}.")


def passage(unit: Utterance) -> dict[str, Any]:
    """Say which passage a row is about, by ``PASSAGE``."""
    return {column: getattr(unit, column) for column in PASSAGE}


def _record(item: Suggestion) -> dict[str, Any]:
    record = passage(item.utterance) | {
        "decision": item.decision,
        "model": item.model,
        "valence_confidence": round(item.valence_confidences[0], 4),
        "code": " > ".join(item.code),
        "code_confidence": round(item.code_confidence, 4) if item.code else None,
        "code_decision": ("suggest" if item.code_suggested else "ask") if item.code else "",
    }
    for place, suffix in enumerate(("", "_2", "_3")):
        record["domain" + suffix] = item.domains[place]
        record["confidence" + suffix] = round(item.confidences[place], 4)
        record["valence" + suffix] = item.valences[place]
    return record


def _write_csv(result: Suggestions, path: Path) -> None:
    # The byte order mark makes Excel read it as UTF-8.
    table = _frame(result, as_text)
    path.write_bytes(table.to_csv(index=False).encode("utf-8-sig", "replace"))


def _frame(result: Suggestions, clean: Callable[[str], str]) -> "pd.DataFrame":
    import pandas as pd

    records = [
        {key: clean(value) if isinstance(value, str) else value for key, value in record.items()}
        for record in map(_record, result)
    ]
    return pd.DataFrame(records, columns=list(COLUMNS))


def _write_jsonl(result: Suggestions, path: Path) -> None:
    with path.open("w", encoding="utf-8", errors="replace", newline="\n") as stream:
        for item in result:
            record = _record(item)
            line = {column: record[column] for column in COLUMNS}
            stream.write(json.dumps(line, ensure_ascii=False) + "\n")


def write_parquet(result: Suggestions, where: Path | BytesIO) -> None:
    """Write Parquet with types that do not depend on the values, so that files can be joined."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    def kind(column: str) -> Any:
        if column in ("start", "end"):
            return pa.int64()
        return pa.float64() if "confidence" in column else pa.string()

    schema = pa.schema([(column, kind(column)) for column in COLUMNS])
    frame = _frame(result, as_utf8)
    pq.write_table(pa.Table.from_pandas(frame, schema, preserve_index=False), where)


def _write_xlsx(result: Suggestions, path: Path) -> None:
    with workbook(path) as book:
        _suggestion_sheet(book, result)
        _summary_sheet(book, result)


def _suggestion_sheet(book: Any, result: Suggestions) -> None:
    sheet = book.add_worksheet("Suggestions")
    head = book.add_format({"bold": True, "bg_color": "#1F3864", "font_color": "white"})
    plain = {"valign": "top", "text_wrap": True}
    cell = book.add_format(plain)
    percent = book.add_format(plain | {"num_format": "0%"})
    coloured = {
        decision: book.add_format(plain | {"bg_color": colour, "bold": True})
        for decision, colour in _COLOURS.items()
    }
    for place, column in enumerate(COLUMNS):
        sheet.set_column(place, place, _WIDTHS.get(column, _WIDTH))
        sheet.write_string(0, place, column.replace("_", " "), head)
    sheet.freeze_panes(1, 1)
    sheet.autofilter(0, 0, max(1, len(result)), len(COLUMNS) - 1)
    for row, item in enumerate(result, start=1):
        record = _record(item)
        for place, column in enumerate(COLUMNS):
            style = percent if "confidence" in column else cell
            style = coloured[item.decision] if column == "decision" else style
            write_cell(sheet, (row, place), record[column], style)


def _summary_sheet(book: Any, result: Suggestions) -> None:
    sheet = book.add_worksheet("Summary")
    bold = book.add_format({"bold": True})
    wrap = book.add_format({"text_wrap": True, "valign": "top"})
    sheet.set_column(0, 0, 44)
    sheet.set_column(1, 1, 90)
    row = 0
    for title, lines in _summary(result).items():
        sheet.write_string(row, 0, title, bold)
        for name, value in lines:
            row += 1
            sheet.write_string(row, 0, name, wrap)
            write_cell(sheet, (row, 1), value, book.add_format({"align": "left"}))
        row += 2


def _summary(result: Suggestions) -> Mapping[str, list[tuple[str, str | int]]]:
    meanings = {
        "suggest": "confident enough to propose; a person still confirms",
        "ask": "a person should look: the model is unsure between domains",
        "abstain": "probably no TDF content",
    }
    return {
        "This run": [
            ("Model", result.model),
            ("Transcripts", len(result.study.transcripts)),
            ("Utterances", len(result)),
            ("Identifiers", flag(result.study.transcripts).summary()),
        ],
        "Decisions": [
            (f"{name}: {meanings[name]}", count) for name, count in result.decisions().items()
        ],
        "Suggested per domain": [*result.domains().items()],
        **({"Suggested per code of your own": [*own.items()]} if (own := result.codes()) else {}),
        "Files that could not be read": [(text, "") for text in result.failures],
        "Notes on reading": [(text, "") for text in result.study.notes],
        "What this is": [
            ("Suggestions are made by a machine and are often wrong.", "People decide."),
            ("Confidence", "calibrated on invented interviews; on a new study it may be too high"),
        ],
    }


_WRITERS: Mapping[str, Callable[[Suggestions, Path], None]] = MappingProxyType(
    {
        ".xlsx": _write_xlsx,
        ".csv": _write_csv,
        ".jsonl": _write_jsonl,
        ".parquet": write_parquet,
    }
)
