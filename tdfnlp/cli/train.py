"""Commands on models: train one from confirmed codes, evaluate it, choose one."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from .common import bars, plain_errors
from .figures import say, table

if TYPE_CHECKING:
    from ..lessons import Lessons
    from ..model import Model
    from ..predicting import Progress
    from ..promotion import Comparison
    from ..store import Store

_COMPLETE = click.option(
    "--complete",
    is_flag=True,
    help="Coders coded their transcripts whole: what they left has no code.",
)
_MAPPING = click.option(
    "--mapping",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Which TDF domain your codes belong to: .csv with columns code, domain, or .json.",
)


@click.command()
@click.argument("sources", nargs=-1, required=True)
@click.option(
    "-o",
    "--output",
    required=True,
    type=click.Path(path_type=Path, file_okay=False),
    help="A new folder for the model.",
)
@click.option(
    "--base",
    default=None,
    help='Where to start: a model folder, a shipped model\'s name, or "nothing".',
)
@_COMPLETE
@_MAPPING
@click.option(
    "--fine-tune",
    is_flag=True,
    help="Train the encoder further too: minutes, and seldom worth it (docs/training.md).",
)
@click.option("--keep", is_flag=True, help="Leave the model in use as it is, whatever comes out.")
@click.option("-q", "--quiet", is_flag=True, help="No progress and no figures.")
def train(
    sources: tuple[str, ...],
    output: Path,
    base: str | None,
    keep: bool,
    fine_tune: bool,
    **reading: Any,
) -> None:
    """Train a model from confirmed codes, and say honestly whether it is better.

    SOURCES are study files, coded projects (.qdpx), code exports, or .jsonl with one unit a line.
    Only what people coded counts: domains, and beside them codes of your own, such as child codes
    or those of another framework. The model starts from the shipped one and moves away from it as
    confirmed units grow. It is checked on people whom it did not learn from. From a study file, it
    takes the place of the model in use if it is not worse beyond noise, and suggestions are made
    anew; the old model stays, and "tdfnlp models STUDY --use" puts it back.

    \b
    Example:
      tdfnlp train study.db -o models/mystudy
      tdfnlp train coded.qdpx --complete -o models/earlier --base nothing
    """
    quiet = reading["quiet"]
    with plain_errors():
        from ..lessons import is_study
        from ..promotion import compare
        from ..refusals import check_folder
        from ..retraining import train

        check_folder(output)
        lessons = _lessons(sources, **reading)
        rivals = {one: _in_use(one) for one in sources if is_study(one)}
        with bars(quiet) as progress:
            told = progress if quiet else _telling(progress)
            trained = train(lessons, base=base, fine_tune=fine_tune, progress=told)
        compared = {one: compare(trained, rival) for one, rival in rivals.items()}
        saved = trained.model.save(output)
        if not quiet:
            say(trained, *(compared.values() or [compare(trained)]))
        click.echo(f"Model {saved.id}. Written: {output}")
        for study, one in compared.items():
            _promote(study, output, one, keep=keep, quiet=quiet)


@click.command()
@click.argument("model")
@click.argument("sources", nargs=-1, required=True)
@_COMPLETE
@_MAPPING
def evaluate(model: str, sources: tuple[str, ...], complete: bool, mapping: Path | None) -> None:
    """Measure a model on what people confirmed: per domain, with intervals over people.

    MODEL is a model folder or a shipped model's name; SOURCES as for "tdfnlp train". Units that
    the model learnt from flatter it.

    \b
    Example:
      tdfnlp evaluate default study.db
      tdfnlp evaluate models/mystudy new.qdpx --complete
    """
    with plain_errors():
        from ..assessment import evaluate
        from ..model import Model

        loaded = Model.load(model)
        lessons = _lessons(sources, complete, mapping, quiet=False)
        figures = evaluate(loaded, lessons)
        click.echo(f"Model {loaded.id}")
        if figures.units:
            table(figures)
        if figures.own:
            click.echo("Codes of your own:")
            table(figures.own, what="code")
        if not figures.units and not figures.own:
            click.echo("Nothing to measure: no unit has a domain, or a code that this model knows.")
        elif loaded.own and not figures.own:
            click.echo("No unit has a code of your own that this model knows.")
        if "learnt" in loaded.facts:
            click.echo(
                "Note: this model learnt from confirmed units. If these are among them, the "
                "figures are too good; those of its training are on people held out."
            )


@click.command()
@click.argument("place", required=False)
@click.option("--use", "name", help="Make this model the study's: an id, a folder, a shipped name.")
def models(place: str | None, name: str | None) -> None:
    """List models, and choose the one that suggests for a study.

    PLACE is a study (its models, the one in use marked with *), a folder of model folders, or left
    out for the shipped models. A model that is chosen suggests anew for the whole study; earlier
    suggestions stay in the record.

    \b
    Example:
      tdfnlp models study.db
      tdfnlp models study.db --use default
    """
    with plain_errors():
        from ..choosing import list_models, use_model
        from ..errors import InputError
        from ..lessons import is_study
        from ..store import Store

        if place is None or not is_study(place):
            if name:
                raise InputError("A model is chosen for a study: tdfnlp models STUDY --use NAME.")
            listed = list_models(place)
        else:
            with Store.open(place, create=False) as store:
                if name:
                    _refresh(store, use_model(store, name))
                listed = list_models(store)
        for one in listed:
            mark = "*" if one.in_use else " "
            learnt = "shipped" if one.units is None else f"{one.units} units, {one.people} people"
            known = "" if one.problem and one.units is None else learnt
            top_1 = "" if one.top_1 is None else f"top-1 {one.top_1:.2f} held out"
            when = f"chosen {one.when[:16]}" if one.when else ""
            facts = ", ".join(filter(None, (known, top_1, when)))
            click.echo(f"{mark} {one.id}  {one.folder}" + (f"\n    {facts}" if facts else ""))
            if one.problem:
                click.echo(f"    Cannot be used: {one.problem}")


def _in_use(study: str) -> "Model":
    from ..choosing import model_in_use
    from ..store import Store

    with Store.open(study, create=False) as store:
        return model_in_use(store)


def _telling(shown: "Progress | None") -> "Progress":
    """Say each long stage with its time before it starts, with or without a bar."""
    said: set[str] = set()

    def tell(stage: str, done: int, total: int) -> None:
        if stage not in said:
            said.add(stage)
            click.echo(f"{stage} ...", err=True)
        if shown:
            shown(stage, done, total)

    return tell


def _lessons(
    sources: tuple[str, ...], complete: bool, mapping: Path | None, quiet: bool
) -> "Lessons":
    from ..lessons import read_lessons
    from ..mapping import read_mapping

    ties = read_mapping(mapping) if mapping else None
    with bars(quiet) as progress:
        lessons = read_lessons(list(sources), mapping=ties, complete=complete, progress=progress)
    if not quiet:
        for note in lessons.notes:
            click.echo(f"Note: {note}")
    return lessons


def _promote(study: str, folder: Path, compared: "Comparison", *, keep: bool, quiet: bool) -> None:
    from ..choosing import use_model
    from ..store import Store

    with Store.open(study, create=False) as store:
        if keep or not compared.verdict.promote:
            if not quiet:
                click.echo(f"Not in use. To use it: tdfnlp models {study} --use {folder}")
            return
        _refresh(store, use_model(store, folder), quiet=quiet)


def _refresh(store: "Store", model: "Model", *, quiet: bool = False) -> None:
    from ..intake import refresh

    with bars(quiet) as progress:
        result = refresh(store, model, progress=progress)
    if not quiet:
        click.echo(f"In use: {model.id}. Suggestions for {len(result)} utterances were made anew.")
