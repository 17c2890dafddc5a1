"""The command line: parse, call one function, print."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from . import __version__
from .errors import TdfnlpError

if TYPE_CHECKING:
    from .export import Suggestions

SOME_FAILED = 1
"""Exit code when the result was written but some files could not be read."""
NOTHING_DONE = 2


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="tdfnlp")
def cli() -> None:
    """Suggest Theoretical Domains Framework codes for interview transcripts.

    Everything runs on this machine; nothing is ever sent anywhere. The machine suggests, people
    decide.

    \b
    Example:
      tdfnlp suggest interviews/ -o suggestions.xlsx
    """


@cli.command()
@click.argument("sources", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "-o",
    "--output",
    required=True,
    type=click.Path(path_type=Path, dir_okay=False),
    help="Where to write: .xlsx, .csv, .jsonl or .parquet.",
)
@click.option("--model", default=None, help="A model folder or a shipped model's name.")
@click.option("-q", "--quiet", is_flag=True, help="No progress and no summary.")
def suggest(sources: tuple[Path, ...], output: Path, model: str | None, quiet: bool) -> None:
    """Suggest codes for transcripts: files or folders (a subfolder is a participant group).

    Reads .docx, .txt, .vtt, .srt, .csv, .xlsx and NVivo code-reference exports. Hand in the whole
    study at once. Exit code 0: all done; 1: done, but some files could not be read; 2: nothing
    done.

    \b
    Example:
      tdfnlp suggest interviews/ extra/P7.docx -o suggestions.xlsx
    """
    with _plain_errors():
        from .export import writer
        from .suggest import suggest_codes

        writer(output)  # a wrong suffix is said before the work, not after it
        with _bars(quiet) as progress:
            result = suggest_codes(list(sources), model=model, progress=progress)
        if not len(result):
            raise TdfnlpError("No participant speech was found. " + " ".join(result.failures))
        result.save(output)
    for failure in result.failures:
        click.echo(f"Not read: {failure}", err=True)
    if not quiet:
        _summarise(result, output)
    sys.exit(SOME_FAILED if result.failures else 0)


@cli.command()
@click.option("--purge", is_flag=True, help="Delete the cached vectors.")
def cache(purge: bool) -> None:
    """Say where vectors are cached, or delete them.

    The cache holds vectors and keyed hashes, never text; but vectors derive from confidential
    speech, so purge it when a study's data must go.

    \b
    Example:
      tdfnlp cache --purge
    """
    from .cache import VectorCache

    store = VectorCache()
    if purge:
        click.echo(f"Freed {store.purge() / 1e6:.1f} MB in {store.path.parent}")
    else:
        size = store.path.stat().st_size if store.path.is_file() else 0
        click.echo(f"{store.path}: {size / 1e6:.1f} MB (limit {store.limit / 1e6:.0f} MB)")


def main() -> None:
    """Entry point."""
    cli(prog_name="tdfnlp")


@contextmanager
def _plain_errors() -> Iterator[None]:
    try:
        yield
    except TdfnlpError as error:
        click.echo(f"Error: {error}", err=True)
        sys.exit(NOTHING_DONE)
    except KeyboardInterrupt:
        click.echo("Stopped; nothing was written.", err=True)
        sys.exit(130)


@contextmanager
def _bars(quiet: bool) -> Iterator[Callable[[str, int, int], object] | None]:
    """One progress bar per stage, on standard error, only on a terminal."""
    if quiet or not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bars:
        tasks: dict[str, object] = {}

        def show(stage: str, done: int, total: int) -> None:
            if stage not in tasks:
                tasks[stage] = bars.add_task(stage, total=total)
            bars.update(tasks[stage], completed=done)  # type: ignore[arg-type]

        yield show


def _summarise(result: "Suggestions", output: Path) -> None:
    counts = result.decisions()
    click.echo(
        f"{result.transcripts} transcripts, {len(result)} utterances: {counts['suggest']} "
        f"suggested, {counts['ask']} to ask a person, {counts['abstain']} abstained."
    )
    for domain, count in result.domains().items():
        click.echo(f"  {count:5d}  {domain}")
    for note in result.notes:
        click.echo(f"Note: {note}")
    click.echo(f"Model {result.model}. Suggestions only: people decide.")
    click.echo(f"Written: {output}")
