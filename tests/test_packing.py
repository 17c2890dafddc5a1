"""Weights in few bits: how near they come back, what is left alone, what is refused."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.numpy import load_file, save_file

from tdfnlp import packing
from tdfnlp.embedding import Encoder
from tdfnlp.errors import ModelError
from tdfnlp.packing import pack, read_arrays, unpack, write_packed
from tdfnlp.weights import find_weights, weight_files

RNG = np.random.default_rng(0)
LARGE = RNG.normal(size=(300, 128)).astype(np.float32) * 0.05
SMALL = np.arange(6, dtype=np.float32)


@pytest.mark.parametrize(("bits", "error"), [(3, 0.23), (4, 0.12), (5, 0.06), (6, 0.03), (8, 0.01)])
def test_each_bit_halves_the_error(bits: int, error: float) -> None:
    codes, scales = pack(LARGE, bits)
    assert codes.shape == (bits, LARGE.size // 8)
    assert scales.shape == (300, 2)
    back = unpack(codes, scales.astype(np.float32))
    assert back.shape == LARGE.shape
    found = float(np.linalg.norm(back - LARGE) / np.linalg.norm(LARGE))
    assert error / 2.2 < found < error


@settings(max_examples=50, deadline=None)
@given(
    st.integers(2, 8),
    st.lists(st.floats(-1e3, 1e3, width=16), min_size=64, max_size=64),
)
def test_no_weight_is_off_by_more_than_its_group_allows(bits: int, values: list[float]) -> None:
    array = np.array([values], dtype=np.float32)
    codes, scales = pack(array, bits)
    off = np.abs(unpack(codes, scales.astype(np.float32)) - array).max()
    widest = np.abs(array).max() / (2 ** (bits - 1) - 0.5)
    assert off <= 0.31 * np.abs(array).max() + widest + 1e-4


def test_a_folder_comes_back(tmp_path: Path) -> None:
    odd = RNG.normal(size=(300, 100)).astype(np.float32)
    write_packed(tmp_path, {"large": LARGE, "small": SMALL, "odd": odd}, 5)
    (file,) = weight_files(tmp_path)
    assert file.stat().st_size < (LARGE.size * 5.25 / 8 + odd.size * 2) * 1.02 + 1_000
    back = read_arrays(tmp_path)
    assert back.keys() == {"large", "small", "odd"}
    np.testing.assert_array_equal(back["small"], SMALL)
    np.testing.assert_array_equal(back["odd"], odd.astype(np.float16).astype(np.float32))
    assert float(np.abs(back["large"] - LARGE).max()) < 0.02
    assert {array.dtype for array in back.values()} == {np.dtype(np.float32)}


def test_files_are_cut_at_a_limit_and_hashed_together(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(packing, "_FILE", 60_000)
    write_packed(tmp_path, {name: LARGE for name in "abcd"}, 5)
    files = weight_files(tmp_path)
    assert [file.name for file in files] == ["packed-1.safetensors", "packed-2.safetensors"]
    assert all(file.stat().st_size < 61_000 for file in files)
    assert read_arrays(tmp_path).keys() == set("abcd")
    before = find_weights(tmp_path).sha256
    write_packed(tmp_path, {name: LARGE * (1 if name < "d" else 2) for name in "abcd"}, 5)
    assert find_weights(tmp_path).sha256 != before


def test_plain_weights_are_read_as_they_are(tmp_path: Path) -> None:
    save_file({"small": SMALL.astype(np.float16)}, tmp_path / "model.safetensors")
    np.testing.assert_array_equal(read_arrays(tmp_path)["small"], SMALL)


def test_damaged_and_unfitting_files_are_named(tmp_path: Path) -> None:
    write_packed(tmp_path, {"large": LARGE}, 4)
    file = tmp_path / "packed-1.safetensors"
    whole = load_file(file)
    file.write_bytes(file.read_bytes()[:1_000])
    with pytest.raises(ModelError, match=r"packed-1\.safetensors .* is damaged"):
        read_arrays(tmp_path)
    save_file({"large:codes": whole["large:codes"]}, file)
    with pytest.raises(ModelError, match="do not fit"):
        read_arrays(tmp_path)
    save_file(whole | {"large:codes": np.ascontiguousarray(whole["large:codes"][:, :8])}, file)
    with pytest.raises(ModelError, match="do not fit"):
        read_arrays(tmp_path)
    for planes in (0, 9, 300):
        codes = np.zeros((planes, whole["large:codes"].shape[1]), np.uint8)
        save_file(whole | {"large:codes": codes}, file)
        with pytest.raises(ModelError, match=f"do not fit: {planes} bits"):
            read_arrays(tmp_path)


def test_an_array_over_the_limit_has_a_file_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(packing, "_FILE", 1_000)
    write_packed(tmp_path, {"a": LARGE, "b": LARGE}, 5)
    assert [{*load_file(file)} for file in weight_files(tmp_path)] == [
        {"a:codes", "a:scales"},
        {"b:codes", "b:scales"},
    ]


def test_the_reference_engine_refuses_packed_weights(tmp_path: Path) -> None:
    write_packed(tmp_path, {"large": LARGE}, 4)
    with pytest.raises(ModelError, match=r"are packed .* engine='openvino'"):
        Encoder.load(tmp_path, engine="sentence-transformers", cache=False)
