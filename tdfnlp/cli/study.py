"""Commands on a study file: import codings into it, export it, say how it is coded."""

import sys
from pathlib import Path

import click

from .common import SOME_FAILED, name_failures, plain_errors, warn_of_identifiers


@click.command(name="import")
@click.argument("study")
@click.argument("sources", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--complete",
    is_flag=True,
    help="Coders coded their transcripts whole: what they left has no code.",
)
@click.option(
    "--mapping",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Which TDF domain your codes belong to: .csv with columns code, domain, or .json.",
)
def import_(study: str, sources: tuple[Path, ...], complete: bool, mapping: Path | None) -> None:
    """Import codings of people into a study: from projects (.qdpx) and code exports.

    STUDY is a study file or a postgresql:// address. Codings become answers of their coders;
    transcripts that are not in the study yet are added. Codings of machine users are left out.
    The same codings again add nothing.

    \b
    Example:
      tdfnlp import study.db coded.qdpx --complete
      tdfnlp import study.db interviews/ exports/ --mapping codes.csv
    """
    with plain_errors():
        from ..exchange import all_codes
        from ..intake import import_codings, peoples_codes, peoples_codings
        from ..mapping import apply, read_mapping, tie
        from ..store import Store
        from ..suggest import collect

        collected = collect(list(sources))
        codes = peoples_codes(all_codes(collected.study))
        tied = tie(codes, read_mapping(mapping) if mapping else None)
        coded = apply(collected.study, tied)
        peoples_codings(coded)  # there are some, or no study is made
        warn_of_identifiers(coded.transcripts)
        with Store.open(study) as store:
            done = import_codings(store, coded, complete=complete)
    name_failures(collected.failures)
    for note in (*coded.notes, *tied.notes, *done.notes):
        click.echo(f"Note: {note}")
    for code in tied.unmapped:
        click.echo(f"No domain: {' > '.join(code.path)}")
    click.echo(
        f"New transcripts: {done.added.new}. Answers added: {done.answers} "
        f"({', '.join(done.coders) or 'of nobody'}), {done.empty} of them that no code applies; "
        f"there already: {done.known}; given in tdfnlp, so that they stay: {done.kept}."
    )
    sys.exit(SOME_FAILED if collected.failures else 0)


@click.command()
@click.argument("study")
@click.option(
    "-o",
    "--output",
    required=True,
    type=click.Path(path_type=Path, dir_okay=False),
    help="Where to write: .qdpx, .qdc, .xlsx, .csv or .jsonl.",
)
def export(study: str, output: Path) -> None:
    """Export a study: as a project for NVivo and others, or as a table.

    STUDY is a study file or a postgresql:// address. A .qdpx holds the transcripts, each coder's
    codings, and the newest suggestions as those of a machine user. A table has one row per
    utterance and coder.

    \b
    Example:
      tdfnlp export study.db -o study.qdpx
      tdfnlp export study.db -o codings.xlsx
    """
    with plain_errors():
        from ..delivery import check_suffix, export_study
        from ..store import Store

        check_suffix(output)
        with Store.open(study, create=False) as store:
            lost = export_study(store, output)
    for note in lost:
        click.echo(f"Note: {note}")
    click.echo(f"Written: {output}")


@click.command()
@click.argument("study")
@click.option("--audit-share", type=float, help="Share of questions that are random and blind.")
@click.option("--double-share", type=float, help="Share of passages that a second coder gets too.")
@click.option("--lease-minutes", type=float, help="How long a question stays with its coder.")
def settings(study: str, **changes: float | None) -> None:
    """Show or change how a study is coded; shares are from 0 to 1.

    STUDY is a study file or a postgresql:// address. Agreement of coders rests on passages that
    two of them coded blind: about the audit's share times the double share of all.

    \b
    Example:
      tdfnlp settings study.db
      tdfnlp settings study.db --double-share 0.5
    """
    with plain_errors():
        from ..store import Store

        with Store.open(study, create=False) as store:
            given = {name: value for name, value in changes.items() if value is not None}
            holds = store.configure(**given) if given else store.settings()
    click.echo(f"Random and blind: {holds.audit_share:.0%} of questions.")
    click.echo(f"Coded twice: {holds.double_share:.0%} of passages.")
    click.echo(f"A question stays with its coder for {holds.lease_minutes:g} minutes.")
