"""A model: an encoder's name, heads, thresholds and a codebook, in one folder that is checked."""

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from . import modelfiles
from .classifier import (
    Floats,
    Head,
    OwnHead,
    Proba,
    features,
    predict_given_domain,
    study_mean,
    with_domain,
)
from .codebook import TDF_CODEBOOK, Code
from .embedding import Encoder
from .errors import ModelMismatchError, OutputError
from .framework import DOMAINS
from .modelfiles import ENCODER as ENCODER
from .modelfiles import FORMAT as FORMAT
from .predictions import OwnCodes
from .thresholds import Thresholds
from .weights import read_json

_SLICE = 4_096


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
    own : OwnHead or None
        Over the study's own codes, where it learnt some.
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
    own: OwnHead | None = None

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
        path = modelfiles.locate(folder)
        manifest = read_json(path / "manifest.json")
        modelfiles.check(path, manifest)
        return cls(
            name=path.name,
            **modelfiles.read_heads(path / "head.npz"),
            thresholds=modelfiles.read_thresholds(read_json(path / "thresholds.json")),
            encoder=manifest["encoder"],
            facts=manifest["facts"],
            digest=modelfiles.file_hash(path / "manifest.json"),
            folder=path,
            own=modelfiles.read_own(path) if manifest["format"] > 1 else None,
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
            if self.encoder["name"] == ENCODER and self.folder is not None:
                modelfiles.copy_encoder(self.folder, path)
        except OSError as error:
            raise OutputError(
                f"The model folder {path.name!r} cannot be written: {error}"
            ) from error
        heads = {"domain": self.domain_head, "valence": self.valence_head}
        cuts, book = asdict(self.thresholds), {"codes": _listed(TDF_CODEBOOK.codes)}
        if self.own:
            heads["own"] = self.own.head
            cuts["own"] = self.own.suggest
            book["own"] = _listed(self.own.codes)
        modelfiles.write_heads(
            path / "head.npz", heads, {"mean": self.mean, "question_mean": self.question_mean}
        )
        modelfiles.write_json(path / "thresholds.json", cuts)
        modelfiles.write_json(path / "codebook.json", book | {"hash": TDF_CODEBOOK.hash})
        manifest = {
            "format": FORMAT if self.own else 1,
            "codebook": TDF_CODEBOOK.hash,
            "encoder": self.encoder,
            "facts": self.facts,
            "files": modelfiles.hashes(path),
        }
        modelfiles.write_json(path / "manifest.json", manifest)
        return Model.load(path)

    def load_encoder(self, **options: Any) -> Encoder:
        """Load the encoder that the heads were fitted on; options as in ``Encoder.load``."""
        encoder = Encoder.load(self.encoder_place(), **options)
        self.check_encoder(encoder)
        return encoder

    def encoder_place(self) -> str | Path:
        """Name the encoder that the heads were fitted on, or its folder inside the model's.

        Raises
        ------
        ModelError
            The weights in the folder are not the ones that the model was saved with.
        """
        name = str(self.encoder["name"])
        if name != ENCODER or not self.folder:
            return name
        modelfiles.check_weights(self.folder, str(self.encoder["sha256"]))
        return self.folder / ENCODER

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
        for part, rows in self._parts(answers, questions, mean):
            proba[part] = self.domain_head.predict_proba(rows)
            valences[part] = predict_given_domain(self.valence_head, rows, len(DOMAINS))
        return proba, valences

    def predict_own(
        self, answers: Floats, questions: Floats, *, mean: Proba | None = None
    ) -> OwnCodes | None:
        """Predict the study's own codes; None for a model that learnt none.

        Parameters
        ----------
        answers, questions, mean
            As for ``predict_proba``.
        """
        if self.own is None:
            return None
        mean = study_mean(answers, self.mean) if mean is None else mean
        proba = np.empty((len(answers), len(self.own.codes) + 1))
        for part, rows in self._parts(answers, questions, mean):
            proba[part] = self.own.head.predict_proba(rows)
        return OwnCodes(self.own.codes, proba, self.own.suggest)

    def _parts(
        self, answers: Floats, questions: Floats, mean: Proba
    ) -> Iterator[tuple[slice, Proba]]:
        """Give the rows a slice at a time, which keeps memory small."""
        for start in range(0, len(answers), _SLICE):
            part = slice(start, start + _SLICE)
            yield part, self._rows(answers[part], questions[part], mean)

    def _rows(self, answers: Floats, questions: Floats, mean: Proba | None) -> Proba:
        mean = study_mean(answers, self.mean) if mean is None else mean
        return features(answers, questions, mean=mean, question_mean=self.question_mean)


def _listed(codes: Iterable[Code]) -> list[dict[str, Any]]:
    return [{"path": list(code.path), "domain": code.domain} for code in codes]


def encoder_facts(encoder: Encoder) -> dict[str, Any]:
    """Record what a manifest says of an encoder."""
    mark = encoder.fingerprint
    return {
        "name": mark.name,
        "sha256": mark.sha256,
        "max_length": mark.max_length,
        "int8": mark.precision == "int8",
    }
