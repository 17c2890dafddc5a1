"""The part of `tdfnlp suggest` for corpora: --workers with a .parquet name."""

import sys
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import click

from ..errors import TdfnlpError
from .common import SOME_FAILED, bars, name_failures, plain_errors

if TYPE_CHECKING:
    from ..corpus import Corpus

_NOTES = 20


def suggest_shards(
    sources: tuple[Path, ...],
    output: Path,
    *,
    model: str | None,
    workers: int,
    fail_on_identifiers: bool,
    quiet: bool,
) -> NoReturn:
    """Run over a corpus, say what came of it, and end with the exit code of `suggest`."""
    with plain_errors():
        from ..corpus import count_identifiers, suggest_corpus

        # joblib renews a worker that has grown; no work is lost, and there is nothing to do.
        warnings.filterwarnings("ignore", message="A worker stopped while some jobs")
        if fail_on_identifiers:
            with bars(quiet) as progress:
                found = count_identifiers(sources, n_jobs=workers, progress=progress)
            if found.counts:
                raise TdfnlpError(f"{found.summary()} Nothing was suggested.")
        try:
            with bars(quiet) as progress:
                result = suggest_corpus(
                    sources, output, model=model, n_jobs=workers, progress=progress
                )
        except KeyboardInterrupt:
            click.echo("Stopped. Run the same again to go on where it stopped.", err=True)
            sys.exit(130)
    name_failures(result.failures)
    if not quiet:
        _summarise(result)
    sys.exit(SOME_FAILED if result.failures else 0)


def _summarise(result: "Corpus") -> None:
    click.echo(result.identifiers.summary())
    counts = result.decisions
    click.echo(
        f"{result.transcripts} transcripts, {result.utterances} utterances: "
        f"{counts['suggest']} suggested, {counts['ask']} to ask a person, "
        f"{counts['abstain']} abstained."
    )
    for domain, count in result.domains.items():
        click.echo(f"  {count:5d}  {domain}")
    for note in result.notes[:_NOTES]:
        click.echo(f"Note: {note}")
    if len(result.notes) > _NOTES:
        click.echo(f"{len(result.notes) - _NOTES} more notes in _tdfnlp/manifest.json")
    click.echo(f"Model {result.model}. Suggestions only: people decide.")
    click.echo(f"Parts written: {result.written}. Complete: {result.path}")
