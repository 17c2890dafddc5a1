"""The command that writes a report."""

from pathlib import Path

import click

from .common import plain_errors


@click.command()
@click.argument("study")
@click.option(
    "-o",
    "--output",
    required=True,
    type=click.Path(path_type=Path),
    help="Folder to write into.",
)
@click.option("--title", default="", help="Title of the report; the study's name if left out.")
@click.option(
    "--quotes",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Chosen quotes; quotes.json in the folder if left out.",
)
@click.option(
    "--quotes-per-theme",
    type=click.IntRange(1, 20),
    default=2,
    show_default=True,
    help="How many quotes a theme gets.",
)
def report(
    study: str, output: Path, title: str, quotes: Path | None, quotes_per_theme: int
) -> None:
    """Write what a paper prints, from the codes that people confirmed.

    STUDY is a study file or a database's address. The folder gets a web page, a Word file, a
    spreadsheet, .csv tables, figures, and quotes.json, in which other quotes can be chosen for the
    next time.

    \b
    Example:
      tdfnlp report study.db -o report/
    """
    with plain_errors():
        from ..report import QUOTES, build_report
        from ..store import Store

        there = output / QUOTES
        chosen = quotes or (there if there.is_file() else None)
        with Store.open(study, create=False) as store:
            made = build_report(
                store, title=title, quotes=chosen, quotes_per_theme=quotes_per_theme
            )
        files = made.save(output)
    for line in made.about:
        click.echo(line)
    click.echo(f"Written: {len(files)} files in {output}; begin with {files[0]}")
