"""The codings of a study as a table, to be counted and read in other programs."""

import csv
import io
from collections.abc import Iterator
from typing import Any

from .coding import Study
from .spreadsheet import as_text

COLUMNS: tuple[str, ...] = (
    "source",
    "group",
    "coder",
    "how",
    "code",
    "domain",
    "valence",
    "start",
    "end",
    "when",
    "note",
    "text",
)


def rows(study: Study) -> Iterator[dict[str, Any]]:
    """Give one row per coding, in the order of the study.

    Parameters
    ----------
    study : Study
        Domains come from its ``codes``: tie them first (``mapping``).

    Yields
    ------
    dict of str to str, int or None
        Keys as in ``COLUMNS``. ``code`` is the path joined by " > "; ``start`` and ``end`` are
        code points in the transcript, half-open; ``how`` is "suggested" for what a machine coded;
        ``text`` is that slice, "" where the study has
        no such transcript. Domain, valence and group are None where they are not known.
    """
    texts = {one.id: one for one in study.transcripts}
    domains = {code.path: code.domain for code in study.codes}
    valences = {code.path: code.valence for code in study.codes}
    for coding in study.codings:
        source = texts.get(coding.transcript)
        yield {
            "source": coding.transcript,
            "group": source.group if source else None,
            "coder": coding.coder,
            "how": coding.how,
            "code": " > ".join(coding.code),
            "domain": domains.get(coding.code),
            "valence": coding.valence or valences.get(coding.code),
            "start": coding.start,
            "end": coding.end,
            "when": coding.when,
            "note": coding.note,
            "text": source.text[coding.start : coding.end] if source else "",
        }


def to_csv(study: Study) -> str:
    """Write the codings as a table with a row of column names.

    Returns
    -------
    str
        Rows end in CR LF. What a spreadsheet would take for a formula has an apostrophe before it.
        Write it as UTF-8 with a byte order mark, and Excel reads it right.
    """
    stream = io.StringIO(newline="")
    table = csv.DictWriter(stream, COLUMNS)
    table.writeheader()
    for row in rows(study):
        table.writerow(
            {key: as_text(value) if isinstance(value, str) else value for key, value in row.items()}
        )
    return stream.getvalue()
