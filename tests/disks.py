"""Small disks for tests: full ones, and ones that cannot be written."""

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


def _run(program: str, *arguments: str) -> bool:
    path = shutil.which(program)
    return bool(path) and not subprocess.run([str(path), *arguments], check=False).returncode


@contextmanager
def disk(folder: Path, size: str) -> Iterator[Path]:
    """A disk of that size; where none may be mounted, the test is skipped."""
    folder.mkdir()
    if not _run("mount", "-t", "tmpfs", "-o", f"size={size},mode=777", "tmpfs", str(folder)):
        pytest.skip("nothing may be mounted here")
    try:
        yield folder
    finally:
        assert _run("umount", "--lazy", str(folder))


@contextmanager
def read_only(folder: Path) -> Iterator[None]:
    """The disk, for a while, as one that cannot be written."""
    assert _run("mount", "-o", "remount,ro", str(folder))
    try:
        yield
    finally:
        assert _run("mount", "-o", "remount,rw", str(folder))
