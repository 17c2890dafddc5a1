"""Suggests Theoretical Domains Framework codes for interview transcripts, on your own machine.

>>> import tdfnlp
>>> result = tdfnlp.suggest_codes(["Nobody ever showed me how to do it."])  # doctest: +SKIP
>>> result.to_pandas()  # doctest: +SKIP
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from .agreement import agree as agree
    from .codebook import Codebook as Codebook
    from .coding import Coding as Coding
    from .coding import Study as Study
    from .coding import Suggestion as Suggestion
    from .corpus import suggest_corpus as suggest_corpus
    from .delivery import export_study as export_study
    from .embedding import Encoder as Encoder
    from .errors import TdfnlpError as TdfnlpError
    from .estimator import TdfClassifier as TdfClassifier
    from .exchange import write as write
    from .export import Suggestions as Suggestions
    from .formats import read as read
    from .intake import import_codings as import_codings
    from .model import Model as Model
    from .queue import next_questions as next_questions
    from .report import build_report as build_report
    from .retraining import train_model as train_model
    from .segmentation import segment as segment
    from .store import Store as Store
    from .suggest import suggest_codes as suggest_codes
    from .transcript import Transcript as Transcript
    from .transcript import Turn as Turn
    from .transcript import Utterance as Utterance

_HOME = {
    "Codebook": "codebook",
    "Coding": "coding",
    "Encoder": "embedding",
    "Model": "model",
    "Store": "store",
    "Study": "coding",
    "Suggestion": "coding",
    "Suggestions": "export",
    "TdfClassifier": "estimator",
    "TdfnlpError": "errors",
    "Transcript": "transcript",
    "Turn": "transcript",
    "Utterance": "transcript",
    "agree": "agreement",
    "build_report": "report",
    "export_study": "delivery",
    "import_codings": "intake",
    "next_questions": "queue",
    "read": "formats",
    "segment": "segmentation",
    "suggest_codes": "suggest",
    "suggest_corpus": "corpus",
    "train_model": "retraining",
    "write": "exchange",
}

__all__ = [*sorted(_HOME), "__version__"]


def __getattr__(name: str) -> Any:
    # Public names load on first use, so that importing tdfnlp imports nothing heavy.
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{_HOME[name]}", __name__), name)
