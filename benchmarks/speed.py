"""How fast texts are encoded, beside what a user could pick instead, in one interleaved run.

Each way runs in a process of its own that stays alive; they take turns, so that a machine that
slows down slows all of them. Run with ``pip install 'tdfnlp[bench]'`` to see every peer.
"""

import json
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from tdfnlp.formats import find, read
from tdfnlp.segmentation import segment

from . import peers
from .report import ROOT, keep, print_table

FLOPS_A_TOKEN = 6 * 2 * (4 * 384 * 384 + 2 * 384 * 1536)
"""Of the matrix products with weights in all-MiniLM-L6-v2; attention adds under 3 % here."""

BASE = "sentence-transformers default"
SIZES = (64, 1_024, 10_000)


def ways(folder: Path) -> dict[str, Callable[[], peers.Encode]]:
    """Name every way to encode, and how to load it."""
    return {
        BASE: peers.sentence_transformers,
        "sentence-transformers bf16": peers.sentence_transformers_bf16,
        "ONNX Runtime fp32, sorted": partial(peers.onnxruntime, folder),
        "ONNX Runtime dynamic int8, sorted": partial(peers.onnxruntime, folder, int8=True),
        "fastembed": partial(peers.fastembed, folder),
        "light-embed": partial(peers.light_embed, folder),
        "tdfnlp f32": partial(peers.ours, "f32"),
        "tdfnlp bf16": partial(peers.ours, "bf16"),
        "tdfnlp int8": partial(peers.ours, "int8"),
    }


def make_texts(count: int) -> list[str]:
    """Draw texts of a transcript's lengths: the sample study's utterances, no two alike."""
    files = find([ROOT / "training_data" / "sample_study" / "interviews"])
    units = segment(one for file, group in files for one in read(file, group=group).transcripts)
    base = [unit.text.split() for unit in units]
    words = [word for text in base for word in text]
    rng = random.Random(0)  # noqa: S311
    seen: set[str] = set()
    texts: list[str] = []
    while len(texts) < count:
        text = list(base[len(texts) % len(base)])
        for place in rng.sample(range(len(text)), k=max(1, len(text) // 8)):
            text[place] = rng.choice(words)
        joined = " ".join(text)
        if joined in seen:  # a one-word text has few neighbours
            joined += f" {len(texts)}"
        seen.add(joined)
        texts.append(joined)
    return texts


@dataclass(slots=True)
class Worker:
    """A process that encodes on demand."""

    name: str
    process: subprocess.Popen[str]
    times: dict[int, list[float]] = field(default_factory=dict)
    memory: dict[int, float] = field(default_factory=dict)

    def ask(self, **request: Any) -> dict[str, Any]:
        """Send one request, wait for the answer."""
        assert self.process.stdin and self.process.stdout
        self.process.stdin.write(json.dumps(request) + "\n")
        self.process.stdin.flush()
        answer: dict[str, Any] = json.loads(self.process.stdout.readline() or '{"error": "died"}')
        return answer

    def run(self, size: int) -> None:
        """Time one encoding of `size` texts."""
        answer = self.ask(size=size)
        self.times.setdefault(size, []).append(answer["seconds"])
        self.memory[size] = answer["memory"]


def start(name: str, folder: Path) -> Worker:
    """Start a worker."""
    command = [sys.executable, "-m", "benchmarks.speed", "worker", name, str(folder)]
    return Worker(
        name,
        subprocess.Popen(
            command,
            cwd=ROOT,
            text=True,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        ),
    )


def work(name: str, folder: Path) -> None:
    """Be a worker: requests on standard input, answers on standard output."""
    answers = sys.stdout
    sys.stdout = sys.stderr  # a library that prints must not be taken for an answer
    try:
        encode = ways(folder)[name]()
        encode(["warm up", "a second text to warm up with"])
    except Exception as error:  # whatever a peer raises is its result in the table
        print(
            json.dumps({"error": f"{type(error).__name__}: {error}"[:200]}),
            file=answers,
            flush=True,
        )
        return
    print(json.dumps({"ready": True}), file=answers, flush=True)
    for line in sys.stdin:
        request = json.loads(line)
        texts = make_texts(request["size"])
        before = _resident()
        begin = time.perf_counter()
        vectors = encode(texts)
        seconds = time.perf_counter() - begin
        if request.get("save"):
            np.save(request["save"], vectors)
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        answer = {"seconds": seconds, "memory": memory, "added": memory - before}
        print(json.dumps(answer), file=answers, flush=True)


def _resident() -> float:
    """Memory in use now, in MiB."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 2**20


def ratio_interval(base: Sequence[float], other: Sequence[float]) -> tuple[float, float, float]:
    """Median of the paired ratios, with the least and the greatest: few repeats, so no more."""
    ratios = [one / two for one, two in zip(base, other, strict=False)]
    return median(ratios), min(ratios), max(ratios)


def roofline(precision: str) -> float:
    """Measure the rate, in FLOP/s, of large products of the model's own shape."""
    from tdfnlp.engine import cpu_count
    from tdfnlp.quantisation import openvino

    ov = openvino()
    op: Any = __import__("openvino.opset13", fromlist=["opset13"])
    rng = np.random.default_rng(0)
    shapes = [(1536, 384), (384, 1536)] * 10
    hidden = source = op.parameter([2048, 384], ov.Type.f32)
    for shape in shapes:
        hidden = op.matmul(
            hidden, op.constant(rng.normal(size=shape).astype(np.float32)), False, True
        )
    config = {
        "INFERENCE_PRECISION_HINT": precision,
        "NUM_STREAMS": 1,
        "INFERENCE_NUM_THREADS": cpu_count(),
    }
    model = ov.Model([op.result(hidden)], [source], "products")
    request = ov.Core().compile_model(model, "CPU", config).create_infer_request()
    data = rng.normal(size=(2048, 384)).astype(np.float32)
    times = []
    for _ in range(15):
        begin = time.perf_counter()
        request.infer([data])
        times.append(time.perf_counter() - begin)
    return float(len(shapes) * 2 * 2048 * 384 * 1536 / min(times))


def compare(folder: Path, repeats: int, sizes: Sequence[int]) -> dict[str, Any]:
    """Let every way that loads encode every size in turns."""
    workers, failed = {}, {}
    for name in ways(folder):
        worker = start(name, folder)
        assert worker.process.stdout
        first = json.loads(worker.process.stdout.readline() or '{"error": "died"}')
        if "error" in first:
            failed[name] = first["error"]
        else:
            workers[name] = worker
    ceilings: dict[str, list[float]] = {"bf16": [], "f32": []}
    for size in sizes:
        for _ in range(repeats if size < 10_000 else max(2, repeats - 2)):
            for precision, rates in ceilings.items():
                rates.append(roofline(precision))
            for worker in workers.values():
                worker.run(size)
    cosines = _cosines(workers, folder)
    for worker in workers.values():
        worker.process.kill()
    results = {
        name: {
            "cosine": cosines[name],
            **{
                str(size): {
                    "texts_a_second": round(size / median(worker.times[size]), 1),
                    "ratio": [
                        round(v, 2)
                        for v in ratio_interval(workers[BASE].times[size], worker.times[size])
                    ],
                    "peak_memory_mb": round(worker.memory[size]),
                }
                for size in sizes
            },
        }
        for name, worker in workers.items()
    }
    best = {name: max(values) for name, values in ceilings.items()}
    return {"ways": results, "not_loaded": failed, "roofline_flops": best}


def _cosines(workers: dict[str, Worker], folder: Path) -> dict[str, list[float]]:
    vectors: dict[str, peers.Floats] = {}
    for name, worker in workers.items():
        file = folder / f"{len(vectors)}.npy"
        worker.ask(size=1_000, save=str(file))
        found = np.load(file)
        vectors[name] = found / np.linalg.norm(found, axis=1, keepdims=True)
    found = {name: (own * vectors[BASE]).sum(axis=1) for name, own in vectors.items()}
    return {name: [round(float(v), 5) for v in (c.mean(), c.min())] for name, c in found.items()}


def growth(folder: Path) -> dict[str, Any]:
    """Time and peak memory of ours at 10,000 and 100,000 texts, each in a fresh process."""
    results = {}
    for size in (10_000, 100_000):
        worker = start("tdfnlp bf16", folder)
        assert worker.process.stdout
        worker.process.stdout.readline()
        answer = worker.ask(size=size)
        worker.process.kill()
        results[str(size)] = {
            "seconds": round(answer["seconds"], 1),
            "peak_memory_mb": round(answer["memory"]),
            "added_by_encoding_mb": round(answer["added"]),
            "of_it_output_mb": round(size * 384 * 4 / 2**20),
        }
    return results


def caching() -> dict[str, float]:
    """Time a first run over 10,000 texts and a second one over the same."""
    from tdfnlp.cache import VectorCache
    from tdfnlp.embedding import Encoder

    texts = make_texts(10_000)
    with tempfile.TemporaryDirectory() as folder:
        times = []
        for _ in range(3):
            encoder = Encoder.load(cache=VectorCache(Path(folder)))
            begin = time.perf_counter()
            encoder.encode(texts)
            times.append(time.perf_counter() - begin)
    first, again = times[0], min(times[1:])
    return {"first": round(first, 2), "again": round(again, 4), "ratio": round(first / again)}


_COLD = {
    "ours": "from tdfnlp import Encoder; Encoder.load(cache=False).encode("
    "[f'text number {i} of ten' for i in range(10)])",
    "floor": "import sys; sys.modules['openvino_telemetry'] = None; import openvino, tokenizers\n"
    "from tdfnlp.engine import Engine, has_bf16\nfrom tdfnlp.weights import find_weights\n"
    "Engine(find_weights(), 'bf16' if has_bf16() else 'f32')",
    "sentence-transformers": "from benchmarks.peers import sentence_transformers\n"
    "sentence_transformers()([f'text number {i} of ten' for i in range(10)])",
}


def cold_start(repeats: int) -> dict[str, float]:
    """Time fresh processes: load and ten texts, against only importing and compiling."""
    times: dict[str, list[float]] = {name: [] for name in _COLD}
    for _ in range(repeats + 1):
        for name, code in _COLD.items():
            begin = time.perf_counter()
            subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT, capture_output=True)
            times[name].append(time.perf_counter() - begin)
    middle = {name: round(median(values[1:]), 2) for name, values in times.items()}
    return {**middle, "ratio_to_floor": round(middle["ours"] / middle["floor"], 2)}


def suggest_stages(count: int) -> dict[str, float]:
    """Break a whole suggest run over `count` utterances into its stages."""
    from tdfnlp.export import Suggestions
    from tdfnlp.model import Model
    from tdfnlp.suggest import collect, suggest_utterances

    texts = make_texts(count)
    model = Model.load("fast")
    encoder = model.load_encoder(cache=False)
    seconds: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as folder:
        for number, begin in enumerate(range(0, count, 90)):
            turns = [
                f"I: What about number {i}, then?\nP: {t}\n"
                for i, t in enumerate(texts[begin : begin + 90])
            ]
            (Path(folder) / f"P{number:03d}.txt").write_text("\n".join(turns), "utf-8")
        marks = [time.perf_counter()]
        study = collect(folder).study
        marks.append(time.perf_counter())
        utterances = segment(study.transcripts)
        marks.append(time.perf_counter())
        encoder.encode(one.text for one in utterances)
        encoder.encode({one.question for one in utterances})
        marks.append(time.perf_counter())
        items = suggest_utterances(utterances, model, encoder)
        marks.append(time.perf_counter())
        Suggestions(tuple(items), model.id).save(Path(folder) / "out.xlsx")
        marks.append(time.perf_counter())
    names = ("read", "segment", "encode", "encode_and_classify", "write")
    for name, (before, after) in zip(names, pairwise(marks), strict=True):
        seconds[name] = round(after - before, 2)
    seconds["classify"] = round(max(0.0, seconds.pop("encode_and_classify") - seconds["encode"]), 2)
    whole = sum(seconds.values())
    return {
        "utterances": len(utterances),
        **seconds,
        "encode_share": round(seconds["encode"] / whole, 2),
    }


def main(arguments: Sequence[str]) -> None:
    """Run everything; arguments: how many repeats, how many texts to compare on at most."""
    repeats = int(arguments[0]) if arguments else 4
    largest = int(arguments[1]) if len(arguments) > 1 else SIZES[-1]
    sizes = [size for size in SIZES if size <= largest]
    texts = make_texts(1_024)
    tokens = _mean_tokens(texts)
    with tempfile.TemporaryDirectory() as folder:
        results = compare(Path(folder), repeats, sizes)
        results["growth"] = growth(Path(folder))
    results |= {
        "mean_tokens": round(tokens, 1),
        "cache": caching(),
        "cold_start": cold_start(3),
        "suggest": suggest_stages(10_000),
    }
    for precision, name in (("bf16", "tdfnlp bf16"), ("f32", "tdfnlp f32")):
        rate = results["ways"][name][str(sizes[-1])]["texts_a_second"] * tokens * FLOPS_A_TOKEN
        results[f"roofline_share_{precision}"] = round(
            rate / results["roofline_flops"][precision], 2
        )
    _print(results, sizes)
    keep("speed", results)


def _mean_tokens(texts: Sequence[str]) -> float:
    from tdfnlp.embedding import _tokenizer
    from tdfnlp.weights import find_weights

    encodings = _tokenizer(find_weights().folder, 256).encode_batch_fast(list(texts))
    return sum(map(len, encodings)) / len(encodings)


def _print(results: dict[str, Any], sizes: Sequence[int]) -> None:
    rows = []
    for name, figures in results["ways"].items():
        row = [name]
        for size in sizes:
            one = figures[str(size)]
            middle, low, high = one["ratio"]
            row += [f"{one['texts_a_second']:.0f}", f"{middle:.1f} ({low:.1f}-{high:.1f})"]
        mean, least = figures["cosine"]
        rows.append(
            [*row, f"{figures[str(sizes[-1])]['peak_memory_mb']}", f"{mean:.4f} / {least:.4f}"]
        )
    header = ["way"]
    for size in sizes:
        header += [f"texts/s at {size:,}", "x default"]
    print_table("Encoding", [*header, "peak MB", "cosine mean / min"], rows)
    for name, reason in results["not_loaded"].items():
        print(f"Not loaded: {name}: {reason}")
    for key in ("mean_tokens", "roofline_flops", "roofline_share_bf16", "roofline_share_f32"):
        print(f"{key}: {results[key]}")
    for key in ("growth", "cache", "cold_start", "suggest"):
        print(f"{key}: {json.dumps(results[key])}")


if __name__ == "__main__":
    if sys.argv[1:2] == ["worker"]:
        work(sys.argv[2], Path(sys.argv[3]))
    else:
        main(sys.argv[1:])
