"""A model: an encoder's name, heads, thresholds and a codebook, in one folder that is checked.

Nothing in the folder is executed: arrays are plain numpy without objects, the rest is JSON. Every
file's SHA-256 stands in ``manifest.json``; a file that differs is refused.
"""

import hashlib
import json
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
import numpy.typing as npt

from .classifier import (
    Floats,
    Head,
    Proba,
    features,
    predict_given_domain,
    study_mean,
    with_domain,
)
from .codebook import TDF_CODEBOOK
from .embedding import Encoder
from .errors import ModelError, ModelMismatchError, OutputError
from .files import replacing
from .framework import DOMAINS
from .thresholds import Thresholds
from .weights import models_folder, read_json

FORMAT = 1
ENCODER = "encoder"
"""Folder inside a model's own, where it brings an encoder."""
_SLICE = 4_096
_FILES = ("head.npz", "thresholds.json", "codebook.json")


@dataclass(frozen=True, slots=True, eq=False)
class Model:
    """What turns utterances into probabilities. Load one with ``Model.load``.

    Attributes
    ----------
    name : str
        Folder name.
    domain_head, valence_head : Head
        Over ``DOMAINS`` and none; over ``VALENCES``.
    mean, question_mean : array, shape (d,)
        Training means of answers and questions.
    thresholds : Thresholds
    encoder : dict
        Name, SHA-256 and maximal length of the encoder whose vectors the heads read. The name
        "encoder" is a folder inside the model's.
    facts : dict
        Training counts and measured figures, as the manifest carries them.
    """

    name: str
    domain_head: Head
    valence_head: Head
    mean: Proba
    question_mean: Proba
    thresholds: Thresholds
    encoder: dict[str, Any]
    facts: dict[str, Any]
    digest: str = ""
    folder: Path | None = None

    @property
    def id(self) -> str:
        """Name and the first digits of the manifest's hash: stands on every suggestion."""
        return f"{self.name}-{self.digest[:8]}" if self.digest else self.name

    @classmethod
    def load(cls, folder: str | Path | None = None) -> "Model":
        """Read a model folder.

        Parameters
        ----------
        folder : str or Path, optional
            The shipped model where left out; the name of a shipped model, or a folder.

        Raises
        ------
        ModelError
            The folder is missing, incomplete, damaged or altered.
        ModelMismatchError
            Another format version or codebook.
        """
        path = _locate(folder)
        manifest = read_json(path / "manifest.json")
        _check(path, manifest)
        return cls(
            name=path.name,
            **_read_arrays(path / "head.npz"),
            thresholds=_thresholds(read_json(path / "thresholds.json")),
            encoder=manifest["encoder"],
            facts=manifest["facts"],
            digest=_hash(path / "manifest.json"),
            folder=path,
        )

    def save(self, folder: str | Path) -> "Model":
        """Write the folder and read it back (which also gives the model its final id).

        An encoder that the model brought with it is copied.

        Raises
        ------
        OutputError
            The folder cannot be written.
        """
        path = Path(folder)
        try:
            path.mkdir(parents=True, exist_ok=True)
            _copy_encoder(self, path)
        except (OSError, shutil.Error) as error:
            raise OutputError(
                f"The model folder {path.name!r} cannot be written: {error}"
            ) from error
        with replacing(path / "head.npz") as part, part.open("wb") as stream:
            np.savez(stream, allow_pickle=False, **_arrays(self))
        _write_json(path / "thresholds.json", asdict(self.thresholds))
        codes = [{"path": list(code.path), "domain": code.domain} for code in TDF_CODEBOOK.codes]
        _write_json(path / "codebook.json", {"codes": codes, "hash": TDF_CODEBOOK.hash})
        manifest = {
            "format": FORMAT,
            "codebook": TDF_CODEBOOK.hash,
            "encoder": self.encoder,
            "facts": self.facts,
            "files": {name: _hash(path / name) for name in _FILES},
        }
        _write_json(path / "manifest.json", manifest)
        return Model.load(path)

    def load_encoder(self, **options: Any) -> Encoder:
        """Load the encoder that the heads were fitted on; options as in ``Encoder.load``."""
        encoder = Encoder.load(self.encoder_place(), **options)
        self.check_encoder(encoder)
        return encoder

    def encoder_place(self) -> str | Path:
        """Name the encoder that the heads were fitted on, or its folder inside the model's."""
        name = str(self.encoder["name"])
        return self.folder / ENCODER if name == ENCODER and self.folder else name

    def check_encoder(self, encoder: Encoder) -> None:
        """Refuse an encoder with other weights, another maximal length, or int8 for not int8.

        bf16 and f32 may stand in for each other (cosine above 0.999), so that a model made on one
        computer works on another; int8 is further away.

        Raises
        ------
        ModelMismatchError
            Naming both.
        """
        own, other = ({**facts, "name": ""} for facts in (self.encoder, encoder_facts(encoder)))
        if own != other:
            raise ModelMismatchError(
                f"Model {self.id} was trained on {self.encoder['name']} "
                f"({self.encoder['sha256'][:12]}, {self.encoder['max_length']} tokens, "
                f"{'' if self.encoder.get('int8') else 'not '}int8), not on {encoder.fingerprint}."
            )

    def predict_proba(
        self, answers: Floats, questions: Floats, *, mean: Proba | None = None
    ) -> Proba:
        """Probability of each domain and of none.

        Parameters
        ----------
        answers : array, shape (n, d)
            The codable passages of one whole study: its mean is taken off.
        questions : array, shape (n, d)
            Rows of zeros where there is no question.
        mean : array, shape (d,), optional
            The study's, where these passages are a part of it.

        Returns
        -------
        array, shape (n, 15)
            In the order of ``DOMAINS``, none last.
        """
        return self.domain_head.predict_proba(self._rows(answers, questions, mean))

    def predict_valence_proba(
        self,
        answers: Floats,
        questions: Floats,
        domains: npt.NDArray[np.intp],
        *,
        mean: Proba | None = None,
    ) -> Proba:
        """Probability of each valence, given for each passage one domain (a place in DOMAINS).

        Returns
        -------
        array, shape (n, 4)
            In the order of ``VALENCES``.
        """
        rows = with_domain(self._rows(answers, questions, mean), domains, len(DOMAINS))
        return self.valence_head.predict_proba(rows)

    def predict(
        self, answers: Floats, questions: Floats, *, mean: Proba | None = None
    ) -> tuple[Proba, Proba]:
        """Predict domains, and the valence for each domain, in one go and in little memory.

        Parameters
        ----------
        answers, questions, mean
            As for ``predict_proba``.

        Returns
        -------
        proba : array, shape (n, 15)
        valences : array, shape (n, 14, 4)
        """
        mean = study_mean(answers, self.mean) if mean is None else mean
        proba = np.empty((len(answers), len(self.domain_head.coef)))
        valences = np.empty((len(answers), len(DOMAINS), len(self.valence_head.coef)))
        for start in range(0, len(answers), _SLICE):
            part = slice(start, start + _SLICE)
            rows = self._rows(answers[part], questions[part], mean)
            proba[part] = self.domain_head.predict_proba(rows)
            valences[part] = predict_given_domain(self.valence_head, rows, len(DOMAINS))
        return proba, valences

    def _rows(self, answers: Floats, questions: Floats, mean: Proba | None) -> Proba:
        mean = study_mean(answers, self.mean) if mean is None else mean
        return features(answers, questions, mean=mean, question_mean=self.question_mean)


def _locate(folder: str | Path | None) -> Path:
    path = models_folder() / "default" if folder is None else Path(folder)
    if not path.is_dir() and path.name == str(folder):
        path = models_folder() / path
    if not (path / "manifest.json").is_file():
        raise ModelError(
            f"No model at {str(folder or path)!r}: a folder with manifest.json is needed. "
            "Leave it out for the shipped model."
        )
    return path


def _check(path: Path, manifest: dict[str, Any]) -> None:
    if not isinstance(manifest, dict) or not {"encoder", "facts"} <= manifest.keys():
        raise ModelError(f"manifest.json of model {path.name} lacks its parts.")
    if manifest.get("format") != FORMAT:
        raise ModelMismatchError(
            f"Model {path.name} has format {manifest.get('format')}; this tdfnlp reads {FORMAT}."
        )
    if manifest.get("codebook") != TDF_CODEBOOK.hash:
        raise ModelMismatchError(
            f"Model {path.name} was trained on codebook {str(manifest.get('codebook'))[:12]}, "
            f"this tdfnlp has {TDF_CODEBOOK.hash[:12]}."
        )
    for name in _FILES:
        expected = manifest.get("files", {}).get(name)
        found = _hash(path / name) if (path / name).is_file() else "missing"
        if expected != found:
            raise ModelError(
                f"{name} of model {path.name} is damaged or altered (SHA-256 {found[:12]}, the "
                f"manifest says {str(expected)[:12]}). Get the model folder anew."
            )


def _copy_encoder(model: Model, path: Path) -> None:
    if model.encoder["name"] != ENCODER or model.folder is None:
        return
    source, target = model.folder / ENCODER, path / ENCODER
    if source.is_dir() and source.resolve() != target.resolve():
        shutil.copytree(source, target, dirs_exist_ok=True)


def _hash(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def _write_json(file: Path, content: Any) -> None:
    with replacing(file) as part:
        part.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", "utf-8")


def _arrays(model: Model) -> dict[str, Any]:
    arrays: dict[str, Any] = {"mean": model.mean, "question_mean": model.question_mean}
    for name, head in (("domain", model.domain_head), ("valence", model.valence_head)):
        arrays[f"{name}_coef"] = head.coef.astype(np.float32)
        arrays[f"{name}_intercept"] = head.intercept
        arrays[f"{name}_temperature"] = np.array(head.temperature)
    return arrays


def _head(arrays: dict[str, Any], name: str) -> Head:
    return Head(
        arrays[f"{name}_coef"].astype(np.float64),
        arrays[f"{name}_intercept"],
        float(arrays[f"{name}_temperature"]),
    )


def _read_arrays(file: Path) -> dict[str, Any]:
    try:
        with np.load(file, allow_pickle=False) as stored:
            arrays = {key: stored[key] for key in stored.files}
        return {
            "domain_head": _head(arrays, "domain"),
            "valence_head": _head(arrays, "valence"),
            "mean": arrays["mean"],
            "question_mean": arrays["question_mean"],
        }
    except (EOFError, OSError, ValueError, KeyError, TypeError, BadZipFile) as error:
        raise ModelError(f"{file.name} cannot be read ({error}). Get the model anew.") from error


def _thresholds(stored: dict[str, Any]) -> Thresholds:
    try:
        return Thresholds(
            stored["precision"], tuple(stored["suggest"]), stored["ask"], stored["sure"]
        )
    except (KeyError, TypeError) as error:
        raise ModelError(f"thresholds.json lacks {error}.") from error


def encoder_facts(encoder: Encoder) -> dict[str, Any]:
    """Record what a manifest says of an encoder."""
    mark = encoder.fingerprint
    return {
        "name": mark.name,
        "sha256": mark.sha256,
        "max_length": mark.max_length,
        "int8": mark.precision == "int8",
    }
