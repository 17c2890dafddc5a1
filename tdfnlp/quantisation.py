"""int8 by choice: an encoder's graph quantised once and kept in the user's cache folder.

NNCF's post-training quantisation for transformers, static, with smoothed activations (Xiao et al.
2023). It takes half a minute, so the result is kept, under the weights' hash and the versions of
what made it. A folder is put in place by one rename: two processes that start together both work,
and one of the two equal results stays. A damaged one is made anew.
"""

import hashlib
import json
import logging
import shutil
import sys
import tempfile
from collections.abc import Sequence
from importlib import import_module
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from .cache import default_folder
from .errors import MissingExtraError
from .weights import Weights

logger = logging.getLogger(__name__)

Batches = Sequence[npt.NDArray[np.int32]]


def openvino() -> Any:
    """Import OpenVINO without its telemetry.

    On import OpenVINO starts a process that reports to a web service, if the package
    openvino-telemetry is there (pip installs it). With that import blocked it uses a stub.
    """
    if "openvino" not in sys.modules:
        sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]
    return import_module("openvino")


def quantise(model: Any, weights: Weights, batches: Batches) -> Any:
    """Quantise a graph, or read it back where that was done before.

    The loss against f32, measured on texts that were not calibrated on, is logged as a warning at
    every load.

    Parameters
    ----------
    model : openvino.Model
        In f32.
    weights : Weights
        What `model` was built from.
    batches : sequence of array of int32, shape (b, length)
        Token ids of representative texts; a quarter is held out for measuring.

    Raises
    ------
    MissingExtraError
        NNCF is not installed.
    """
    if find_spec("nncf") is None:
        raise MissingExtraError("int8 needs NNCF: pip install 'tdfnlp[int8]'")
    versions = f"ov{version('openvino')}-nncf{version('nncf')}"
    folder = default_folder() / f"int8-{weights.sha256[:16]}-{versions}"
    if not _is_whole(folder):
        _make(model, batches, folder)
    facts = json.loads((folder / "facts.json").read_text("utf-8"))
    logger.warning(
        "int8 vectors of %s: cosine to f32 %.4f on average, %.4f at worst (%d texts).",
        weights.name,
        facts["mean"],
        facts["min"],
        facts["texts"],
    )
    return openvino().Core().read_model(folder / "model.xml")


def _is_whole(folder: Path) -> bool:
    try:
        facts = json.loads((folder / "facts.json").read_text("utf-8"))
        return bool(facts["sha256"] == _hash(folder))
    except (OSError, ValueError, KeyError, TypeError):
        return False


def _hash(folder: Path) -> str:
    whole = hashlib.sha256((folder / "model.xml").read_bytes())
    whole.update((folder / "model.bin").read_bytes())
    return whole.hexdigest()


def _make(model: Any, batches: Batches, folder: Path) -> None:
    folder.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    part = Path(tempfile.mkdtemp(prefix=".int8-", dir=folder.parent))
    try:
        held_out = batches[::4]
        used = [batch for place, batch in enumerate(batches) if place % 4]
        expected = _vectors(model, held_out)  # before: quantising may change the graph it is given
        quantised = _quantised(model, used)
        openvino().save_model(quantised, part / "model.xml", compress_to_fp16=False)
        cosines = (_vectors(quantised, held_out) * expected).sum(axis=1)
        facts = {
            "mean": float(cosines.mean()),
            "min": float(cosines.min()),
            "texts": len(cosines),
            "sha256": _hash(part),
        }
        (part / "facts.json").write_text(json.dumps(facts), "utf-8")
        if not _is_whole(folder):
            shutil.rmtree(folder, ignore_errors=True)
            part.rename(folder)
    except OSError:
        if not _is_whole(folder):  # else another process was first: its result is as good
            raise
    finally:
        shutil.rmtree(part, ignore_errors=True)


def _quantised(model: Any, batches: Batches) -> Any:
    nncf: Any = import_module("nncf")
    nncf.set_log_level(logging.ERROR)
    smooth = nncf.AdvancedSmoothQuantParameters(matmul=0.95)
    return nncf.quantize(
        model,
        nncf.Dataset(batches),
        model_type=nncf.ModelType.TRANSFORMER,
        preset=nncf.QuantizationPreset.MIXED,
        subset_size=len(batches),
        advanced_parameters=nncf.AdvancedQuantizationParameters(smooth_quant_alphas=smooth),
    )


def _vectors(model: Any, batches: Batches) -> npt.NDArray[np.float32]:
    compiled = openvino().Core().compile_model(model, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    return np.concatenate([compiled([batch])[0] for batch in batches])
