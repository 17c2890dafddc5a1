"""What the commands share: plain errors, progress bars, exit codes."""

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from ..errors import TdfnlpError

if TYPE_CHECKING:
    from ..transcript import Transcript

SOME_FAILED = 1
"""Exit code when the result was written but some files could not be read."""
NOTHING_DONE = 2


@contextmanager
def plain_errors() -> Iterator[None]:
    """Say what went wrong in one sentence and end with exit code 2."""
    try:
        yield
    except TdfnlpError as error:
        click.echo(f"Error: {error}", err=True)
        sys.exit(NOTHING_DONE)
    except KeyboardInterrupt:
        click.echo("Stopped; nothing was written.", err=True)
        sys.exit(130)


@contextmanager
def bars(quiet: bool) -> Iterator[Callable[[str, int, int], object] | None]:
    """One progress bar per stage, on standard error, only on a terminal."""
    if quiet or not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as shown:
        tasks: dict[str, object] = {}

        def show(stage: str, done: int, total: int) -> None:
            if stage not in tasks:
                tasks[stage] = shown.add_task(stage, total=total)
            shown.update(tasks[stage], completed=done)  # type: ignore[arg-type]

        yield show


def name_failures(failures: Sequence[str]) -> None:
    """Name the files that could not be read."""
    for failure in failures:
        click.echo(f"Not read: {failure}", err=True)


def warn_of_identifiers(
    transcripts: "Sequence[Transcript]", *, quiet: bool = False, fail: bool = False
) -> None:
    """Count possible identifiers before anything is stored or suggested, or stop at them."""
    from ..identifiers import flag

    if quiet and not fail:
        return
    flags = flag(transcripts)
    if flags.counts and fail:
        found = "; ".join(f"{name}: {kind} {count}" for name, kind, count in flags.counts)
        raise TdfnlpError(f"{flags.summary()} Nothing was suggested. {found}")
    if not quiet:
        click.echo(flags.summary())
