"""Agreement as sentences, tables and files."""

import html
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from ..errors import InputError
from ..files import replacing
from ..spreadsheet import as_text, as_utf8, workbook
from .results import ALL_CODERS, MACHINE, Audit, Comparison, Estimate
from .wording import (
    audit_sentences,
    comparison_sentences,
    import_sentences,
    outside_sentences,
)

if TYPE_CHECKING:
    import pandas as pd

Clean = Callable[[str], str]
Table = type[Comparison] | type[Audit]


@dataclass(frozen=True, slots=True)
class Agreement:
    """How far coders agree with each other and with the machine.

    Attributes
    ----------
    coders : tuple of str
        All who answered.
    comparisons : tuple of Comparison
        Coders with coders first, then with the machine.
    audit : tuple of Audit
        What the blind audit says of the machine; empty without one.
    audited, due, passages : int
        Passages answered in the audit, those it has come to, and all of the study.
    imported : dict
        Coders whose codes were imported, and whether passages they left uncoded came too.
    outside : int
        Answers with nothing but codes outside the framework, which count as no domain.
    elsewhere : bool
        Whether there are such answers and none with a domain: then nothing is compared.
    """

    coders: tuple[str, ...]
    comparisons: tuple[Comparison, ...]
    audit: tuple[Audit, ...]
    audited: int
    due: int
    passages: int
    imported: dict[str, bool]
    outside: int = 0
    elsewhere: bool = False

    def overall(self, *, kind: str = "independent") -> tuple[Comparison, ...]:
        """Comparisons over all domains: coders with coders, and with the newest run."""
        return tuple(
            one
            for one in self.comparisons
            if one.domain is None and one.kind == kind and one.against != "run at the time"
        )

    def main(self) -> Comparison | None:
        """Give the row to report: independent answers of all coders; None where there is none."""
        people = [one for one in self.overall() if MACHINE not in one.between]
        return next((one for one in people if one.between == (ALL_CODERS,)), None) or next(
            iter(people), None
        )

    def sentences(self) -> tuple[str, ...]:
        """Say it in plain sentences."""
        if not self.coders:
            return ("Nobody has answered anything yet.",)
        if self.elsewhere:
            return tuple(outside_sentences(self.outside, self.elsewhere))
        return (
            *comparison_sentences(self.coders, self.comparisons),
            *outside_sentences(self.outside, self.elsewhere),
            *import_sentences(self.imported),
            *audit_sentences(self.audit, (self.audited, self.due, self.passages)),
        )

    def to_pandas(self) -> "pd.DataFrame":
        """One row a comparison and domain; each figure with its interval in two further columns."""
        return _frame(Comparison, self.comparisons, as_utf8)

    def audit_to_pandas(self) -> "pd.DataFrame":
        """One row for each domain of the audit, and one for all of them."""
        return _frame(Audit, self.audit, as_utf8)

    def as_dict(self) -> dict[str, Any]:
        """Everything, as JSON can hold it."""
        return {
            "coders": list(self.coders),
            "comparisons": [_record(one, as_utf8) for one in self.comparisons],
            "audit": [_record(one, as_utf8) for one in self.audit],
            "audited": self.audited,
            "due": self.due,
            "passages": self.passages,
            "sentences": list(self.sentences()),
        }

    def save(self, path: Path | str) -> None:
        """Write the tables; the suffix says how: .xlsx, .csv or .json.

        A .csv holds both tables, and the column ``part`` says which.

        Raises
        ------
        InputError
            Another suffix.
        OutputError
            The place cannot be written.
        """
        path = Path(path)
        check_suffix(path)
        with replacing(path) as part:
            _WRITERS[path.suffix.lower()](self, part)

    def _repr_html_(self) -> str:
        """Show sentences and both tables in a notebook."""
        lines = "".join(f"<p>{html.escape(one)}</p>" for one in self.sentences())
        tables = (self.to_pandas(), self.audit_to_pandas())
        shown = [one.round(2).to_html(index=False, na_rep="") for one in tables if len(one)]
        return as_utf8(lines + "".join(shown))


def check_suffix(path: Path) -> None:
    """Raise an InputError that lists the suffixes, unless the path has one of them."""
    if path.suffix.lower() not in _WRITERS:
        known = ", ".join(_WRITERS)
        raise InputError(f"Cannot write {path.name!r}: the name must end in {known}.")


def _record(one: Comparison | Audit, clean: Clean) -> dict[str, Any]:
    record: dict[str, Any] = {}
    for field in fields(one):
        value = getattr(one, field.name)
        if isinstance(value, Estimate):
            record[field.name] = value.value
            record[f"{field.name}_low"], record[f"{field.name}_high"] = value.low, value.high
        elif isinstance(value, tuple):
            record[field.name] = clean(" and ".join(value))
        elif field.name == "domain":
            record[field.name] = value or "all domains"
        else:
            record[field.name] = value
    return record


def _columns(kind: Table) -> Iterator[str]:
    for field in fields(kind):
        yield field.name
        if field.type is Estimate:
            yield from (f"{field.name}_low", f"{field.name}_high")


def _frame(kind: Table, rows: Iterable[Comparison | Audit], clean: Clean) -> "pd.DataFrame":
    import pandas as pd

    return pd.DataFrame([_record(one, clean) for one in rows], columns=list(_columns(kind)))


def _write_csv(result: Agreement, path: Path) -> None:
    import pandas as pd

    parts = {
        "coders": _frame(Comparison, result.comparisons, as_text),
        "audit": _frame(Audit, result.audit, as_text),
    }
    table = pd.DataFrame(
        [{"part": name} | row for name, frame in parts.items() for row in frame.to_dict("records")],
        columns=["part", *dict.fromkeys([*_columns(Comparison), *_columns(Audit)])],
    )
    # The byte order mark makes Excel read it as UTF-8.
    path.write_bytes(table.to_csv(index=False).encode("utf-8-sig", "replace"))


def _write_json(result: Agreement, path: Path) -> None:
    path.write_text(json.dumps(result.as_dict(), ensure_ascii=False, indent=1) + "\n", "utf-8")


def _write_xlsx(result: Agreement, path: Path) -> None:
    with workbook(path) as book:
        notes = book.add_worksheet("What it says")
        notes.set_column(0, 0, 120, book.add_format({"text_wrap": True, "valign": "top"}))
        for row, sentence in enumerate(result.sentences()):
            notes.write_string(row, 0, as_utf8(sentence))
        head = book.add_format({"bold": True, "bg_color": "#1F3864", "font_color": "white"})
        _sheet(book.add_worksheet("Coders"), head, Comparison, result.comparisons)
        _sheet(book.add_worksheet("Audit"), head, Audit, result.audit)


def _sheet(sheet: Any, head: Any, kind: Table, rows: Iterable[Comparison | Audit]) -> None:
    columns = list(_columns(kind))
    sheet.set_column(0, 0, 30)
    sheet.set_column(1, len(columns) - 1, 14)
    sheet.freeze_panes(1, 1)
    sheet.write_row(0, 0, [name.replace("_", " ") for name in columns], head)
    for row, one in enumerate(rows, start=1):
        for place, value in enumerate(_record(one, as_utf8).values()):
            if isinstance(value, str):
                sheet.write_string(row, place, value)
            elif value is not None:
                sheet.write_number(row, place, value)


_WRITERS: Mapping[str, Callable[[Agreement, Path], None]] = MappingProxyType(
    {".xlsx": _write_xlsx, ".csv": _write_csv, ".json": _write_json}
)
