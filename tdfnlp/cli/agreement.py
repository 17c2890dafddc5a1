"""The command that says how far coders and the machine agree."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from .common import plain_errors

if TYPE_CHECKING:
    from ..agreement import Agreement, Comparison


@click.command()
@click.argument("study")
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Also write the tables: .xlsx, .csv or .json.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["table", "json"]),
    default="table",
    show_default=True,
    help="What to print.",
)
def agreement(study: str, output: Path | None, form: str) -> None:
    """Say how far coders agree with each other and with the machine.

    STUDY is a study file or a PostgreSQL URL. Compared are passages that both answered; answers
    given without a suggestion in sight are kept apart from those given with one. What the machine
    gets wrong and misses is estimated from the blind audit. Intervals are 95 %, over participants.

    \b
    Example:
      tdfnlp agreement study.db
      tdfnlp agreement study.db -o agreement.xlsx
    """
    with plain_errors():
        from ..agreement import agree, check_suffix
        from ..store import Store

        if output:
            check_suffix(output)  # a wrong suffix is said before the work, not after it
        with Store.open(study, create=False) as store:
            result = agree(store)
        if output:
            result.save(output)
    if form == "json":
        click.echo(json.dumps(result.as_dict(), ensure_ascii=False, indent=1))
        return
    for sentence in result.sentences():
        click.echo(sentence)
    _show_domains(result)
    if output:
        click.echo(f"Written: {output}")


def _show_domains(result: "Agreement") -> None:
    """Show each domain of the comparison to report."""
    main = result.main()
    if main is None:
        return
    key = (main.between, main.kind, main.against)
    rows = [one for one in result.comparisons if (one.between, one.kind, one.against) == key]
    click.echo(f"\nBy domain, independent answers, {' and '.join(main.between)}:")
    click.echo(f"  {'domain':42s} {'used':>5s}  {'positive agreement':20s}  alpha")
    for one in rows:
        if one.domain is not None:
            click.echo(_line(one))


def _line(one: "Comparison") -> str:
    return f"  {one.domain:42s} {one.used:5d}  {one.positive!s:20s}  {one.alpha}"
