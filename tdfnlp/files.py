"""Writing files whole or not at all."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .errors import OutputError


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give a temporary path beside `path`; rename it onto `path` when the block ends well.

    Parameters
    ----------
    path : Path
        Where the result belongs. Missing folders are made.

    Yields
    ------
    Path
        A file of its own in the same folder, with the same suffix.

    Raises
    ------
    OutputError
        The folder cannot be written, the disk is full, or `path` is a folder.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(".part" + path.suffix, f".{path.stem}-", path.parent)
        os.close(handle)
    except OSError as error:
        raise OutputError(_reason(path, error)) from error
    part = Path(name)
    try:
        yield part
        part.chmod(0o644)
        part.replace(path)
    except OSError as error:
        raise OutputError(_reason(path, error)) from error
    finally:
        part.unlink(missing_ok=True)


def _reason(path: Path, error: OSError) -> str:
    return (
        f"{path.name} could not be written in {str(path.parent)!r}: "
        f"{error.strerror or error}. Choose another place or close the program that has it open."
    )
