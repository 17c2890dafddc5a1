"""The encoder's contract: order, duplicates, cache, progress, truncation, errors."""

import logging
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tdfnlp import embedding
from tdfnlp.cache import VectorCache
from tdfnlp.embedding import Encoder
from tdfnlp.errors import InputError, ModelError


def test_rows_are_normalised_and_in_input_order(plain_encoder: Encoder) -> None:
    texts = ["one thing", "a much longer thing than the other one", "one thing", " one\tthing "]
    vectors = plain_encoder.encode(iter(texts))
    assert vectors.dtype == np.float32
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    assert (vectors[0] == vectors[2]).all()
    assert (vectors[0] == vectors[3]).all()
    assert np.allclose(vectors[1], plain_encoder.encode(texts[1:2])[0], atol=1e-5)


def test_nothing_in_nothing_out(plain_encoder: Encoder) -> None:
    assert plain_encoder.encode([]).shape == (0, 384)


def test_chunks_do_not_change_a_vector(
    plain_encoder: Encoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    texts = [f"answer number {i} about the rota" for i in range(20)]
    whole = plain_encoder.encode(texts)
    monkeypatch.setattr(embedding, "_CHUNK", 7)
    assert np.allclose(plain_encoder.encode(texts), whole, atol=1e-5)


def test_one_string_is_refused(plain_encoder: Encoder) -> None:
    with pytest.raises(InputError, match="in a list"):
        plain_encoder.encode("one text")


def test_hostile_strings_encode(plain_encoder: Encoder) -> None:
    vectors = plain_encoder.encode(["\ud800 lone", "\x00", "🏳️‍🌈" * 50, "e\u0301" * 90])
    assert np.isfinite(vectors).all()


def test_progress_counts_every_text(plain_encoder: Encoder) -> None:
    counts: list[int] = []
    plain_encoder.encode(["a", "b", "a"], progress=counts.append)
    assert sum(counts) == 3
    plain_encoder.encode(["a", "b"], progress=True)


def test_truncation_is_counted_once_without_the_text(
    plain_encoder: Encoder, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING, logger="tdfnlp"):
        plain_encoder.encode(["secretword " * 300, "secretword " * 400, "short"])
    (record,) = caplog.records
    assert record.getMessage().startswith("2 of 3 texts are longer than 256")
    assert "secretword" not in caplog.text


def test_cached_vectors_are_the_same_bits(tmp_path: Path) -> None:
    store = VectorCache(tmp_path)
    texts = [f"the {word} was locked" for word in ("door", "drawer", "office", "van")]
    first = Encoder.load(cache=store).encode(texts)
    again = Encoder.load(cache=store).encode([*texts, "a new one"])
    assert (again[:4] == first).all()
    counts: list[int] = []
    Encoder.load(cache=store).encode([*texts, "another"], progress=counts.append)
    assert sum(counts) == 5


def test_precisions_do_not_share_cached_vectors(tmp_path: Path) -> None:
    prints = {
        repr(Encoder.load(cache=VectorCache(tmp_path), precision=one).fingerprint)
        for one in ("f32", "bf16")
    }
    assert len(prints) == 2


def test_unknown_choices_say_what_there_is() -> None:
    with pytest.raises(InputError, match="precision"):
        Encoder.load(precision="f64")  # type: ignore[arg-type]
    with pytest.raises(InputError, match="engine"):
        Encoder.load(engine="magic")  # type: ignore[arg-type]
    with pytest.raises(ModelError, match="never downloaded"):
        Encoder.load("no/such/folder")


@pytest.mark.filterwarnings("ignore")
def test_reference_engine_never_downloads() -> None:
    with pytest.raises(ModelError, match="never downloaded"):
        Encoder.load("someone/unknown-model", engine="sentence-transformers")


def test_a_start_imports_no_torch() -> None:
    code = (
        "import sys; from tdfnlp import Encoder; Encoder.load(cache=False).encode(['a b']); "
        "sys.exit(' '.join({'torch', 'transformers', 'spacy', 'sklearn'} & set(sys.modules)) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
