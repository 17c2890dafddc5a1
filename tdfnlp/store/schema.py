"""Tables of a study file, and how an older file becomes a newer one.

Answers are append-only: an undo and an adjudication are further rows. Dates are ISO 8601 in UTC.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Connection,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from .exact import Exact

METADATA = MetaData()
_T = TypeVar("_T")
_SLICE = 500
_ID = BigInteger().with_variant(Integer, "sqlite")  # SQLite counts only INTEGER keys by itself


def slices(items: Sequence[_T]) -> Iterator[Sequence[_T]]:
    """Cut a list that goes into a query: databases take some thousands of values at most."""
    return (items[start : start + _SLICE] for start in range(0, len(items), _SLICE))


meta = Table("meta", METADATA, Column("key", Text, primary_key=True), Column("value", JSON))
"""``format``, ``version``, ``created``, ``settings``."""

transcripts = Table(
    "transcripts",
    METADATA,
    Column("id", _ID, primary_key=True),
    Column("name", Exact, nullable=False, unique=True),
    Column("text", Exact, nullable=False),
    Column("hash", Text, nullable=False),
    Column("group", Exact),
    Column("source", Exact),
    Column("guid", Exact, nullable=False),
    Column("attributes", JSON, nullable=False),
    Column("turns", JSON, nullable=False),
)

utterances = Table(
    "utterances",
    METADATA,
    Column("id", _ID, primary_key=True),
    Column("transcript", ForeignKey("transcripts.id"), nullable=False),
    Column("start", Integer, nullable=False),
    Column("end", Integer, nullable=False),
    Column("turn", Integer, nullable=False),
    Column("question", Exact, nullable=False),
    # Uniform in [0, 1) and fixed: its place in the random order of the audit.
    Column("chance", Float, nullable=False),
    UniqueConstraint("transcript", "start", "end"),
)

codes = Table(
    "codes",
    METADATA,
    Column("id", _ID, primary_key=True),
    Column("key", Exact, nullable=False, unique=True),
    Column("path", JSON, nullable=False),
    Column("domain", Text),
    Column("definition", Exact, nullable=False),
    Column("valence", Text),
    Column("guid", Exact, nullable=False),
    Column("colour", Text, nullable=False),
    Column("codable", Boolean, nullable=False),
)

coders = Table(
    "coders",
    METADATA,
    Column("id", _ID, primary_key=True),
    Column("name", Exact, nullable=False, unique=True),
    Column("since", Text, nullable=False),
)

runs = Table(
    "runs",
    METADATA,
    Column("id", _ID, primary_key=True),
    Column("model", Text, nullable=False),
    Column("encoder", Text, nullable=False),
    Column("codebook", Text, nullable=False),
    Column("thresholds", JSON, nullable=False),
    Column("facts", JSON, nullable=False),
    Column("made", Text, nullable=False),
    Column("own", JSON(none_as_null=True)),
)

suggestions = Table(
    "suggestions",
    METADATA,
    Column("run", ForeignKey("runs.id"), primary_key=True),
    Column("utterance", ForeignKey("utterances.id"), primary_key=True),
    Column("decision", Text, nullable=False),
    Column("proba", LargeBinary, nullable=False),
    Column("valences", LargeBinary, nullable=False),
    Column("own", LargeBinary),
)

vectors = Table(
    "vectors",
    METADATA,
    Column("utterance", ForeignKey("utterances.id"), primary_key=True),
    Column("encoder", Text, nullable=False),
    Column("vector", LargeBinary, nullable=False),
)

assignments = Table(
    "assignments",
    METADATA,
    Column("utterance", ForeignKey("utterances.id"), primary_key=True),
    # 0, and 1 for a second coder: the key is what keeps two people off one question.
    Column("slot", Integer, primary_key=True),
    Column("coder", ForeignKey("coders.id"), nullable=False),
    Column("blind", Boolean, nullable=False),
    Column("strategy", Text, nullable=False),
    Column("probability", Float),
    Column("until", Text, nullable=False),
    Column("answered", Boolean, nullable=False),
    UniqueConstraint("utterance", "coder"),
)

answers = Table(
    "answers",
    METADATA,
    Column("id", _ID, primary_key=True),
    Column("token", Exact, nullable=False, unique=True),
    Column("utterance", ForeignKey("utterances.id"), nullable=False),
    Column("coder", ForeignKey("coders.id"), nullable=False),
    Column("verdict", Text, nullable=False),
    Column("labels", JSON, nullable=False),
    Column("note", Exact, nullable=False),
    Column("how", Text, nullable=False),
    Column("run", ForeignKey("runs.id")),
    Column("strategy", Text, nullable=False),
    Column("probability", Float),
    Column("undoes", ForeignKey("answers.id")),
    Column("when", Text, nullable=False),
    Index("answers_by_utterance", "utterance"),
    Index("answers_by_coder", "coder"),
)

theme_changes = Table(
    "theme_changes",
    METADATA,
    Column("id", _ID, primary_key=True),
    Column("token", Exact, nullable=False, unique=True),
    Column("coder", ForeignKey("coders.id"), nullable=False),
    Column("kind", Text, nullable=False),
    Column("data", JSON, nullable=False),
    Column("when", Text, nullable=False),
)


def _themes(connection: Connection) -> None:
    theme_changes.create(connection)


def _own_codes(connection: Connection) -> None:
    data = "BYTEA" if connection.dialect.name == "postgresql" else "BLOB"
    connection.execute(text("ALTER TABLE runs ADD COLUMN own JSON"))
    connection.execute(text(f"ALTER TABLE suggestions ADD COLUMN own {data}"))


MIGRATIONS: tuple[Callable[[Connection], None], ...] = (_themes, _own_codes)
"""Step n brings a file from version n + 1 to n + 2. A new file is made whole, not by steps; a step
that changes a table therefore says in SQL what it changes, since ``METADATA`` is the newest."""

VERSION = len(MIGRATIONS) + 1
