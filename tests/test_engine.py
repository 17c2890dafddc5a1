"""The OpenVINO engine against the reference, and the batches it runs."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tdfnlp import engine as engine_module
from tdfnlp.embedding import Encoder
from tdfnlp.engine import _buckets, _quota, batches, cpu_count, has_bf16
from tdfnlp.errors import ModelError
from tdfnlp.weights import find_weights

TEXTS = [
    "No.",
    "We never had the time to read it, let alone talk it over.",
    "  The   form is\nfine ",
    "It is the third one this week — honestly 😀 who counts? café naïve",
    "and then " * 40,
    "",
    "word " * 400,
]


@pytest.mark.filterwarnings("ignore")  # torch and transformers warn about themselves
def test_golden_vectors_agree_with_sentence_transformers(plain_encoder: Encoder) -> None:
    reference = Encoder.load(engine="sentence-transformers", cache=False)
    expected = reference.encode(TEXTS)
    assert reference.dimension == plain_encoder.dimension == 384
    assert (plain_encoder.encode(TEXTS) * expected).sum(axis=1).min() > 0.9999
    if has_bf16():
        halved = Encoder.load(precision="bf16", cache=False).encode(TEXTS)
        assert (halved * expected).sum(axis=1).min() > 0.999


@given(st.lists(st.lists(st.integers(0, 9), min_size=1, max_size=7), max_size=60))
def test_batches_hold_every_text_once_unpadded_within_the_budget(ids: list[list[int]]) -> None:
    seen = []
    for rows, batch in batches(ids, budget=12):
        assert batch.size <= max(12, batch.shape[1])
        for row, tokens in zip(rows, batch, strict=True):
            assert tokens.tolist() == ids[row]
        seen += rows.tolist()
    assert sorted(seen) == list(range(len(ids)))


def test_a_vector_does_not_depend_on_its_company(plain_encoder: Encoder) -> None:
    crowd = [f"{word} and the {word} again" for word in "ward desk form call visit".split()] * 9
    alone = plain_encoder.encode(["desk and the desk again"])[0]
    among = plain_encoder.encode([*crowd, "long talk " * 90])[1]
    assert float(np.abs(alone - among).max()) < 1e-5


def test_cpu_count_respects_a_cgroup_quota(tmp_path: Path) -> None:
    assert cpu_count() >= 1
    (tmp_path / "cpu.max").write_text("150000 100000")
    assert _quota(tmp_path) == 1
    (tmp_path / "cpu.max").write_text("max 100000")
    assert _quota(tmp_path) is None
    (tmp_path / "cpu.max").unlink()
    (tmp_path / "cpu").mkdir()
    (tmp_path / "cpu/cpu.cfs_quota_us").write_text("400000")
    (tmp_path / "cpu/cpu.cfs_period_us").write_text("100000")
    assert _quota(tmp_path) == 4
    (tmp_path / "cpu/cpu.cfs_quota_us").write_text("-1")
    assert _quota(tmp_path) is None


@pytest.mark.parametrize(
    ("asked", "granted"), [("1", 1), ("1,4", 1), ("", 3), ("0", 3), ("many", 3), ("64", 3)]
)
def test_cpu_count_respects_the_share_of_a_worker(
    monkeypatch: pytest.MonkeyPatch, asked: str, granted: int
) -> None:
    monkeypatch.setattr("os.sched_getaffinity", lambda _: {0, 1, 2}, raising=False)
    monkeypatch.setattr(engine_module, "_quota", lambda _: None)
    monkeypatch.setenv("OMP_NUM_THREADS", asked)
    assert cpu_count() == granted


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    target = tmp_path / "copy"
    shutil.copytree(find_weights().folder, target)
    return target


def change(file: Path, **values: object) -> None:
    file.write_text(json.dumps(json.loads(file.read_text("utf-8")) | values), "utf-8")


def test_another_architecture_is_refused_with_the_way_out(folder: Path) -> None:
    change(folder / "config.json", model_type="llama")
    with pytest.raises(ModelError, match="sentence-transformers"):
        Encoder.load(folder, cache=False)


def test_another_pooling_is_refused(folder: Path) -> None:
    change(folder / "1_Pooling" / "config.json", pooling_mode_max_tokens=True)
    with pytest.raises(ModelError, match="pools"):
        Encoder.load(folder, cache=False)


def test_first_token_pooling_differs_from_the_mean(folder: Path, plain_encoder: Encoder) -> None:
    change(
        folder / "1_Pooling" / "config.json",
        pooling_mode_cls_token=True,
        pooling_mode_mean_tokens=False,
    )
    first = Encoder.load(folder, cache=False, precision="f32").encode(TEXTS[1:2])
    assert first.shape == (1, 384)
    assert float((first * plain_encoder.encode(TEXTS[1:2])).sum()) < 0.999


def test_damaged_weights_are_one_clear_error(folder: Path) -> None:
    file = folder / "model.safetensors"
    file.write_bytes(file.read_bytes()[:1000])
    with pytest.raises(ModelError, match="damaged"):
        Encoder.load(folder, cache=False)


def test_missing_tensors_are_named(folder: Path) -> None:
    from safetensors.numpy import save_file

    save_file({"a": np.zeros(2, np.float32)}, folder / "model.safetensors")
    with pytest.raises(ModelError, match="lack"):
        Encoder.load(folder, cache=False)


@pytest.mark.filterwarnings("ignore")
def test_mpnet_graph_agrees_with_transformers(tmp_path: Path) -> None:
    """A tiny random MPNet: relative position bias, positions from 2, other names."""
    import torch
    from safetensors.torch import save_file
    from transformers import MPNetConfig, MPNetModel

    torch.manual_seed(0)
    config = MPNetConfig(
        vocab_size=50,
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=4,
        intermediate_size=64,
        max_position_embeddings=202,
    )
    reference = MPNetModel(config)
    reference.train(False)
    for parameter in reference.parameters():
        torch.nn.init.normal_(parameter, std=0.3)
    (tmp_path / "config.json").write_text(json.dumps(config.to_dict()), "utf-8")
    save_file(reference.state_dict(), tmp_path / "model.safetensors")
    ids = [[3 + i % 46 for i in range(length)] for length in (3, 9, 180)]
    weights = find_weights(tmp_path)
    run = engine_module.Engine(weights, "f32")
    out = np.empty((3, run.dimension), np.float32)
    run.run(ids, out, lambda _: None)
    for row, one in enumerate(ids):
        with torch.no_grad():
            mean = reference(torch.tensor([one]))[0].mean(dim=1)
        expected = torch.nn.functional.normalize(mean).numpy()[0]
        assert float(out[row] @ expected) > 0.9999


def test_position_buckets_are_symmetric_around_the_diagonal() -> None:
    buckets = _buckets(200, 32)
    assert (np.diag(buckets) == 0).all()
    assert buckets.max() < 32
    assert (buckets.T[np.triu_indices(200, 1)] + 16 == buckets[np.triu_indices(200, 1)]).all()
