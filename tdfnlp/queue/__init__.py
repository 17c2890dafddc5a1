"""What to ask a coder next, most useful first, and whether asking more still changes something.

The queue is a pure function of the study file: it keeps nothing of its own, and the same study
with the same random state gives the same questions. ``docs/queue.md`` says why the audit's answers
are a random sample of the study.
"""

from .questions import Only, Question, next_questions, release
from .stopping import Advice, advice

__all__ = ["Advice", "Only", "Question", "advice", "next_questions", "release"]
