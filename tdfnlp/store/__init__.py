"""The study file: transcripts, suggestions and what people answered, in SQLite or PostgreSQL."""

from .answering import Given, coder_name
from .assigning import Wanted
from .database import shown, stamp
from .records import (
    Added,
    Answer,
    Assignment,
    Label,
    Pool,
    Run,
    Settings,
    Unit,
    Used,
)
from .store import Store
from .themes import ThemeChange

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
    "ThemeChange",
    "Unit",
    "Used",
    "Wanted",
    "coder_name",
    "shown",
    "stamp",
]
