"""Work in several processes, or on a cluster, through joblib.

Which processes is joblib's affair: its own on this machine, or what the caller chose with
``joblib.parallel_config``. Each keeps one loaded model; how many threads it uses is told to it in
OMP_NUM_THREADS, which ``engine.cpu_count`` respects.
"""

import traceback
import warnings
from collections.abc import Callable, Generator, Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, TypeVar

from .embedding import Encoder
from .engine import has_bf16
from .errors import InputError, ModelError, ModelMismatchError, WorkerError
from .model import Model
from .weights import models_folder

Task = TypeVar("Task")
Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Loading:
    """What a worker has to load.

    Attributes
    ----------
    model : str
        A shipped model's name, or a folder that is there for every worker.
    precision : str
        The same for all, since vectors of different precision must not meet in one study.
    id : str
        ``Model.id`` that it must have.
    mark : str
        Fingerprint that its encoder must have.
    """

    model: str
    precision: str
    id: str
    mark: str


def loading(model: Model, encoder: Encoder) -> Loading:
    """Say what workers have to load, so that they have what is loaded here.

    Raises
    ------
    InputError
        No worker could load it: the model is not in a folder, or another engine runs its encoder.
    """
    mark = encoder.fingerprint
    if model.folder is None or mark.engine != "openvino":
        raise InputError(
            f"Workers load a model from its folder and run it with OpenVINO: save {model.id} "
            "first, and leave out the encoder."
        )
    shipped = model.folder.parent == models_folder()
    place = model.folder.name if shipped else str(model.folder.absolute())
    return Loading(place, mark.precision, model.id, str(mark))


def load(model: Model, precision: str) -> tuple[Loading, Encoder]:
    """Load the encoder here, as a worker would; "auto" is what this CPU does best."""
    if precision == "auto":
        precision = "bf16" if has_bf16() else "f32"
    encoder = _encoder(model, precision)
    return loading(model, encoder), encoder


def loaded(what: Loading) -> tuple[Model, Encoder]:
    """Load in a worker, once, and check that it is what the others have.

    Raises
    ------
    ModelError
        The model is missing, damaged, another one than the others have, or too much for the CPU.
    """
    if what.precision == "bf16" and not has_bf16():
        raise ModelError(
            "The CPU of a worker has no bfloat16 as others have: use precision='f32' for all."
        )
    model = _model(what.model)
    encoder = _encoder(model, what.precision)
    found = (model.id, str(encoder.fingerprint))
    if found != (what.id, what.mark):
        raise ModelMismatchError(
            f"A worker has model {found[0]} on {found[1]}, the run began with {what.id} on "
            f"{what.mark}: install the same versions everywhere."
        )
    return model, encoder


@lru_cache(maxsize=1)
def _model(place: str) -> Model:
    return Model.load(place)


_encoders: dict[tuple[str, str], Encoder] = {}


def _encoder(model: Model, precision: str) -> Encoder:
    """Load it without a cache on disk: a corpus keeps its vectors, and workers would wait."""
    key = (model.id, precision)
    if key not in _encoders:
        _encoders.clear()  # one at a time: they are large
        _encoders[key] = model.load_encoder(precision=precision, cache=False)
    return _encoders[key]


def each(
    function: Callable[[Task], Result], tasks: Iterable[Task], n_jobs: int | None
) -> Generator[Result, None, None]:
    """Apply a function to tasks in workers; results come one by one, in the order of the tasks.

    Parameters
    ----------
    function : callable
        At the top level of a module.
    tasks : iterable
        Drawn as workers get free, so that it may be long.
    n_jobs : int or None
        How many processes, -1 for one a core; None for what ``joblib.parallel_config`` says, and
        this process alone where that was not called.

    Raises
    ------
    WorkerError
        A worker or the cluster was lost, or there is none. What the function itself raises comes
        through as it is.
    """
    from joblib import Parallel, delayed

    calls = (delayed(_caught)(function, task) for task in tasks)
    try:
        results = Parallel(n_jobs=n_jobs, return_as="generator", batch_size=1)(calls)
    except Exception as error:
        raise WorkerError(_lost(error)) from error
    try:
        while (found := _next(results)) is not None:
            result, failed = found
            if failed is not None:
                raise failed
            yield result
    finally:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that what is under way is given up
            results.close()


def check_n_jobs(n_jobs: int | None) -> None:
    """Refuse a number of workers that is none."""
    if n_jobs is not None and n_jobs != -1 and n_jobs < 1:
        raise InputError(f"The number of workers is 1 or more, or -1 for one a core; not {n_jobs}.")


def _next(results: Any) -> Any:
    try:
        return next(results, None)
    except Exception as error:
        raise WorkerError(_lost(error)) from error


def _caught(
    function: Callable[[Task], Result], task: Task
) -> tuple[Result | None, Exception | None]:
    """Give what a function raises as a value, so that all else that is raised is lost workers."""
    try:
        return function(task), None
    except Exception as error:
        error.add_note(traceback.format_exc())
        return None, error


def _lost(error: Exception) -> str:
    said: Any = next(iter(str(error).strip().splitlines()), "")
    return (
        f"A worker or the cluster was lost, or there is none ({type(error).__name__}: {said}). "
        "Memory may have run out. Run the same again: a corpus goes on where it stopped."
    )
