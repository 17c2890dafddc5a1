"""Reading transcripts: one function for every format that can be read.

Every reader takes bytes, never a path, so that size and signature are checked once, here, and a
reader is a pure function. A reader returns a ``Study`` or raises ``FormatError``.
"""

import os
from collections.abc import Iterable, Iterator
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from types import MappingProxyType

from ..coding import Study
from ..errors import FormatError, InputError
from .content import check, load

# Modules by name, so that reading a text file does not import openpyxl.
_READERS = MappingProxyType(
    {
        ".txt": "text",
        ".md": "text",
        ".docx": "docx",
        ".vtt": "subtitles",
        ".srt": "subtitles",
        ".csv": "table",
        ".tsv": "table",
        ".xlsx": "table",
        ".rtf": "rtf",
        ".odt": "odt",
        ".pdf": "pdf",
        ".html": "web",
        ".htm": "web",
        ".qdc": "qdc",
        ".qdpx": "qdpx",
    }
)

SUFFIXES: tuple[str, ...] = tuple(_READERS)


def read(path: Path | str, *, group: str | None = None) -> Study:
    """Read one file.

    Parameters
    ----------
    path : Path or str
        A file whose suffix is in ``SUFFIXES``.
    group : str, optional
        Participant group of those transcripts for which the file itself names none.

    Returns
    -------
    Study
        Transcripts, the codings that the file holds, and notes on what had to be guessed.

    Raises
    ------
    FormatError
        The file is missing, unreadable, unsafe, or not what its suffix says.
    """
    path = Path(path)
    return parse(path, load(path), group=group)


def parse(path: Path, data: bytes, *, group: str | None = None) -> Study:
    """Read a file whose bytes are there already, as ``read`` does."""
    suffix = path.suffix.lower()
    if suffix not in _READERS:
        raise FormatError(
            path,
            f"files that end in {suffix or 'no suffix'!r} cannot be read.",
            hint=f"Save it as one of {' '.join(SUFFIXES)}.",
        )
    check(path, data)
    study: Study = import_module(f".{_READERS[suffix]}", __name__).read(path, data)
    transcripts = tuple(
        replace(one, group=one.group or group, source=str(path)) for one in study.transcripts
    )
    return replace(study, transcripts=transcripts)


def find(paths: Iterable[Path | str]) -> list[tuple[Path, str | None]]:
    """List the readable files among files and folders.

    Parameters
    ----------
    paths : iterable of Path or str
        Files are kept as they are, whatever their suffix; folders are searched to the bottom. A
        file that is named twice, also by a link, counts once.

    Returns
    -------
    list of (Path, str or None)
        Each file once, with its participant group: the name of the subfolder of the given folder
        that it lies in (the topmost, where they are nested), None otherwise.

    Raises
    ------
    InputError
        A folder holds nothing that can be read.
    """
    found: dict[Path, tuple[Path, str | None]] = {}
    for path in map(Path, paths):
        for file, group in _in_folder(path) if path.is_dir() else [(path, None)]:
            found.setdefault(_real(file), (file, group))
    return list(found.values())


def without_results(
    files: Iterable[tuple[Path, str | None]],
    named: Iterable[Path | str],
    output: Path | None = None,
) -> tuple[list[tuple[Path, str | None]], tuple[str, ...]]:
    """Leave out what an earlier run wrote into a folder, and keep what is read from being replaced.

    Parameters
    ----------
    files : iterable of (Path, str or None)
        From ``find``.
    named : iterable of Path or str
        What it was given: a file that is named itself is always read.
    output : Path, optional
        Where the result will be written.

    Returns
    -------
    files : list of (Path, str or None)
        Those to read.
    notes : tuple of str
        What was left out.

    Raises
    ------
    InputError
        The output is a file that is to be read.
    """
    known = set(map(Path, named))
    kept: list[tuple[Path, str | None]] = []
    notes: list[str] = []
    for file, group in files:
        in_the_way = output is not None and same_file(file, output)
        if in_the_way and (file in known or not _is_own(file)):
            raise InputError(
                f"{file.name} is one of the files to be read; give the result another name."
            )
        if in_the_way or (file not in known and _is_own(file, result=True)):
            notes.append(f"{file.name}: was written by tdfnlp and was left out.")
        else:
            kept.append((file, group))
    return kept, tuple(notes)


def same_file(one: Path, other: Path) -> bool:
    """Whether two paths lead to one file that exists."""
    try:
        return one.samefile(other)
    except (OSError, ValueError):
        return False


def _is_own(file: Path, *, result: bool = False) -> bool:
    from . import own

    if file.suffix.lower() not in own.SUFFIXES:
        return False
    try:
        return (own.is_result if result else own.is_own)(file, load(file))
    except FormatError:  # reading it says so
        return False


def _real(file: Path) -> Path:
    try:
        return file.resolve()
    except (OSError, RuntimeError):  # links that go round in circles; reading says it
        return file


def _in_folder(folder: Path) -> list[tuple[Path, str | None]]:
    files = sorted(_visible(folder), key=lambda file: file.relative_to(folder).parts)
    if not files:
        raise InputError(
            f"The folder {folder.name!r} holds nothing that can be read. "
            f"Transcripts end in {' '.join(SUFFIXES)}."
        )
    within = [file.relative_to(folder).parts for file in files]
    return [
        (file, parts[0] if len(parts) > 1 else None)
        for file, parts in zip(files, within, strict=True)
    ]


def _visible(folder: Path) -> Iterator[Path]:
    # os.walk and not rglob: hidden folders are pruned before they are entered.
    for here, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in names:
            # Word and Excel leave "~$name.docx" lock files beside an open document.
            if not name.startswith((".", "~$")) and Path(name).suffix.lower() in _READERS:
                yield Path(here) / name
