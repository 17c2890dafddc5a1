"""Tables of a study file, and how an older file becomes a newer one.

Answers are append-only: an undo and an adjudication are further rows. Dates are ISO 8601 in UTC.
"""

from collections.abc import Callable

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
)

METADATA = MetaData()
_ID = BigInteger().with_variant(Integer, "sqlite")  # SQLite counts only INTEGER keys by itself

meta = Table("meta", METADATA, Column("key", Text, primary_key=True), Column("value", JSON))
"""``format``, ``version``, ``created``, ``settings``."""

transcripts = Table(
    "transcripts",
    METADATA,
    Column("id", _ID, primary_key=True),
    Column("name", Text, nullable=False, unique=True),
    Column("text", Text, nullable=False),
    Column("hash", Text, nullable=False),
    Column("group", Text),
    Column("source", Text),
    Column("guid", Text, nullable=False),
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
    Column("question", Text, nullable=False),
    # Uniform in [0, 1) and fixed: its place in the random order of the audit.
    Column("chance", Float, nullable=False),
    UniqueConstraint("transcript", "start", "end"),
)

codes = Table(
    "codes",
    METADATA,
    Column("id", _ID, primary_key=True),
    Column("key", Text, nullable=False, unique=True),
    Column("path", JSON, nullable=False),
    Column("domain", Text),
    Column("definition", Text, nullable=False),
    Column("valence", Text),
    Column("guid", Text, nullable=False),
    Column("colour", Text, nullable=False),
    Column("codable", Boolean, nullable=False),
)

coders = Table(
    "coders",
    METADATA,
    Column("id", _ID, primary_key=True),
    Column("name", Text, nullable=False, unique=True),
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
)

suggestions = Table(
    "suggestions",
    METADATA,
    Column("run", ForeignKey("runs.id"), primary_key=True),
    Column("utterance", ForeignKey("utterances.id"), primary_key=True),
    Column("decision", Text, nullable=False),
    Column("proba", LargeBinary, nullable=False),
    Column("valences", LargeBinary, nullable=False),
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
    Column("token", Text, nullable=False, unique=True),
    Column("utterance", ForeignKey("utterances.id"), nullable=False),
    Column("coder", ForeignKey("coders.id"), nullable=False),
    Column("verdict", Text, nullable=False),
    Column("labels", JSON, nullable=False),
    Column("note", Text, nullable=False),
    Column("how", Text, nullable=False),
    Column("run", ForeignKey("runs.id")),
    Column("strategy", Text, nullable=False),
    Column("probability", Float),
    Column("undoes", ForeignKey("answers.id")),
    Column("when", Text, nullable=False),
    Index("answers_by_utterance", "utterance"),
    Index("answers_by_coder", "coder"),
)


def _first(connection: Connection) -> None:
    METADATA.create_all(connection)


MIGRATIONS: tuple[Callable[[Connection], None], ...] = (_first,)
"""Step n brings a file from version n to n + 1; version 0 is an empty database."""

VERSION = len(MIGRATIONS)
