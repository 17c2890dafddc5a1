"""The study file: transcripts, suggestions and what people answered, in SQLite or PostgreSQL."""

from .answering import Given, Wanted
from .records import (
    Added,
    Answer,
    Assignment,
    Label,
    Pool,
    Run,
    Settings,
    Unit,
)
from .store import Store

__all__ = [
    "Added",
    "Answer",
    "Assignment",
    "Given",
    "Label",
    "Pool",
    "Run",
    "Settings",
    "Store",
    "Unit",
    "Wanted",
]
