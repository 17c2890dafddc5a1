"""int8 by choice: made once, kept whole, its loss said."""

import logging
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tdfnlp import quantisation
from tdfnlp.embedding import Encoder
from tdfnlp.engine import _graph
from tdfnlp.errors import MissingExtraError, ModelMismatchError
from tdfnlp.model import Model, encoder_facts
from tdfnlp.weights import find_weights

TEXTS = [f"We {verb} it on the ward whenever somebody asks." for verb in ("do", "forget", "plan")]
BATCHES = [np.array([[101, 2057, 2079, 2009, 102]], np.int32)] * 8


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TDFNLP_CACHE", str(tmp_path))
    return tmp_path


@pytest.fixture
def graph() -> Any:
    return _graph(find_weights().folder)[0]


@pytest.mark.filterwarnings("ignore")  # NNCF and what it imports warn about themselves
def test_int8_is_close_says_its_loss_and_is_refused_where_it_is_not_meant(
    cache: Path, plain_encoder: Encoder, model: Model, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING, logger="tdfnlp"):
        encoder = Encoder.load(precision="int8", cache=False)
    assert "cosine to f32 0.99" in caplog.text
    cosines = (encoder.encode(TEXTS) * plain_encoder.encode(TEXTS)).sum(axis=1)
    assert 0.97 < cosines.min() < 1
    same = replace(model, encoder=encoder_facts(plain_encoder))
    same.check_encoder(plain_encoder)
    with pytest.raises(ModelMismatchError, match="not int8"):
        same.check_encoder(encoder)
    (made,) = cache.glob("int8-*/model.bin")
    before = made.stat().st_mtime_ns
    again = Encoder.load(precision="int8", cache=False)
    assert made.stat().st_mtime_ns == before
    assert np.allclose(again.encode(TEXTS), encoder.encode(TEXTS), atol=1e-5)


def test_without_nncf_the_message_is_what_to_type(
    graph: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(quantisation, "find_spec", lambda _: None)
    with pytest.raises(MissingExtraError, match=r"pip install 'tdfnlp\[int8\]'"):
        quantisation.quantise(graph, find_weights(), BATCHES)


def test_a_damaged_one_is_made_anew(
    cache: Path, graph: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = []

    def count(model: Any, _: Any) -> Any:
        made.append(1)
        return model

    monkeypatch.setattr(quantisation, "_quantised", count)
    for _ in range(2):
        quantisation.quantise(graph, find_weights(), BATCHES)
    assert len(made) == 1
    (file,) = cache.glob("int8-*/model.bin")
    file.write_bytes(file.read_bytes()[:-10])
    quantisation.quantise(graph, find_weights(), BATCHES)
    assert len(made) == 2
    (folder,) = cache.glob("int8-*")
    (folder / "facts.json").write_text("not json", "utf-8")
    quantisation.quantise(graph, find_weights(), BATCHES)
    assert len(made) == 3


def test_two_that_start_together_both_work(
    cache: Path, graph: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(quantisation, "_quantised", lambda model, _: model)
    with ThreadPoolExecutor(2) as pool:
        jobs = [
            pool.submit(quantisation.quantise, graph.clone(), find_weights(), BATCHES)
            for _ in range(2)
        ]
        assert all(job.result() is not None for job in jobs)
    assert len(list(cache.glob("int8-*"))) == 1
    assert not list(cache.glob(".int8-*"))
