"""Text to vectors: the encoder that everything else calls."""

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence, Sized
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Literal, Protocol

import numpy as np
import numpy.typing as npt

from .cache import VectorCache
from .errors import InputError, ModelError
from .weights import PACKED, Weights, find_weights, models_folder, read_json, weight_files

logger = logging.getLogger(__name__)

Floats = npt.NDArray[np.float32]
Progress = Callable[[int], object]

_CHUNK = 8_192
"""Texts held at once: bounds memory whatever the length of the input."""


class _Runner(Protocol):
    dimension: int

    def run(self, texts: Sequence[str], out: Floats, progress: Progress) -> None: ...


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """What a vector depends on besides its text.

    Attributes
    ----------
    name, sha256 : str
        The weights.
    max_length : int
        Tokens after which a text is cut.
    engine, precision, version : str
        What ran them.
    """

    name: str
    sha256: str
    max_length: int
    engine: str
    precision: str
    version: str

    def __str__(self) -> str:
        return (
            f"{self.name}@{self.sha256[:12]} max{self.max_length} "
            f"{self.engine} {self.version} {self.precision}"
        )


class Encoder:
    """A sentence encoder ready to run. Make one with ``Encoder.load``.

    Attributes
    ----------
    dimension : int
        Width of a vector.
    fingerprint : Fingerprint
        What its vectors depend on.
    """

    def __init__(
        self, runner: _Runner, fingerprint: Fingerprint, cache: VectorCache | None
    ) -> None:
        self._runner = runner
        self._cache = cache
        self.fingerprint = fingerprint
        self.dimension = runner.dimension

    @classmethod
    def load(
        cls,
        name_or_folder: str | Path | None = None,
        *,
        precision: Literal["auto", "bf16", "f32", "int8"] = "auto",
        engine: Literal["openvino", "sentence-transformers"] = "openvino",
        cache: VectorCache | bool = True,
    ) -> "Encoder":
        """Load an encoder from this machine; nothing is ever downloaded.

        Parameters
        ----------
        name_or_folder : str or Path, optional
            A model folder; all-MiniLM-L6-v2 where left out. With sentence-transformers also a
            name in its own cache.
        precision : {"auto", "bf16", "f32", "int8"}
            Of the matrix products. "auto" is bf16 where the CPU has it, else f32. "int8" is
            faster and less exact (the loss is measured and logged), needs ``tdfnlp[int8]``, takes
            half a minute the first time, and differs between kinds of CPU.
        engine : {"openvino", "sentence-transformers"}
            The second is the slow reference and runs any model whose weights are not packed, always
            in f32.
        cache : bool or VectorCache
            Keep vectors on disk between runs.

        Raises
        ------
        ModelError
            The model is missing, damaged or of a kind the engine cannot run.
        InputError
            An unknown precision or engine.

        Examples
        --------
        >>> encoder = Encoder.load(cache=False)
        >>> encoder.encode(["We never have time.", "Nobody asked us."]).shape
        (2, 384)
        """
        if precision not in ("auto", "bf16", "f32", "int8"):
            raise InputError(f"precision is 'auto', 'bf16', 'f32' or 'int8', not {precision!r}.")
        store = VectorCache() if cache is True else cache or None
        if engine == "sentence-transformers":
            return cls(*_reference(name_or_folder), store)
        if engine != "openvino":
            raise InputError(f"engine is 'openvino' or 'sentence-transformers', not {engine!r}.")
        return cls(*_openvino(find_weights(name_or_folder), precision), store)

    def encode(self, texts: Iterable[str], *, progress: bool | Progress = False) -> Floats:
        """Encode texts.

        White space is normalised, equal texts are encoded once, and a text longer than
        ``fingerprint.max_length`` tokens is cut (the log says how many were).

        Parameters
        ----------
        texts : iterable of str
            Any number; read in pieces of bounded size.
        progress : bool or callable
            True shows a bar; a callable gets the number of texts done since its last call.

        Returns
        -------
        array of float32, shape (n, dimension)
            L2-normalised, in the order of `texts`.
        """
        if isinstance(texts, str):
            raise InputError("encode takes several texts; put one text in a list.")
        # Written in place, so that no second copy of the output is ever held; an input without a
        # length is given room by doubling.
        out = np.empty((len(texts) if isinstance(texts, Sized) else _CHUNK, self.dimension), "f4")
        done = 0
        with _reporting(progress) as report:
            for chunk in _chunks(texts):
                if done + len(chunk) > len(out):
                    out.resize((2 * len(out) + len(chunk), self.dimension), refcheck=False)
                out[done : done + len(chunk)] = self._encode_chunk(chunk, report)
                done += len(chunk)
        return out[:done]

    def _encode_chunk(self, texts: list[str], report: Progress) -> Floats:
        normal = [" ".join(text.split()) for text in texts]
        rows = {text: row for row, text in enumerate(dict.fromkeys(normal))}
        unique = self._encode_unique(list(rows), report)
        report(len(normal) - len(rows))
        if len(rows) == len(normal):
            return unique
        return unique[[rows[text] for text in normal]]

    def _encode_unique(self, texts: list[str], report: Progress) -> Floats:
        out = np.empty((len(texts), self.dimension), dtype=np.float32)
        if self._cache is None:
            self._runner.run(texts, out, report)
            return out
        keys = self._cache.keys(texts, repr(self.fingerprint))
        known = self._cache.get(keys, self.dimension)
        report(len(known))
        missing = [row for row, key in enumerate(keys) if key not in known]
        if missing:
            fresh = np.empty((len(missing), self.dimension), dtype=np.float32)
            self._runner.run([texts[row] for row in missing], fresh, report)
            out[missing] = fresh
            self._cache.put({keys[row]: out[row] for row in missing})
        if known:
            there = [row for row, key in enumerate(keys) if key in known]
            out[there] = np.stack([known[keys[row]] for row in there])
        return out


def _chunks(texts: Iterable[str]) -> Iterator[list[str]]:
    source = iter(texts)
    while chunk := list(islice(source, _CHUNK)):
        yield chunk


class _reporting:
    """Context in which a bar, if asked for, is open."""

    def __init__(self, progress: bool | Progress) -> None:
        self._progress = progress
        self._bar: Any = None

    def __enter__(self) -> Progress:
        if self._progress is False:
            return lambda _: None
        if self._progress is not True:
            return self._progress
        from tqdm.auto import tqdm

        self._bar = tqdm(unit=" texts", desc="Encoding")
        return lambda count: self._bar.update(count)

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.close()


class _OpenVino:
    """Tokenises in bulk and runs an ``Engine``."""

    def __init__(self, weights: Weights, precision: str, max_length: int) -> None:
        from .engine import Engine

        self._tokenizer = _tokenizer(weights.folder, max_length)
        self._max_length = max_length
        self._engine = Engine(weights, precision, self._calibration(precision))
        self.dimension = self._engine.dimension

    def _calibration(self, precision: str) -> list[list[int]]:
        if precision != "int8":
            return []
        texts = (models_folder() / "calibration.txt").read_text("utf-8").splitlines()
        return [one.ids for one in self._tokenizer.encode_batch_fast(texts)]

    def run(self, texts: Sequence[str], out: Floats, progress: Progress) -> None:
        # A lone surrogate, legal in a Python string, is not legal UTF-8.
        clean = [text.encode("utf-8", "replace").decode() for text in texts]
        encodings = self._tokenizer.encode_batch_fast(clean)
        cut = sum(len(one) == self._max_length and bool(one.overflowing) for one in encodings)
        if cut:
            logger.warning(
                "%d of %d texts are longer than %d tokens; the rest of them is not seen.",
                cut,
                len(texts),
                self._max_length,
            )
        self._engine.run([one.ids for one in encodings], out, progress)


def _tokenizer(folder: Path, max_length: int) -> Any:
    from tokenizers import Tokenizer

    file = folder / "tokenizer.json"
    if not file.is_file():
        raise ModelError(f"{folder.name} has no tokenizer.json.")
    tokenizer = Tokenizer.from_file(str(file))
    # The file of all-MiniLM-L6-v2 pads everything to 128 tokens and cuts there.
    tokenizer.no_padding()
    tokenizer.enable_truncation(max_length)
    return tokenizer


def _max_length(folder: Path) -> int:
    file = folder / "sentence_bert_config.json"
    if not file.is_file():
        return 256
    return int(read_json(file).get("max_seq_length") or 256)


def _openvino(weights: Weights, precision: str) -> tuple[_Runner, Fingerprint]:
    from .engine import has_bf16
    from .quantisation import openvino

    if precision == "auto":
        precision = "bf16" if has_bf16() else "f32"
    length = _max_length(weights.folder)
    version = openvino().__version__.split("-")[0]
    return (
        _OpenVino(weights, precision, length),
        Fingerprint(weights.name, weights.sha256, length, "openvino", precision, version),
    )


class _Reference:
    """sentence-transformers, in f32."""

    def __init__(self, model: Any) -> None:
        self.model = model
        self.dimension = int(model.get_embedding_dimension())

    def run(self, texts: Sequence[str], out: Floats, progress: Progress) -> None:
        out[:] = self.model.encode(
            list(texts), normalize_embeddings=True, show_progress_bar=False, convert_to_numpy=True
        )
        progress(len(texts))


def _reference(name_or_folder: str | Path | None) -> tuple[_Runner, Fingerprint]:
    local = name_or_folder is None or Path(name_or_folder).is_dir()
    weights = find_weights(name_or_folder) if local else None
    if weights and weight_files(weights.folder)[0].name == PACKED.format(1):
        raise ModelError(
            f"The weights in {weights.name!r} are packed in few bits, which only "
            "engine='openvino' reads."
        )
    from sentence_transformers import SentenceTransformer, __version__

    source = str(weights.folder if weights else name_or_folder)
    try:
        model = SentenceTransformer(source, device="cpu", local_files_only=True)
    except (OSError, ValueError) as error:
        raise ModelError(
            f"sentence-transformers cannot load {str(name_or_folder)!r} from this machine. "
            "Models are never downloaded; give a model folder."
        ) from error
    fingerprint = Fingerprint(
        weights.name if weights else source,
        weights.sha256 if weights else "unknown",
        int(model.max_seq_length or 0),
        "sentence-transformers",
        "f32",
        __version__,
    )
    return _Reference(model), fingerprint
