"""Every error raised on purpose.

* TdfnlpError
  + FormatError (ValueError)          a file is not what its name says, or is unsafe to read
  + CodebookError (ValueError)        a label that the codebook lacks
  + InputError (ValueError)           an argument, folder or text the call cannot use
  + ModelError (ValueError)           a model folder is missing, damaged or altered
    - ModelMismatchError              codebook, encoder or format version differ; both are named
  + MissingExtraError (ImportError)   something optional is not installed; says what to type
  + OutputError (OSError)             a result could not be written
  + WorkerError (RuntimeError)        a worker process or the cluster was lost
  + StoreError (ValueError)           a study file is damaged, foreign, newer, or out of reach

A message says what was found, where, and what to do. It never quotes transcript text.
"""

from pathlib import Path


class TdfnlpError(Exception):
    """Root of every error that tdfnlp raises on purpose."""


class FormatError(TdfnlpError, ValueError):
    """A file cannot be read as what its name says.

    Parameters
    ----------
    path : Path or str
        The file.
    reason : str
        What was found, without any transcript text.
    hint : str, optional
        What the user can do about it.
    place : str, optional
        Where in the file ("line 12", "word/document.xml").
    """

    def __init__(self, path: Path | str, reason: str, *, hint: str = "", place: str = "") -> None:
        self.path = Path(path)
        self.reason = reason
        self.hint = hint
        self.place = place
        super().__init__(self.path, reason)

    def __str__(self) -> str:
        where = f"{self.path.name} ({self.place})" if self.place else self.path.name
        return f"{where}: {self.reason}" + (f" {self.hint}" if self.hint else "")

    def __reduce__(self) -> tuple[object, ...]:
        return _rebuild, (self.path, self.reason, self.hint, self.place)


def _rebuild(path: Path, reason: str, hint: str, place: str) -> FormatError:
    return FormatError(path, reason, hint=hint, place=place)


class CodebookError(TdfnlpError, ValueError):
    """A label that the codebook lacks."""


class InputError(TdfnlpError, ValueError):
    """An argument, folder or text that the call cannot use."""


class ModelError(TdfnlpError, ValueError):
    """A model folder is missing, damaged or altered."""


class ModelMismatchError(ModelError):
    """Two things that must belong together do not; the message names both sides."""


class MissingExtraError(TdfnlpError, ImportError):
    """Something optional is not installed; the message is the command to type."""


class OutputError(TdfnlpError, OSError):
    """A result could not be written."""


class WorkerError(TdfnlpError, RuntimeError):
    """A worker process or the cluster was lost, or there is none."""


class StoreError(TdfnlpError, ValueError):
    """A study file is damaged, foreign, of a newer tdfnlp, or cannot be read or written."""
