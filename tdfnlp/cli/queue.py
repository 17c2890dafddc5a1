"""Command on the queue: who is asked what next."""

import json
from dataclasses import asdict
from textwrap import shorten
from typing import TYPE_CHECKING, Any

import click

from .common import plain_errors

if TYPE_CHECKING:
    from ..queue import Question

_WIDTH = 72


@click.command()
@click.argument("study")
@click.option("--coder", required=True, help="Who is asked.")
@click.option("-n", default=10, show_default=True, help="How many questions.")
@click.option(
    "--strategy",
    default="mixed",
    show_default=True,
    help="mixed, margin, least-confident, entropy, rare, typical or random.",
)
@click.option("--random-state", default=0, show_default=True, help="Same number, same choice.")
@click.option("--transcript", help="Only of this transcript (the audit is of all).")
@click.option("--group", help="Only of this participant group.")
@click.option("--domain", help="Only where this domain is the most probable.")
@click.option("--decision", help="Only where the model says suggest, ask or abstain.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["table", "json"]),
    default="table",
    show_default=True,
    help="How to print them.",
)
@click.option("--release", is_flag=True, help="Give the coder's open questions back instead.")
def queue(study: str, coder: str, form: str, release: bool, **wishes: Any) -> None:
    """Say what a coder is to be asked next: most useful first, every fifth blind and random.

    STUDY is a study file or the URL of a PostgreSQL database. The questions stay with the coder
    for a while (30 minutes unless the study says otherwise); asked again, they come again. No
    suggestion is printed for the blind ones. Then follows whether more answers still change
    something; the decision is yours.

    \b
    Example:
      tdfnlp queue study.db --coder Ana -n 10
      tdfnlp queue study.db --coder Ana --strategy rare --format json
      tdfnlp queue study.db --coder Ana --release
    """
    with plain_errors():
        from ..queue import advice, next_questions
        from ..queue import release as give_back
        from ..store import Store

        with Store.open(study, create=False) as store:
            if release:
                click.echo(f"Given back: {give_back(store, coder=coder)} questions of {coder}.")
                return
            found = next_questions(store, coder=coder, **wishes)
            if form == "json":
                click.echo(json.dumps([_record(one) for one in found], indent=1))
                return
            for one in found:
                click.echo(_line(one))
            click.echo(f"{len(found)} questions for {coder}.")
            for sentence in advice(store).sentences:
                click.echo(f"- {sentence}")


def _record(one: "Question") -> dict[str, Any]:
    record = asdict(one)
    if one.suggestion is not None:
        del record["suggestion"]["utterance"]  # it stands beside it
    return record


def _line(one: "Question") -> str:
    said = one.suggestion
    told = "blind" if one.blind else "no suggestion"
    if said is not None:
        told = f"{said.decision}: {said.domains[0]} {said.confidences[0]:.2f}"
    text = shorten(one.utterance.text, _WIDTH, placeholder=" …").encode("utf-8", "replace").decode()
    return f"{one.id:6d}  {one.utterance.transcript}  [{one.strategy}]  {told}\n        {text}"
