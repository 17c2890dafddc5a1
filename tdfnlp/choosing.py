"""Which model suggests for a study: listed, chosen, put back."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .errors import InputError, ModelError, ModelMismatchError
from .model import Model
from .store import Store
from .weights import models_folder


@dataclass(frozen=True, slots=True)
class Listed:
    """A model in a list.

    Attributes
    ----------
    id, folder : str
    when : str
        When it was chosen for the study; "" elsewhere.
    in_use : bool
    units, people : int or None
        Confirmed units it learnt from; None for a shipped model.
    top_1 : float or None
        On people held out, or for a shipped model on topics held out.
    problem : str
        Why it cannot be used, "" if it can.
    """

    id: str
    folder: str
    when: str = ""
    in_use: bool = False
    units: int | None = None
    people: int | None = None
    top_1: float | None = None
    problem: str = ""


def list_models(place: Store | str | Path | None = None) -> tuple[Listed, ...]:
    """List the models of a study (oldest first), of a folder, or the shipped ones.

    Raises
    ------
    InputError
        There is no such folder.
    """
    if isinstance(place, Store):
        used = place.models()
        last = {one.folder: one for one in used}
        now = used[-1].folder if used else "default"
        rows = [
            _listed(one.folder, one.model, one.when, one.folder == now) for one in last.values()
        ]
        return tuple(rows if "default" in last else [_listed("default", in_use=not used), *rows])
    folder = models_folder() if place is None else Path(place)
    if not folder.is_dir():
        raise InputError(f"There is no folder {str(folder)!r}, and no study.")
    found = sorted(
        file.parent for file in [*folder.glob("manifest.json"), *folder.glob("*/manifest.json")]
    )
    return tuple(_listed(str(one.absolute())) for one in found)


def _listed(folder: str, name: str = "", when: str = "", in_use: bool = False) -> Listed:
    try:
        model = Model.load(_place(folder))
    except ModelError as error:
        return Listed(name or Path(folder).name, folder, when, in_use, problem=str(error))
    changed = name and name != model.id and not _is_shipped(model)
    learnt = model.facts.get("learnt", {})
    return Listed(
        name or model.id,
        folder,
        when,
        in_use,
        learnt.get("units"),
        learnt.get("people"),
        _top_1(model.facts),
        f"the folder now holds {model.id}" if changed else "",
    )


def _top_1(facts: dict[str, Any]) -> float | None:
    found = facts.get("out_of_fold", facts.get("unseen_topics_with_question", {})).get("top_1")
    value = found["value"] if isinstance(found, dict) else found
    return None if value is None else float(value)


def model_in_use(store: Store) -> Model:
    """Load the model that suggests for a study: the shipped one until another was chosen.

    Raises
    ------
    ModelError
        It is not where it was, or damaged.
    ModelMismatchError
        Another model lies in its folder.
    """
    used = store.models()
    if not used:
        return Model.load()
    last = used[-1]
    try:
        model = Model.load(_place(last.folder))
    except ModelMismatchError:
        raise
    except ModelError as error:
        raise ModelError(
            f"The study uses model {last.model}. {error} Or choose another: tdfnlp models STUDY "
            "--use NAME."
        ) from error
    if model.id != last.model and not _is_shipped(model):
        raise ModelMismatchError(
            f"The study uses model {last.model}, but {last.folder!r} holds {model.id}. Choose one: "
            "tdfnlp models STUDY --use NAME."
        )
    return model


def use_model(store: Store, model: Model | str | Path) -> Model:
    """Choose the model that suggests for a study from now on.

    Parameters
    ----------
    store : Store
    model : Model, str or Path
        A saved model, its folder, a shipped model's name, or the id or folder name of one that the
        study had before.

    Raises
    ------
    InputError
        The model was never saved.
    """
    if not isinstance(model, Model):
        model = Model.load(_named(store, str(model)))
    if not model.digest or model.folder is None:
        raise InputError("The model was not saved yet: give it a folder first.")
    place = model.name if _is_shipped(model) else str(model.folder.resolve())
    store.use_model(model.id, place)
    return model


def _named(store: Store, name: str) -> str | Path:
    """Find the folder that an id, a folder or the name of one means, or refuse to guess."""
    ids = {one.model: one.folder for one in store.models()}
    folders = {one.folder for one in store.models() if Path(one.folder).name == name}
    shipped = (models_folder() / name / "manifest.json").is_file() and Path(name).name == name
    found = [ids[name]] if name in ids else sorted(folders | ({name} if shipped else set()))
    if len(found) > 1:
        raise InputError(
            f"{name!r} may be {' or '.join(map(repr, found))}. Name one by its id: tdfnlp models "
            "STUDY lists them."
        )
    return _place(found[0]) if found else name


def _place(folder: str) -> Path:
    """Give the folder that a study names: a shipped model's is its name alone, wherever it lies."""
    return Path(folder) if Path(folder).is_absolute() else models_folder() / folder


def _is_shipped(model: Model) -> bool:
    """Whether it comes with tdfnlp: such a one may change with an update."""
    return model.folder is not None and model.folder.resolve().parent == models_folder().resolve()
