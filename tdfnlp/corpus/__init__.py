"""Suggestions for more transcripts than fit into memory, as a run that can be broken off.

Two passes over shards of some sixteen files. The first reads, cuts and encodes: it keeps the
vectors, and adds them up for the mean of the whole study. The second takes that mean off, and
writes the suggestions. Whatever the shards, the workers and the interruptions, the result is the
same, bit for bit.
"""

from .run import Corpus as Corpus
from .run import count_identifiers as count_identifiers
from .run import suggest_corpus as suggest_corpus
