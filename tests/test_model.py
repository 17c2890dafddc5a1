"""Model folders: what is saved is what is loaded, and nothing else is."""

import hashlib
import io
import json
import shutil
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from test_tuning import tiny_bert

from tdfnlp import packing
from tdfnlp.classifier import Floats, Head
from tdfnlp.codebook import TDF_CODEBOOK
from tdfnlp.embedding import Encoder, Fingerprint
from tdfnlp.errors import ModelError, ModelMismatchError, OutputError
from tdfnlp.framework import DOMAINS, VALENCES
from tdfnlp.model import ENCODER, FORMAT, Model, encoder_facts
from tdfnlp.packing import read_arrays
from tdfnlp.thresholds import Thresholds
from tdfnlp.tuning import save_encoder
from tdfnlp.weights import find_weights, models_folder, weight_files

D = 6
FILES = ("head.npz", "thresholds.json", "codebook.json")
MARK = Fingerprint("invented", "ab" * 32, 64, "engine", "f32", "1")


def noise(*shape: int, seed: int) -> Any:
    """Normal numbers that survive single precision."""
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32).astype(np.float64)


class NoRunner:
    """Stands for weights that are never run."""

    dimension = D

    def run(self, texts: Sequence[str], out: Floats, progress: Callable[[int], object]) -> None:
        raise AssertionError("nothing is encoded here")


def encoder(**changes: Any) -> Encoder:
    return Encoder(NoRunner(), replace(MARK, **changes), None)


@pytest.fixture
def model() -> Model:
    n, v = len(DOMAINS), len(VALENCES)
    return Model(
        name="tiny",
        domain_head=Head(noise(n + 1, 2 * D, seed=0), noise(n + 1, seed=1), 1.3),
        valence_head=Head(noise(v, 2 * D + n, seed=2), noise(v, seed=3), 0.7),
        mean=noise(D, seed=4),
        question_mean=noise(D, seed=5),
        thresholds=Thresholds(0.8, tuple(0.5 + place / 40 for place in range(n)), 0.2),
        encoder=encoder_facts(encoder()),
        facts={"items": 60, "note": "größer"},
    )


@pytest.fixture
def folder(model: Model, tmp_path: Path) -> Path:
    model.save(tmp_path / "tiny")
    return tmp_path / "tiny"


def passages(n: int = 20) -> tuple[Floats, Floats]:
    answers, questions = noise(n, D, seed=6), noise(n, D, seed=7)
    questions[::3] = 0
    return answers.astype(np.float32), questions.astype(np.float32)


def edit_manifest(folder: Path, change: Callable[[dict[str, Any]], object]) -> None:
    file = folder / "manifest.json"
    manifest = json.loads(file.read_text("utf-8"))
    change(manifest)
    file.write_text(json.dumps(manifest), "utf-8")


def smuggle(folder: Path, name: str, data: bytes) -> None:
    """Replace a file and its hash, as somebody with bad intentions would."""
    (folder / name).write_bytes(data)
    edit_manifest(folder, lambda it: it["files"].update({name: hashlib.sha256(data).hexdigest()}))


def npz(**arrays: Any) -> bytes:
    stream = io.BytesIO()
    np.savez(stream, allow_pickle=True, **arrays)
    return stream.getvalue()


def test_what_is_saved_is_what_is_loaded(model: Model, folder: Path) -> None:
    loaded = Model.load(folder)
    answers, questions = passages()
    np.testing.assert_array_equal(
        loaded.predict_proba(answers, questions), model.predict_proba(answers, questions)
    )
    domains = np.arange(20) % len(DOMAINS)
    np.testing.assert_array_equal(
        loaded.predict_valence_proba(answers, questions, domains),
        model.predict_valence_proba(answers, questions, domains),
    )
    assert loaded.thresholds == model.thresholds
    assert loaded.encoder == model.encoder
    assert loaded.facts == model.facts
    assert loaded.name == "tiny"
    assert sorted(file.name for file in folder.iterdir()) == sorted([*FILES, "manifest.json"])


def test_probabilities_have_the_shape_of_the_framework(model: Model) -> None:
    answers, questions = passages()
    proba = model.predict_proba(answers, questions)
    assert proba.shape == (20, len(DOMAINS) + 1)
    np.testing.assert_allclose(proba.sum(axis=1), 1)
    first = np.zeros(20, dtype=np.intp)
    valences = model.predict_valence_proba(answers, questions, first)
    assert valences.shape == (20, len(VALENCES))
    assert np.abs(valences - model.predict_valence_proba(answers, questions, first + 1)).max() > 0.1


def test_a_study_is_centred_on_itself(model: Model) -> None:
    answers, questions = passages(4000)
    moved = model.predict_proba((answers + 5).astype(np.float32), questions)
    np.testing.assert_allclose(moved, model.predict_proba(answers, questions), atol=0.05)
    alone = model.predict_proba((answers[:1] + 5).astype(np.float32), questions[:1])
    assert np.abs(alone - model.predict_proba(answers[:1], questions[:1])).max() > 0.1


def test_saving_gives_an_id_that_depends_on_the_content(model: Model, tmp_path: Path) -> None:
    assert model.id == "tiny"
    one = model.save(tmp_path / "one" / "tiny")
    assert model.save(tmp_path / "two" / "tiny").id == one.id
    assert one.save(tmp_path / "three" / "tiny").id == one.id
    assert Model.load(tmp_path / "one" / "tiny").id == one.id
    assert one.id.startswith("tiny-")
    changed = [
        replace(model, mean=model.mean + 1),
        replace(model, thresholds=replace(model.thresholds, ask=0.3)),
        replace(model, facts={}),
        replace(model, encoder={**model.encoder, "max_length": 32}),
        replace(model, valence_head=replace(model.valence_head, temperature=0.8)),
    ]
    ids = {other.save(tmp_path / "four" / "tiny").id for other in changed}
    assert len(ids | {one.id}) == len(changed) + 1


def test_saving_over_an_older_model_replaces_it(model: Model, folder: Path) -> None:
    other = replace(model, question_mean=model.question_mean * 2).save(folder)
    assert Model.load(folder).id == other.id
    np.testing.assert_array_equal(other.question_mean, model.question_mean * 2)


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("place", [0, -1])
def test_an_altered_file_is_refused_by_name(folder: Path, name: str, place: int) -> None:
    data = bytearray((folder / name).read_bytes())
    data[place] ^= 1
    (folder / name).write_bytes(data)
    with pytest.raises(ModelError, match=f"^{name} of model tiny is damaged or altered"):
        Model.load(folder)


@pytest.mark.parametrize("name", FILES)
def test_a_missing_file_is_refused_by_name(folder: Path, name: str) -> None:
    (folder / name).unlink()
    with pytest.raises(ModelError, match=f"{name} of model tiny .*missing"):
        Model.load(folder)
    edit_manifest(folder, lambda it: it["files"].pop(name))
    with pytest.raises(ModelError, match=name):
        Model.load(folder)


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe"])
def test_a_damaged_manifest_is_refused_by_name(folder: Path, content: bytes) -> None:
    (folder / "manifest.json").write_bytes(content)
    with pytest.raises(ModelError, match=r"manifest\.json"):
        Model.load(folder)


def test_an_altered_manifest_shows_in_the_id(folder: Path) -> None:
    before = Model.load(folder).id
    edit_manifest(folder, lambda it: it["facts"].update(items=61))
    assert Model.load(folder).id != before


@pytest.mark.parametrize("found", [FORMAT + 1, "1", None])
def test_another_format_is_refused_naming_both(folder: Path, found: object) -> None:
    edit_manifest(folder, lambda it: it.update(format=found))
    with pytest.raises(
        ModelMismatchError, match=f"format {found}; this tdfnlp reads 1 and {FORMAT}"
    ):
        Model.load(folder)


def test_another_codebook_is_refused_naming_both(folder: Path) -> None:
    edit_manifest(folder, lambda it: it.update(codebook="cd" * 32))
    with pytest.raises(ModelMismatchError, match="cdcdcdcdcdcd") as caught:
        Model.load(folder)
    assert TDF_CODEBOOK.hash[:12] in str(caught.value)


def test_a_missing_folder_and_one_without_manifest(tmp_path: Path) -> None:
    for place in (tmp_path / "nowhere", tmp_path, "no-such-model"):
        with pytest.raises(ModelError, match=r"No model at .*manifest\.json") as caught:
            Model.load(place)
        assert repr(str(place)) in str(caught.value)


class Trap:
    """Writes a file when it is unpickled."""

    def __init__(self, place: Path) -> None:
        self.place = place

    def __reduce__(self) -> tuple[object, ...]:
        return Path.touch, (self.place,)


def test_a_pickled_object_is_refused_and_never_run(folder: Path, tmp_path: Path) -> None:
    place = tmp_path / "it ran"
    with np.load(folder / "head.npz") as stored:
        arrays = dict(stored) | {"mean": np.array([Trap(place)], dtype=object)}
    smuggle(folder, "head.npz", npz(**arrays))
    with pytest.raises(ValueError):
        Model.load(folder)
    assert not place.exists()


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(npz(mean=np.array([{}], dtype=object)), id="pickled object"),
        pytest.param(npz(mean=np.zeros(D)), id="missing arrays"),
        pytest.param(b"no archive", id="no archive"),
        pytest.param(b"", id="empty"),
    ],
)
def test_arrays_that_cannot_be_read_are_a_model_error(folder: Path, data: bytes) -> None:
    smuggle(folder, "head.npz", data)
    with pytest.raises(ModelError, match=r"head\.npz"):
        Model.load(folder)


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("domain_coef", lambda it: it[:-1]),
        ("valence_intercept", lambda it: it[:2]),
        ("question_mean", lambda it: it[:2]),
        ("domain_coef", lambda it: it * np.nan),
        ("domain_temperature", lambda it: it * 0),
    ],
)
def test_arrays_that_do_not_fit_are_refused(
    folder: Path, name: str, change: Callable[[Any], Any]
) -> None:
    with np.load(folder / "head.npz") as stored:
        arrays = dict(stored)
    smuggle(folder, "head.npz", npz(**arrays | {name: change(arrays[name])}))
    with pytest.raises(ModelError, match=r"head\.npz cannot be read"):
        Model.load(folder)


@pytest.mark.parametrize(
    "content",
    [
        b"{}",
        b"[]",
        b'{"precision": 0.8, "suggest": 3, "ask": 0}',
        b'{"precision": 0.8, "suggest": [0.5], "ask": 0, "sure": 0}',
    ],
)
def test_thresholds_without_their_parts_are_refused(folder: Path, content: bytes) -> None:
    smuggle(folder, "thresholds.json", content)
    with pytest.raises(ModelError, match=r"thresholds\.json"):
        Model.load(folder)


@pytest.mark.parametrize("part", ["encoder", "facts", "files", None])
def test_a_manifest_without_its_parts_is_refused(folder: Path, part: str | None) -> None:
    if part is None:
        (folder / "manifest.json").write_text("[]")
    else:
        edit_manifest(folder, lambda it: it.update({part: [1]}))
        with pytest.raises(ModelError, match=part):
            Model.load(folder)
        edit_manifest(folder, lambda it: it.pop(part))
    with pytest.raises(ModelError, match=r"manifest\.json"):
        Model.load(folder)


def test_its_own_encoder_fits_whatever_runs_it(model: Model) -> None:
    model.check_encoder(encoder())
    model.check_encoder(encoder(name="a copy", engine="other", precision="bf16", version="2"))


@pytest.mark.parametrize("changes", [{"sha256": "cd" * 32}, {"max_length": 128}])
def test_another_encoder_is_refused_naming_both(model: Model, changes: dict[str, Any]) -> None:
    other = encoder(name="other", **changes)
    with pytest.raises(ModelMismatchError, match="tiny was trained on invented") as caught:
        model.check_encoder(other)
    assert "abababababab, 64 tokens" in str(caught.value)
    assert str(other.fingerprint) in str(caught.value)


def test_loading_its_encoder_checks_it(model: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Any] = []

    def load(name: str, **options: Any) -> Encoder:
        asked.append((name, options))
        return encoder(sha256="cd" * 32) if len(asked) > 1 else encoder()

    monkeypatch.setattr(Encoder, "load", load)
    assert model.load_encoder(cache=False).fingerprint == MARK
    with pytest.raises(ModelMismatchError):
        model.load_encoder()
    assert asked == [("invented", {"cache": False}), ("invented", {})]


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_bert(tmp_path_factory.mktemp("tiny") / ENCODER)


@pytest.fixture
def own(model: Model, tiny: Path, tmp_path: Path) -> Path:
    """A model's folder that brings its encoder."""
    shutil.copytree(tiny, tmp_path / "own" / ENCODER)
    facts = encoder_facts(Encoder.load(tmp_path / "own" / ENCODER, cache=False))
    replace(model, encoder=facts).save(tmp_path / "own")
    return tmp_path / "own"


TEXTS = ["hive smoke", "taught the rook"]


@pytest.mark.parametrize("elsewhere", ["", "far/away"])
def test_a_model_brings_its_encoder_wherever_it_lies(
    own: Path, tmp_path: Path, elsewhere: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = Encoder.load(own / ENCODER, cache=False).encode(TEXTS)
    if elsewhere:
        shutil.move(own, tmp_path / elsewhere)
    place = tmp_path / (elsewhere or "own")
    (tmp_path / "work" / ENCODER).mkdir(parents=True)  # a folder of that name that is not meant
    monkeypatch.chdir(tmp_path / "work")
    loaded = Model.load(place)
    assert loaded.encoder["name"] == ENCODER
    encoder = loaded.load_encoder(cache=False)
    np.testing.assert_array_equal(encoder.encode(TEXTS), expected)
    assert str(tmp_path) not in (place / "manifest.json").read_text("utf-8")


def test_options_reach_its_own_encoder(own: Path) -> None:
    encoder = Model.load(own).load_encoder(precision="f32", cache=False)
    assert encoder.fingerprint.precision == "f32"


def test_its_own_encoder_is_refused_when_altered(own: Path) -> None:
    file = own / ENCODER / "model.safetensors"
    before = hashlib.sha256(file.read_bytes()).hexdigest()[:12]
    data = bytearray(file.read_bytes())
    data[-1] ^= 1
    file.write_bytes(data)
    with pytest.raises(ModelError, match=f"damaged or altered .*{before}") as caught:
        Model.load(own).load_encoder(cache=False)
    assert hashlib.sha256(data).hexdigest()[:12] in str(caught.value)


def test_its_own_encoder_is_refused_when_it_is_cut_elsewhere(own: Path) -> None:
    (own / ENCODER / "sentence_bert_config.json").write_text('{"max_seq_length": 47}', "utf-8")
    with pytest.raises(ModelError, match=r"sentence_bert_config\.json of model own is damaged"):
        Model.load(own)
    edit_manifest(own, lambda it: it["files"].pop(f"{ENCODER}/sentence_bert_config.json"))
    with pytest.raises(ModelMismatchError, match="48 tokens"):  # as in models that list no more
        Model.load(own).load_encoder(cache=False)


@pytest.mark.parametrize("name", ["tokenizer.json", "config.json", "1_Pooling/config.json"])
def test_an_encoder_s_other_files_are_checked_too(own: Path, name: str) -> None:
    with (own / ENCODER / name).open("a") as stream:
        stream.write(" ")
    with pytest.raises(ModelError, match=f"{ENCODER}/{name} of model own is damaged or altered"):
        Model.load(own)


def test_nothing_that_lies_with_an_encoder_is_copied_along(own: Path, tmp_path: Path) -> None:
    (own / ENCODER / "interview.txt").write_text("mine")
    (own / ENCODER / "secrets").symlink_to(tmp_path)
    copied = Model.load(own).save(tmp_path / "copy")
    found = sorted(file.name for file in (tmp_path / "copy" / ENCODER).iterdir())
    assert "interview.txt" not in found and "secrets" not in found and len(found) == 5
    copied.load_encoder(cache=False)


def test_a_model_without_the_encoder_it_should_bring(own: Path) -> None:
    shutil.rmtree(own / ENCODER)
    with pytest.raises(ModelError, match=r"encoder/config\.json of model own .*missing"):
        Model.load(own)
    edit_manifest(own, lambda it: it.update(files={name: it["files"][name] for name in FILES}))
    with pytest.raises(ModelError, match=r"weights in model own are incomplete.*missing"):
        Model.load(own).load_encoder(cache=False)


def test_one_of_several_files_of_weights_is_missing(
    own: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(packing, "_FILE", 20_000)
    weights = find_weights(own / ENCODER)
    folder = tmp_path / "several"
    save_encoder(read_arrays(weights.folder), weights, folder / ENCODER, bits=5)
    facts = encoder_facts(Encoder.load(folder / ENCODER, cache=False))
    replace(Model.load(own), encoder=facts, folder=None).save(folder).load_encoder(cache=False)
    files = weight_files(folder / ENCODER)
    assert len(files) > 1
    for file in files:
        content = file.read_bytes()
        file.unlink()
        with pytest.raises(ModelError, match="weights in model several are incomplete"):
            Model.load(folder).load_encoder(cache=False)
        file.write_bytes(content)


def test_a_model_saved_over_another_leaves_none_of_its_weights(own: Path, tmp_path: Path) -> None:
    weights = find_weights(own / ENCODER)
    save_encoder(read_arrays(weights.folder), weights, tmp_path / "packed" / ENCODER, bits=5)
    facts = encoder_facts(Encoder.load(tmp_path / "packed" / ENCODER, cache=False))
    packed = replace(Model.load(own), encoder=facts, folder=None).save(tmp_path / "packed")
    expected = packed.load_encoder(cache=False).encode(TEXTS)
    plain = Model.load(own)
    assert (plain.load_encoder(cache=False).encode(TEXTS) != expected).any()
    for first, second in ((packed, plain), (plain, packed)):
        first.save(tmp_path / "over")
        saved = second.save(tmp_path / "over").load_encoder(cache=False).encode(TEXTS)
        np.testing.assert_array_equal(saved, second.load_encoder(cache=False).encode(TEXTS))
        assert len(list((tmp_path / "over" / ENCODER).glob("*.safetensors"))) == 1


@pytest.mark.parametrize("name", [None, "default"])
def test_the_shipped_model_loads_with_its_encoder(name: str | None) -> None:
    shipped = Model.load(name)
    assert shipped.id == Model.load(models_folder() / "default").id
    assert len(shipped.thresholds.suggest) == len(DOMAINS)
    width = shipped.load_encoder(cache=False).dimension
    assert shipped.domain_head.coef.shape == (len(DOMAINS) + 1, 2 * width)
    assert shipped.valence_head.coef.shape == (len(VALENCES), 2 * width + len(DOMAINS))
    assert all(0 < cut < 1 for cut in (shipped.thresholds.ask, *shipped.thresholds.suggest))


def test_a_place_that_cannot_be_written_is_an_output_error(model: Model, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(OutputError, match="'m' cannot be written"):
        model.save(tmp_path / "file" / "m")


def test_files_beside_a_model_are_passed_over(model: Model, folder: Path) -> None:
    before = Model.load(folder).id
    (folder / "notes.txt").write_text("mine")
    assert Model.load(folder).id == before


def test_all_in_one_go_is_the_same(model: Model) -> None:
    answers, questions = passages(4100)  # more than one slice
    proba, valences = model.predict(answers, questions)
    np.testing.assert_allclose(proba, model.predict_proba(answers, questions))
    for place in range(len(DOMAINS)):
        given = model.predict_valence_proba(answers, questions, np.full(4100, place))
        np.testing.assert_allclose(valences[:, place], given)
