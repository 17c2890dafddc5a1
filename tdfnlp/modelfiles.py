"""Files of a model's folder: found, checked, read and written.

Nothing in the folder is executed: arrays are plain numpy without objects, the rest is JSON. Every
file's SHA-256 stands in ``manifest.json``; a file that differs is refused, the encoder's weights
when the encoder is loaded.
"""

import hashlib
import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np

from .classifier import Head, OwnHead
from .codebook import TDF_CODEBOOK, Code
from .errors import ModelError, ModelMismatchError
from .files import replacing
from .framework import DOMAINS, VALENCES
from .thresholds import Thresholds
from .weights import BESIDE, drop_weights, find_weights, models_folder, read_json, weight_files

FORMAT = 2
"""Newest that is read. Models without own codes are written in 1, so that older programs read them.
"""
ENCODER = "encoder"
"""Folder inside a model's own, where it brings an encoder."""
FILES = ("head.npz", "thresholds.json", "codebook.json")
_BESIDE = tuple(f"{ENCODER}/{name}" for name in BESIDE)


def locate(folder: str | Path | None) -> Path:
    """Find a model's folder: the shipped one, a shipped one by name, or any."""
    path = models_folder() / "default" if folder is None else Path(folder)
    if not path.is_dir() and path.name == str(folder):
        path = models_folder() / path
    if not (path / "manifest.json").is_file():
        raise ModelError(
            f"No model at {str(folder or path)!r}: a folder with manifest.json is needed, "
            "or a shipped model's name."
        )
    return path


def check(path: Path, manifest: Any) -> None:
    """Refuse what is incomplete, altered, or of another format or codebook."""
    parts = {"encoder": ("name", "sha256", "max_length"), "facts": (), "files": ()}
    for part, keys in parts.items():
        there = manifest.get(part) if isinstance(manifest, dict) else None
        if not isinstance(there, dict) or not there.keys() >= set(keys):
            raise ModelError(
                f"manifest.json of model {path.name} lacks its parts ({part}). Get the model anew."
            )
    if manifest.get("format") not in (1, FORMAT):
        raise ModelMismatchError(
            f"Model {path.name} has format {manifest.get('format')}; this tdfnlp reads 1 and "
            f"{FORMAT}."
        )
    if manifest.get("codebook") != TDF_CODEBOOK.hash:
        raise ModelMismatchError(
            f"Model {path.name} was trained on codebook {str(manifest.get('codebook'))[:12]}, "
            f"this tdfnlp has {TDF_CODEBOOK.hash[:12]}."
        )
    listed = manifest["files"]
    for name in (*FILES, *(one for one in _BESIDE if one in listed)):
        expected = listed.get(name)
        found = file_hash(path / name) if (path / name).is_file() else "missing"
        if expected != found:
            raise ModelError(
                f"{name} of model {path.name} is damaged or altered (SHA-256 {found[:12]}, the "
                f"manifest says {str(expected)[:12]}). Get the model folder anew."
            )


def check_weights(path: Path, expected: str) -> None:
    """Refuse an encoder's weights in a model's folder that are not the ones it was saved with.

    Their hash stands with the encoder's facts in the manifest and not among its files, because it
    is the encoder's name for everything else.
    """
    there = weight_files(path / ENCODER)
    found = find_weights(path / ENCODER).sha256 if there else "missing"
    if found != expected:
        raise ModelError(
            f"The encoder's weights in model {path.name} are incomplete, damaged or altered "
            f"(SHA-256 {found[:12]}, the manifest says {expected[:12]}). Get the model folder anew."
        )


def hashes(path: Path) -> dict[str, str]:
    """Give the hash of every file of a model, for its manifest."""
    return {name: file_hash(path / name) for name in (*FILES, *_BESIDE) if (path / name).is_file()}


def copy_encoder(folder: Path, path: Path) -> None:
    """Copy the encoder of the model at `folder`, and nothing else that may lie with it."""
    if folder.resolve() == path.resolve():
        return
    weights = [file.name for file in weight_files(folder / ENCODER)]
    drop_weights(path / ENCODER, keep=weights)  # another model's may lie there
    for name in (*(f"{ENCODER}/{one}" for one in weights), *_BESIDE):
        if (folder / name).is_file():  # pooling and length may be missing
            (path / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(folder / name, path / name)


def file_hash(file: Path) -> str:
    """Give the SHA-256 of a file, in hexadecimal."""
    return hashlib.sha256(file.read_bytes()).hexdigest()


def write_json(file: Path, content: Any) -> None:
    """Write JSON, whole or not at all."""
    with replacing(file) as part:
        part.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", "utf-8")


def write_heads(file: Path, heads: dict[str, Head], means: dict[str, Any]) -> None:
    """Write heads and means as plain arrays."""
    arrays: dict[str, Any] = dict(means)
    for name, head in heads.items():
        arrays[f"{name}_coef"] = head.coef.astype(np.float32)
        arrays[f"{name}_intercept"] = head.intercept
        arrays[f"{name}_temperature"] = np.array(head.temperature)
    with replacing(file) as part, part.open("wb") as stream:
        np.savez(stream, allow_pickle=False, **arrays)


def read_heads(file: Path) -> dict[str, Any]:
    """Read heads and means, under the names of a model's fields."""
    with _arrays(file) as arrays:
        width = len(arrays["mean"])
        found = {
            "domain_head": _head(arrays, "domain", (len(DOMAINS) + 1, 2 * width)),
            "valence_head": _head(arrays, "valence", (len(VALENCES), 2 * width + len(DOMAINS))),
            "mean": arrays["mean"],
            "question_mean": arrays["question_mean"],
        }
        if arrays["mean"].shape != arrays["question_mean"].shape:
            raise ValueError("the means differ in size")
    return found


def read_own(path: Path) -> OwnHead:
    """Read the head over the study's own codes, from a folder of format 2."""
    codes, cuts = _own_codes(path), _own_cuts(path)
    if len(cuts) != len(codes):
        raise ModelError(f"thresholds.json has {len(cuts)} own codes, codebook.json {len(codes)}.")
    with _arrays(path / "head.npz") as arrays:
        shape = (len(codes) + 1, 2 * len(arrays["mean"]))
        head = _head(arrays, "own", shape)
    return OwnHead(codes, head, cuts)


def _own_codes(path: Path) -> tuple[Code, ...]:
    try:
        codes = tuple(
            Code(tuple(one["path"]), one["domain"])
            for one in read_json(path / "codebook.json")["own"]
        )
    except (KeyError, TypeError) as error:
        raise ModelError(f"codebook.json lacks {error}.") from error
    odd = [
        one
        for one in codes
        if not all(isinstance(name, str) for name in one.path)
        or not one.path
        or one.domain not in (None, *DOMAINS)
    ]
    if odd or not codes or len({one.path for one in codes}) < len(codes):
        raise ModelError("codebook.json names own codes that are none, or none at all.")
    return codes


def _own_cuts(path: Path) -> tuple[float, ...]:
    try:
        return tuple(float(one) for one in read_json(path / "thresholds.json")["own"])
    except (KeyError, TypeError, ValueError) as error:
        raise ModelError(f"thresholds.json lacks own codes ({error}).") from error


@contextmanager
def _arrays(file: Path) -> Iterator[dict[str, Any]]:
    """Load arrays; what is wrong with them or with what is made of them is a ModelError."""
    try:
        with np.load(file, allow_pickle=False) as stored:
            yield {key: stored[key] for key in stored.files}
    except (EOFError, OSError, ValueError, KeyError, TypeError, BadZipFile) as error:
        raise ModelError(f"{file.name} cannot be read ({error}). Get the model anew.") from error


def _head(arrays: dict[str, Any], name: str, shape: tuple[int, int]) -> Head:
    coef, intercept = arrays[f"{name}_coef"].astype(np.float64), arrays[f"{name}_intercept"]
    temperature = float(arrays[f"{name}_temperature"])
    if coef.shape != shape or intercept.shape != shape[:1]:
        raise ValueError(f"the {name} head has shape {coef.shape}, not {shape}")
    if not (np.isfinite(coef).all() and np.isfinite(intercept).all() and 0 < temperature < np.inf):
        raise ValueError(f"the {name} head has numbers that are none")
    return Head(coef, intercept, temperature)


def read_thresholds(stored: Any) -> Thresholds:
    """Make thresholds of what thresholds.json holds."""
    try:
        found = Thresholds(
            stored["precision"], tuple(stored["suggest"]), stored["ask"], stored["sure"]
        )
    except (KeyError, TypeError) as error:
        raise ModelError(f"thresholds.json lacks {error}.") from error
    if len(found.suggest) != len(DOMAINS):
        raise ModelError(f"thresholds.json has {len(found.suggest)} domains, not {len(DOMAINS)}.")
    return found
