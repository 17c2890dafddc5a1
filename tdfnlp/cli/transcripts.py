"""Commands on transcripts and coded material: suggest, convert, cache."""

import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..errors import TdfnlpError
from .common import SOME_FAILED, bars, name_failures, plain_errors

if TYPE_CHECKING:
    from ..export import Suggestions
    from ..transcript import Transcript


@click.command()
@click.argument("sources", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "-o",
    "--output",
    required=True,
    type=click.Path(path_type=Path, dir_okay=False),
    help="Where to write: .xlsx, .csv, .jsonl, .parquet or .qdpx.",
)
@click.option("--model", default=None, help="A model folder or a shipped model's name.")
@click.option(
    "--fail-on-identifiers",
    is_flag=True,
    help="Stop before anything is suggested where names, telephones and the like were found.",
)
@click.option("-q", "--quiet", is_flag=True, help="No progress and no summary.")
def suggest(
    sources: tuple[Path, ...],
    output: Path,
    model: str | None,
    fail_on_identifiers: bool,
    quiet: bool,
) -> None:
    """Suggest codes for transcripts: files or folders (a subfolder is a participant group).

    Reads Word, text, RTF, OpenDocument, PDF, web pages, captions, tables, NVivo's code exports
    and REFI-QDA projects (.qdpx). Hand in the whole study at once. From a project to a project,
    the suggestions are added as codings of a user of their own and nothing else is changed. Exit
    code 0: all done; 1: done, but some files could not be read; 2: nothing done.

    \b
    Example:
      tdfnlp suggest interviews/ extra/P7.docx -o suggestions.xlsx
      tdfnlp suggest study.qdpx -o coded.qdpx
    """
    with plain_errors():
        from ..exchange import check_suggestions
        from ..export import check_suffix
        from ..suggest import collect, suggest_codes

        check_suffix(output)  # a wrong suffix is said before the work, not after it
        with bars(quiet) as progress:
            collected = collect(list(sources), progress=progress, output=output)
        check_suggestions(output, collected.study)
        _warn_of_identifiers(collected.study.transcripts, quiet, fail_on_identifiers)
        with bars(quiet) as progress:
            result = suggest_codes(collected.study, model=model, progress=progress)
        result = replace(result, failures=collected.failures)
        if not len(result):
            raise TdfnlpError("No participant speech was found. " + " ".join(result.failures))
        lost = result.save(output)
    name_failures(result.failures)
    if not quiet:
        _summarise(result, output, lost)
    sys.exit(SOME_FAILED if result.failures else 0)


@click.command()
@click.argument("sources", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.argument("output", type=click.Path(path_type=Path, dir_okay=False))
@click.option(
    "--mapping",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Which TDF domain your codes belong to: .csv with columns code, domain, or .json.",
)
def convert(sources: tuple[Path, ...], output: Path, mapping: Path | None) -> None:
    """Convert coded material: projects and code exports to .csv, .qdpx or .qdc.

    The .csv has one row per coding: source, coder, code path, domain, start and end in code
    points, text. Codes are tied to TDF domains by name or by a mapping file; those that could not
    be are listed. Quotes of NVivo's code exports are found again where the transcripts are handed
    in too.

    \b
    Example:
      tdfnlp convert study.qdpx codings.csv
      tdfnlp convert interviews/ exports/Knowledge.docx study.qdpx
    """
    with plain_errors():
        from ..exchange import all_codes, write
        from ..mapping import apply, read_mapping, tie
        from ..suggest import collect

        collected = collect(list(sources), output=output)
        study = collected.study
        tied = tie(all_codes(study), read_mapping(mapping) if mapping else None)
        study = apply(study, tied)
        lost = write(output, study)
    name_failures(collected.failures)
    for note in (*study.notes, *tied.notes, *lost):
        click.echo(f"Note: {note}")
    for code in tied.unmapped:
        click.echo(f"No domain: {' > '.join(code.path)}")
    click.echo(
        f"{len(study.transcripts)} transcripts, {len(study.codes)} codes, "
        f"{len(study.codings)} codings. Written: {output}"
    )
    sys.exit(SOME_FAILED if collected.failures else 0)


@click.command()
@click.option("--purge", is_flag=True, help="Delete the cached vectors.")
def cache(purge: bool) -> None:
    """Say where vectors are cached, or delete them.

    The cache holds vectors and keyed hashes, never text; but vectors derive from confidential
    speech, so purge it when a study's data must go.

    \b
    Example:
      tdfnlp cache --purge
    """
    from ..cache import VectorCache

    store = VectorCache()
    if purge:
        click.echo(f"Freed {store.purge() / 1e6:.1f} MB in {store.path.parent}")
    else:
        size = store.path.stat().st_size if store.path.is_file() else 0
        click.echo(f"{store.path}: {size / 1e6:.1f} MB (limit {store.limit / 1e6:.0f} MB)")


def _warn_of_identifiers(transcripts: "Sequence[Transcript]", quiet: bool, fail: bool) -> None:
    from ..identifiers import flag

    if quiet and not fail:
        return
    flags = flag(transcripts)
    if flags.counts and fail:
        found = "; ".join(f"{name}: {kind} {count}" for name, kind, count in flags.counts)
        raise TdfnlpError(f"{flags.summary()} Nothing was suggested. {found}")
    if not quiet:
        click.echo(flags.summary())


def _summarise(result: "Suggestions", output: Path, lost: Sequence[str]) -> None:
    counts = result.decisions()
    click.echo(
        f"{len(result.study.transcripts)} transcripts, {len(result)} utterances: "
        f"{counts['suggest']} suggested, {counts['ask']} to ask a person, "
        f"{counts['abstain']} abstained."
    )
    for domain, count in result.domains().items():
        click.echo(f"  {count:5d}  {domain}")
    for note in (*result.study.notes, *lost):
        click.echo(f"Note: {note}")
    click.echo(f"Model {result.model}. Suggestions only: people decide.")
    click.echo(f"Written: {output}")
