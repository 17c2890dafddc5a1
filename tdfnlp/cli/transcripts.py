"""Commands on transcripts and coded material: suggest, convert, cache."""

import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..errors import InputError, TdfnlpError
from .common import SOME_FAILED, bars, name_failures, plain_errors, warn_of_identifiers
from .corpus import suggest_shards

if TYPE_CHECKING:
    from ..coding import Study
    from ..export import Suggestions
    from ..predicting import Progress


@click.command()
@click.argument("sources", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    help="Where to write: .xlsx, .csv, .jsonl, .parquet or .qdpx.",
)
@click.option("--study", help="Study file or postgresql:// address to fill, for `tdfnlp review`.")
@click.option("--model", default=None, help="A model folder or a shipped model's name.")
@click.option(
    "--workers",
    type=click.IntRange(min=1),
    help="How many processes. With a .parquet name: a folder of parts, for any number of "
    "transcripts; run the same again to go on after a stop.",
)
@click.option(
    "--fail-on-identifiers",
    is_flag=True,
    help="Stop before anything is suggested where names, telephones and the like were found.",
)
@click.option("-q", "--quiet", is_flag=True, help="No progress and no summary.")
def suggest(  # noqa: PLR0913 - one for each option
    sources: tuple[Path, ...],
    output: Path | None,
    study: str | None,
    model: str | None,
    workers: int | None,
    fail_on_identifiers: bool,
    quiet: bool,
) -> None:
    """Suggest codes for transcripts: files or folders (a subfolder is a participant group).

    Reads Word, text, RTF, OpenDocument, PDF, web pages, captions, tables, NVivo's code exports
    and REFI-QDA projects (.qdpx). Hand in the whole study at once. From a project to a project,
    the suggestions are added as codings of a user of their own and nothing else is changed. With
    --study, transcripts are added to a study file and all that is in it gets suggestions. Exit
    code 0: all done; 1: done, but some files could not be read; 2: nothing done.

    \b
    Example:
      tdfnlp suggest interviews/ extra/P7.docx -o suggestions.xlsx
      tdfnlp suggest study.qdpx -o coded.qdpx
      tdfnlp suggest interviews/ --study study.db
      tdfnlp suggest corpus/ -o corpus.parquet --workers 8
    """
    if workers and output and output.suffix.lower() == ".parquet" and not study:
        suggest_shards(
            sources,
            output,
            model=model,
            workers=workers,
            fail_on_identifiers=fail_on_identifiers,
            quiet=quiet,
        )
    with plain_errors():
        from ..suggest import collect

        _check_targets(output, study, workers)
        with bars(quiet) as progress:
            collected = collect(list(sources), progress=progress, output=output)
        _check_sources(output, collected.study)
        warn_of_identifiers(collected.study.transcripts, quiet=quiet, fail=fail_on_identifiers)
        with bars(quiet) as progress:
            if study:
                result = _fill(study, collected.study, model, progress, quiet)
            else:
                from ..suggest import suggest_codes

                result = suggest_codes(
                    collected.study, model=model, progress=progress, n_jobs=workers
                )
        result = replace(result, failures=collected.failures)
        if not len(result):
            raise TdfnlpError("No participant speech was found. " + " ".join(result.failures))
        lost = result.save(output) if output else ()
    name_failures(result.failures)
    if not quiet:
        _summarise(result, lost)
        _say_where(output, study)
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


def _fill(
    where: str, study: "Study", model: str | None, progress: "Progress | None", quiet: bool
) -> "Suggestions":
    from ..choosing import model_in_use, use_model
    from ..intake import fill
    from ..model import Model
    from ..store import Store

    named = Model.load(model) if model else None
    with Store.open(where) as store:
        filled = fill(store, study, named or model_in_use(store), progress=progress)
        if named:
            use_model(store, named)
    if not quiet:
        click.echo(
            f"{filled.added.new} transcripts were added to the study; {filled.added.known} were in "
            "it already."
        )
        if study.codings:
            click.echo("Note: codings in the files were not taken; `tdfnlp import` does that.")
    notes = (*study.notes, *filled.notes)
    return replace(filled.result, study=replace(filled.result.study, notes=notes))


def _check_targets(output: Path | None, study: str | None, workers: int | None) -> None:
    """Say before the work, not after it, what cannot be written."""
    from ..export import check_suffix

    if output is None and study is None:
        raise InputError("Say where the suggestions go: -o FILE, --study FILE, or both.")
    if workers and study:
        raise InputError("--workers is for results in files; leave it out with --study.")
    if output is None:
        return
    if output.is_dir():
        raise TdfnlpError(f"{output.name} is a folder. Add --workers if it is a corpus run's.")
    check_suffix(output)


def _check_sources(output: Path | None, study: "Study") -> None:
    from ..exchange import check_suggestions

    if output:
        check_suggestions(output, study)


def _say_where(output: Path | None, study: str | None) -> None:
    if output:
        click.echo(f"Written: {output}")
    if study:
        from ..store import shown

        click.echo(f"Go on with: tdfnlp review {shown(study)}")


def _summarise(result: "Suggestions", lost: Sequence[str]) -> None:
    counts = result.decisions()
    click.echo(
        f"{len(result.study.transcripts)} transcripts, {len(result)} utterances: "
        f"{counts['suggest']} suggested, {counts['ask']} to ask a person, "
        f"{counts['abstain']} abstained."
    )
    for domain, count in result.domains().items():
        click.echo(f"  {count:5d}  {domain}")
    if any(one.code for one in result):
        click.echo("Codes of your own:" if (codes := result.codes()) else "No code of your own.")
        for code, count in codes.items():
            click.echo(f"  {count:5d}  {code}")
    for note in (*result.study.notes, *lost):
        click.echo(f"Note: {note}")
    click.echo(f"Model {result.model}. Suggestions only: people decide.")
