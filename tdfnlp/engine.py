"""Running an encoder's weights through OpenVINO, without torch.

The graph is built straight from the safetensors at every start: that takes as long as reading a
converted file would (unpacking a large packed encoder adds a second or so), so there is no
conversion to keep, to damage or to race for.

Texts of one length in tokens go through together, so nothing is padded and no attention mask is
needed: a vector depends on its text alone, but for the rounding of differently tiled products.
"""

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from importlib import import_module
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import numpy as np
import numpy.typing as npt

from .errors import ModelError
from .packing import read_arrays
from .quantisation import openvino, quantise
from .weights import Weights, read_json

Floats = npt.NDArray[np.float32]
BUDGET = 1024
"""Tokens a batch: enough to fill the cores' caches, little enough to balance two streams."""

_KERNELS = 64
"""Kernels OpenVINO keeps, one for each layer and shape of batch. Its default of 5,000 lets memory
grow with the number of texts; none at all costs a quarter of the speed on 64 texts."""


@dataclass(frozen=True, slots=True)
class Shape:
    """What of config.json the graph needs."""

    kind: str
    width: int
    layers: int
    heads: int
    epsilon: float


def cpu_count() -> int:
    """Cores this process may use: the affinity mask, cut to the container's quota.

    And cut to OMP_NUM_THREADS, in which joblib, Dask and batch systems tell a worker its share.
    """
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    limits = (cores, _quota(Path("/sys/fs/cgroup")), _share(os.environ.get("OMP_NUM_THREADS", "")))
    return min((limit for limit in limits if limit), default=1)


def _share(asked: str) -> int | None:
    """Threads that OMP_NUM_THREADS grants ("4", or "4,2" by level of nesting), None for any."""
    first = asked.partition(",")[0].strip()
    return int(first) or None if first.isdecimal() else None


def _quota(cgroup: Path) -> int | None:
    """Whole cores that a cgroup (version 2, then 1) grants, None for no limit."""
    try:
        if (cgroup / "cpu.max").is_file():
            limit, period = (cgroup / "cpu.max").read_text().split()
        else:
            limit = (cgroup / "cpu/cpu.cfs_quota_us").read_text()
            period = (cgroup / "cpu/cpu.cfs_period_us").read_text()
        cores = int(limit) // int(period)
    except (OSError, ValueError):  # not Linux, no limit ("max"), or an unreadable file system
        return None
    return max(1, cores) if int(limit) > 0 else None


@lru_cache(maxsize=1)
def has_bf16() -> bool:
    """Whether this CPU multiplies bfloat16 natively."""
    ov = openvino()
    return "BF16" in ov.Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")


class Engine:
    """Weights compiled for this CPU.

    Parameters
    ----------
    weights : Weights
        A BERT or MPNet encoder with mean or first-token pooling.
    precision : {"bf16", "f32", "int8"}
        Of the matrix products; inputs and outputs are float32.
    calibration : sequence of token lists
        What int8 sets its ranges on.
    """

    def __init__(
        self, weights: Weights, precision: str, calibration: Sequence[Sequence[int]] = ()
    ) -> None:
        ov = openvino()
        model, self.dimension = _graph(weights.folder)
        if precision == "int8":
            model = quantise(model, weights, [batch for _, batch in batches(calibration, 256)])
        threads = cpu_count()
        self._compiled = ov.Core().compile_model(
            model,
            "CPU",
            {
                "INFERENCE_PRECISION_HINT": "bf16" if precision != "f32" and has_bf16() else "f32",
                "INFERENCE_NUM_THREADS": threads,
                "NUM_STREAMS": threads,
                "ENABLE_CPU_PINNING": False,
                "CPU_RUNTIME_CACHE_CAPACITY": _KERNELS,
            },
        )
        self._streams = threads

    def run(
        self,
        ids: Sequence[Sequence[int]],
        out: Floats,
        progress: Callable[[int], object],
    ) -> None:
        """Write the L2-normalised vector of each list of token ids into its row of `out`."""
        free: SimpleQueue[Any] = SimpleQueue()
        for _ in range(self._streams):
            free.put(self._compiled.create_infer_request())

        def infer(job: tuple[npt.NDArray[np.intp], npt.NDArray[np.int32]]) -> int:
            rows, batch = job
            request = free.get()
            request.infer([batch])
            out[rows] = request.get_output_tensor(0).data
            free.put(request)
            return len(rows)

        # Threads of our own and not OpenVINO's AsyncInferQueue: its callbacks, which need the
        # interpreter's lock, were seen to hang and to abort when the queue went out of scope.
        with ThreadPoolExecutor(self._streams) as pool:
            for done in pool.map(infer, batches(ids)):
                progress(done)


def batches(
    ids: Sequence[Sequence[int]], budget: int = BUDGET
) -> Iterator[tuple[npt.NDArray[np.intp], npt.NDArray[np.int32]]]:
    """Group token lists of equal length, longest first, at most `budget` tokens together.

    Yields
    ------
    rows : array of int, shape (b,)
        Positions in `ids`.
    batch : array of int32, shape (b, length)
        Their tokens, unpadded.
    """
    lengths = np.fromiter(map(len, ids), dtype=np.intp, count=len(ids))
    order = np.argsort(-lengths, kind="stable")
    breaks = np.flatnonzero(np.diff(lengths[order])) + 1
    for same in np.split(order, breaks) if len(order) else ():
        size = max(1, budget // max(1, int(lengths[same[0]])))
        for start in range(0, len(same), size):
            rows = same[start : start + size]
            yield rows, np.array([ids[row] for row in rows], dtype=np.int32)


def _shape(folder: Path) -> Shape:
    config = read_json(folder / "config.json")
    kind = config.get("model_type")
    if kind not in ("bert", "mpnet") or config.get("hidden_act", "gelu") != "gelu":
        raise ModelError(
            f"The OpenVINO engine runs BERT and MPNet encoders; {folder.name} is {kind!r}. "
            "Load it with engine='sentence-transformers'."
        )
    return Shape(
        kind,
        config["hidden_size"],
        config["num_hidden_layers"],
        config["num_attention_heads"],
        config["layer_norm_eps"],
    )


def _pools_first_token(folder: Path) -> bool:
    file = folder / "1_Pooling" / "config.json"
    pooling = read_json(file) if file.is_file() else {"pooling_mode_mean_tokens": True}
    modes = {key for key, on in pooling.items() if key.startswith("pooling_mode_") and on is True}
    mode = pooling.get("pooling_mode", "")
    if mode in ("mean", "cls"):
        modes = {f"pooling_mode_{mode}_token" + ("s" if mode == "mean" else "")}
    if modes not in ({"pooling_mode_mean_tokens"}, {"pooling_mode_cls_token"}):
        raise ModelError(
            f"{folder.name} pools in a way the OpenVINO engine does not know. "
            "Load it with engine='sentence-transformers'."
        )
    return modes == {"pooling_mode_cls_token"}


def _graph(folder: Path) -> tuple[Any, int]:
    shape = _shape(folder)
    arrays = read_arrays(folder)
    tensors = {key.removeprefix(f"{shape.kind}."): value for key, value in arrays.items()}
    try:
        return _Builder(shape, tensors).build(first_token=_pools_first_token(folder)), shape.width
    except KeyError as error:
        raise ModelError(f"The weights in {folder.name!r} lack {error}.") from error


class _Builder:
    """A transformer encoder in OpenVINO's operations (Devlin 2019; Song 2020 for MPNet)."""

    def __init__(self, shape: Shape, tensors: dict[str, npt.NDArray[Any]]) -> None:
        openvino()
        self.op: Any = import_module("openvino.opset13")
        self.shape = shape
        self.tensors = tensors
        mpnet = shape.kind == "mpnet"
        attention = "attention.attn." if mpnet else "attention.self."
        self.names = {
            "query": attention + ("q" if mpnet else "query"),
            "key": attention + ("k" if mpnet else "key"),
            "value": attention + ("v" if mpnet else "value"),
            "mixed": "attention.attn.o" if mpnet else "attention.output.dense",
            "norm": "attention.LayerNorm" if mpnet else "attention.output.LayerNorm",
        }

    def build(self, *, first_token: bool) -> Any:
        ov = openvino()

        op = self.op
        ids = op.parameter([-1, -1], ov.Type.i32, "ids")
        length = op.gather(op.shape_of(ids, "i64"), self.ints(1), self.ints(0))
        hidden = self.embed(ids, length)
        bias = self.position_bias(length) if self.shape.kind == "mpnet" else None
        for number in range(self.shape.layers):
            hidden = self.layer(hidden, f"encoder.layer.{number}.", bias)
        if first_token:
            pooled = op.gather(hidden, self.ints(0), self.ints(1))
        else:
            pooled = op.reduce_mean(hidden, self.ints([1]), False)
        vectors = op.normalize_l2(pooled, self.ints([1]), 1e-24, "max")
        return ov.Model([op.result(vectors)], [ids], self.shape.kind)

    def ints(self, values: int | list[int]) -> Any:
        return self.op.constant(np.array(values, dtype=np.int64))

    def weight(self, name: str) -> Any:
        return self.op.constant(np.asarray(self.tensors[name], dtype=np.float32))

    def embed(self, ids: Any, length: Any) -> Any:
        op = self.op
        words = op.gather(self.weight("embeddings.word_embeddings.weight"), ids, self.ints(0))
        places = np.asarray(self.tensors["embeddings.position_embeddings.weight"], np.float32)
        if self.shape.kind == "mpnet":
            places = places[2:]  # MPNet counts positions from its padding index + 1
        else:
            places = places + self.tensors["embeddings.token_type_embeddings.weight"][0]
        used = op.slice(
            op.constant(places),
            self.ints([0]),
            op.unsqueeze(length, self.ints(0)),
            self.ints([1]),
            self.ints([0]),
        )
        return self.normalise(
            op.add(words, op.unsqueeze(used, self.ints(0))), "embeddings.LayerNorm"
        )

    def normalise(self, hidden: Any, name: str) -> Any:
        op = self.op
        scaled = op.mvn(hidden, self.ints([2]), True, self.shape.epsilon, "inside_sqrt")
        return op.add(
            op.multiply(scaled, self.weight(name + ".weight")), self.weight(name + ".bias")
        )

    def linear(self, hidden: Any, name: str) -> Any:
        product = self.op.matmul(hidden, self.weight(name + ".weight"), False, True)
        return self.op.add(product, self.weight(name + ".bias"))

    def heads(self, hidden: Any, name: str) -> Any:
        size = self.shape.width // self.shape.heads
        split = self.op.reshape(
            self.linear(hidden, name), self.ints([0, 0, self.shape.heads, size]), True
        )
        return self.op.transpose(split, self.ints([0, 2, 1, 3]))

    def layer(self, hidden: Any, name: str, bias: Any | None) -> Any:
        op = self.op
        query, key, value = (
            self.heads(hidden, name + self.names[part]) for part in ("query", "key", "value")
        )
        masks = () if bias is None else (bias,)
        mixed = op.scaled_dot_product_attention(query, key, value, *masks)
        joined = op.reshape(
            op.transpose(mixed, self.ints([0, 2, 1, 3])), self.ints([0, 0, self.shape.width]), True
        )
        hidden = self.normalise(
            op.add(self.linear(joined, name + self.names["mixed"]), hidden),
            name + self.names["norm"],
        )
        inner = op.gelu(self.linear(hidden, name + "intermediate.dense"), "erf")
        return self.normalise(
            op.add(self.linear(inner, name + "output.dense"), hidden), name + "output.LayerNorm"
        )

    def position_bias(self, length: Any) -> Any:
        """Cut MPNet's relative position bias to shape (1, heads, length, length)."""
        table = np.asarray(self.tensors["encoder.relative_attention_bias.weight"], np.float32)
        longest = self.tensors["embeddings.position_embeddings.weight"].shape[0] - 2
        full = table[_buckets(longest, len(table))].transpose(2, 0, 1)[None]
        op = self.op
        end = op.unsqueeze(length, self.ints(0))
        stop = op.concat([end, end], 0)
        return op.slice(
            op.constant(full), self.ints([0, 0]), stop, self.ints([1, 1]), self.ints([2, 3])
        )


def _buckets(length: int, count: int, furthest: int = 128) -> npt.NDArray[np.int64]:
    """Bucket of each pair of positions, T5's scheme (Raffel 2020) as MPNet uses it."""
    places = np.arange(length)
    distance = places[None, :] - places[:, None]
    half = count // 2
    near = half // 2
    away = np.abs(distance)
    far = near + (
        np.log(np.maximum(away, 1) / near) / np.log(furthest / near) * (half - near)
    ).astype(np.int64)
    bucket = np.where(away < near, away, np.minimum(far, half - 1))
    return np.asarray(bucket + np.where(distance > 0, half, 0), dtype=np.int64)
