"""Figures of models in words and columns."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from ..evaluation import Figures
    from ..owncodes import OwnTrained
    from ..promotion import Comparison
    from ..retraining import Trained


def say(trained: "Trained", compared: "Comparison", *others: "Comparison") -> None:
    """Say how good a new model is, what it lacks, and how it compares with those in use."""
    learnt = trained.model.facts["learnt"]
    told, untied = learnt["units"] - learnt["untied"], learnt["untied"]
    parts = [f"{learnt['uncoded']} without a domain"] if told else []
    parts += [f"{untied} that say nothing of domains"] if untied else []
    click.echo(
        f"Learnt from {learnt['units']} confirmed units of {learnt['people']} people "
        f"({', '.join(parts)}). Checked on people held out:"
    )
    if compared.new.units:
        _domains(trained, compared)
    if trained.own:
        _own(trained.own)
    _notes(trained.notes)
    for each in (compared, *others):
        _notes(each.notes)
        click.echo(f"Against {each.rival}: {each.verdict.sentence}")


def _domains(trained: "Trained", compared: "Comparison") -> None:
    from ..gating import GATE_PEOPLE, GATE_UNITS

    table(compared.new, beside=(compared.rival, compared.old))
    direction = trained.model.facts["out_of_fold"]["direction"]
    if direction is not None:
        click.echo(f"  {'direction right, given the domain':<42}{direction:.2f}")
    if compared.audit:
        click.echo("On the blind audit alone, which stands for the study:")
        table(compared.audit[0], beside=(compared.rival, compared.audit[1]), each=False)
    _gates(
        trained.gates,
        f"Thresholds of their own start at {GATE_UNITS} units from {GATE_PEOPLE} people; under "
        "that, those of the model it started from hold, or stricter ones:",
    )


def _own(own: "OwnTrained") -> None:
    from ..gating import GATE_PEOPLE, GATE_UNITS

    click.echo(f"{len(own.own.codes)} codes of your own, checked in the same way:")
    table(own.figures, beside=("the most frequent", own.usual), what="code")
    _gates(
        own.gates,
        f"Codes are suggested from {GATE_UNITS} units of {GATE_PEOPLE} people on; under that, "
        "they are shown with their confidence and left to you:",
    )
    _notes(own.notes)


def _gates(gates: Iterable[str], words: str) -> None:
    """Say what too few units mean, and what has too few; nothing where nothing has."""
    for place, one in enumerate(gates):
        if not place:
            click.echo(words)
        click.echo(f"    {one}")


def _notes(notes: Iterable[str]) -> None:
    for note in notes:
        click.echo(f"Note: {note}")


def table(
    figures: "Figures",
    *,
    beside: "tuple[str, Figures] | None" = None,
    each: bool = True,
    what: str = "domain",
) -> None:
    """Print figures, beside those of something else where given."""
    click.echo(f"{figures.units} units ({figures.coded} coded) of {figures.people} people")
    if beside:
        click.echo(f"{'':<44}{'new':<24}{beside[0]}")
    for name, words in (
        ("top_1", f"right {what} first"),
        ("top_3", f"right {what} among three"),
        ("right", f'right, "no {what}" included'),
        ("macro_f1", "macro-F1"),
        ("kappa", "kappa"),
        ("precision", "precision of suggestions"),
        ("suggested", "share suggested"),
    ):
        other = str(getattr(beside[1], name)) if beside else ""
        click.echo(f"  {words:<42}{getattr(figures, name)!s:<24}{other}".rstrip())
    ece = [one.ece for one in (figures, *([beside[1]] if beside else []))]
    shown = [f"{one:.2f}" if one is not None else "-" for one in ece]
    click.echo(f"  {'calibration error':<42}{shown[0]:<24}{''.join(shown[1:])}".rstrip())
    if not each:
        return
    old = {one.domain: str(one.f1) for one in beside[1].domains} if beside else {}
    click.echo(f"  F1 of each {what}")
    for one in figures.domains:
        name = f"{one.domain} ({one.units} units, {one.people} people)"
        click.echo(f"    {name:<65} {one.f1!s:<24}{old.get(one.domain, '')}".rstrip())
