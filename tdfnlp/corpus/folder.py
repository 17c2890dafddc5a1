"""The output folder: a Parquet data set, and beside it what a later run can go on from.

::

    out.parquet/
      part-00000-KEY-SHA.parquet    suggestions
      _tdfnlp/manifest.json         what is in here; written last, so a run without it is unfinished
      _tdfnlp/vectors/KEY-SHA.npz   what the first pass gave
      _tdfnlp/lock

Readers of Parquet pass over names that begin with an underscore. KEY hashes all that a file was
made from, SHA its bytes. So a file that is there and whole is right, whoever made it and whenever;
nothing else needs to be remembered.
"""

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from .. import __version__
from ..errors import InputError, OutputError
from ..files import replacing

FORMAT = 2
_STATE = "_tdfnlp"
_DIGITS = 16
_PART = re.compile(r"part-\d{5,}-[0-9a-f]{16}-[0-9a-f]{16}\.parquet")


def vectors_of(output: Path) -> Path:
    """Name the folder in which the first pass keeps its vectors."""
    return output / _STATE / "vectors"


def key(*parts: Any) -> str:
    """Hash what a file is made from; this tdfnlp is always a part of it."""
    text = json.dumps([FORMAT, __version__, *parts])
    return hashlib.sha256(text.encode()).hexdigest()[:_DIGITS]


def keep(folder: Path, stem: str, suffix: str, data: bytes) -> Path:
    """Write a file whole, under a name that its bytes can be checked by."""
    path = folder / f"{stem}-{_digest(data)}{suffix}"
    with replacing(path) as part:
        part.write_bytes(data)
    return path


def find_whole(folder: Path, stem: str, suffix: str) -> Path | None:
    """Find what an earlier run made; what is damaged is deleted, so that it is made anew."""
    for path in sorted(folder.glob(f"{stem}-*{suffix}")):
        if is_whole(path, path.read_bytes()):
            return path
        path.unlink(missing_ok=True)
    return None


def is_whole(path: Path, data: bytes) -> bool:
    """Whether bytes are those that a name stands for."""
    return path.stem.endswith(f"-{_digest(data)}")


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:_DIGITS]


@contextmanager
def opened(output: Path) -> Iterator[None]:
    """Make the folder, or check an older one; no other run may use it meanwhile.

    Raises
    ------
    InputError
        Something else is there, or another version's run, or a run that is going on.
    OutputError
        The folder cannot be made or written.
    """
    if output.suffix.lower() != ".parquet":
        raise InputError(f"A corpus run writes Parquet: {output.name!r} must end in .parquet.")
    if output.exists() and not output.is_dir():
        raise InputError(
            f"{output.name} is a file; a corpus run writes a folder. Give another name."
        )
    _refuse_foreign(output)
    try:
        vectors_of(output).mkdir(parents=True, exist_ok=True)
        with (output / _STATE / "lock").open("w") as lock:
            _lock(lock, output)
            _refuse_version(output)
            _sweep(output)
            yield
    except OutputError:
        raise
    except OSError as error:
        raise OutputError(
            f"The folder {str(output)!r} cannot be written: {error.strerror or error}."
        ) from error


def unfinish(output: Path, stems: Iterable[str]) -> None:
    """Say that the folder is not complete, and delete parts that are not wanted, by stem."""
    (output / _STATE / "manifest.json").unlink(missing_ok=True)
    _keep_parts(output, set(stems))


def finish(
    output: Path, stems: Iterable[str], vectors: Iterable[str], facts: Mapping[str, Any]
) -> None:
    """Delete what is not wanted, then say that the folder is complete and what is in it."""
    _keep_parts(output, set(stems))
    names = set(vectors)
    for file in vectors_of(output).iterdir():
        if file.name not in names:
            file.unlink(missing_ok=True)
    text = json.dumps({"format": FORMAT, "tdfnlp": __version__, **facts}, indent=1)
    with replacing(output / _STATE / "manifest.json") as part:
        part.write_text(text + "\n", "utf-8")


def _keep_parts(output: Path, stems: set[str]) -> None:
    for file in output.iterdir():
        if _PART.fullmatch(file.name) and file.stem.rpartition("-")[0] not in stems:
            file.unlink(missing_ok=True)


def _refuse_foreign(output: Path) -> None:
    try:
        names = [file.name for file in output.iterdir()] if output.is_dir() else []
    except OSError as error:
        raise OutputError(f"{str(output)!r} cannot be looked into: {error.strerror}.") from error
    ours = _STATE in names
    foreign = sorted(
        name
        for name in names
        if not name.startswith(".") and name != _STATE and not (ours and _PART.fullmatch(name))
    )
    if foreign:
        more = f" and {len(foreign) - 3} more" if len(foreign) > 3 else ""
        raise InputError(
            f"The folder {output.name!r} holds what tdfnlp did not write: "
            f"{', '.join(foreign[:3])}{more}. Give another name."
        )


def _refuse_version(output: Path) -> None:
    file = output / _STATE / "manifest.json"
    try:
        found = json.loads(file.read_text("utf-8"))["format"]
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return  # none, or a damaged one: it is written anew
    if found != FORMAT:
        raise InputError(
            f"{output.name} was written in format {found}, this tdfnlp writes {FORMAT}. Give "
            "another name, or delete the folder to begin anew."
        )


def _lock(lock: Any, output: Path) -> None:
    try:
        import fcntl
    except ImportError:  # Windows: two runs at once are not noticed there
        return
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise InputError(f"Another run is writing to {output.name}. Wait for its end.") from error
    except OSError:  # a network disk without locks
        return


def _sweep(output: Path) -> None:
    """Delete what a run that was killed had begun to write."""
    for place in (output, output / _STATE, vectors_of(output)):
        for file in place.glob(".*.part.*"):
            with suppress(OSError):
                file.unlink()
