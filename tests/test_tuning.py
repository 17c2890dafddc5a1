"""Fine-tuning on a tiny encoder made here: what it learns, and what it leaves on disk."""

import json
import logging
import random
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from shutil import copyfile
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from safetensors.numpy import load_file

from tdfnlp.embedding import Encoder
from tdfnlp.errors import InputError, ModelError
from tdfnlp.framework import DOMAINS, VALENCES
from tdfnlp.items import Item
from tdfnlp.network import Arrays, Network, Start
from tdfnlp.tuning import Recipe, fine_tune, packs, save_encoder
from tdfnlp.weights import Weights, find_weights, weight_files

SIGNS = {
    "Knowledge": "guideline taught leaflet aware",
    "Emotion": "afraid upset cried dread",
    "Goals": "target aim priority plan",
    "": "hello tape recorder thanks",
}
THINGS = {
    "bees": "hive honey smoke swarm",
    "stairs": "lift floor rail landing",
    "chess": "board pawn clock rook",
    "boats": "harbour sail rope anchor",
    "bread": "dough oven flour crust",
    "kites": "wind string tail cloth",
    "wells": "bucket water stone crank",
}
UNSEEN = ("kites", "wells")
DIRECTIONS = dict(zip(VALENCES, "never always sometimes there".split(), strict=True))


def invented(topics: Sequence[str], each: int = 3) -> list[Item]:
    """Passages of two words on the domain, three on the topic, one on the direction."""
    rng = random.Random(0)
    items = []
    for topic in topics:
        for domain, signs in SIGNS.items():
            for number in range(each):
                valence = VALENCES[number % len(VALENCES)]
                words = rng.sample(signs.split(), 2) + rng.sample(THINGS[topic].split(), 3)
                rng.shuffle(words)
                text = " ".join([*words, DIRECTIONS[valence]])
                domains = ((domain, valence),) if domain else ()
                items.append(Item(f"{topic} {domain} {number}", topic, text, "", domains))
    return items


SEEN = tuple(topic for topic in THINGS if topic not in UNSEEN)
ITEMS = invented(SEEN)


def tiny_bert(folder: Path) -> Path:
    """Write a random encoder of 2 layers and width 32 that knows the words above."""
    import torch
    from safetensors.torch import save_file
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
    from transformers import BertConfig, BertModel

    said = " ".join([*SIGNS.values(), *THINGS.values(), *DIRECTIONS.values()]).split()
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *sorted(set(said))]
    vocabulary = {word: place for place, word in enumerate(words)}
    tokenizer = Tokenizer(models.WordPiece(vocabulary, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    config = BertConfig(
        vocab_size=len(words),
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=64,
        max_position_embeddings=64,
    )
    torch.manual_seed(0)
    network = BertModel(config, add_pooling_layer=False)
    for name, parameter in network.named_parameters():
        if "LayerNorm" not in name:
            torch.nn.init.normal_(parameter, std=0.2)
    (folder / "1_Pooling").mkdir(parents=True)
    files = {
        "config.json": config.to_dict(),
        "sentence_bert_config.json": {"max_seq_length": 48},
        "1_Pooling/config.json": {"pooling_mode_mean_tokens": True},
    }
    for name, content in files.items():
        (folder / name).write_text(json.dumps(content), "utf-8")
    tokenizer.save(str(folder / "tokenizer.json"))
    save_file(network.state_dict(), folder / "model.safetensors")
    return folder


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Weights:
    return find_weights(tiny_bert(tmp_path_factory.mktemp("tiny") / "base"))


def tune(base: Weights, **changes: Any) -> Arrays:
    return fine_tune(ITEMS, base, replace(Recipe(epochs=3, rate=1e-3), **changes))


def separation(folder: Path, topics: Sequence[str]) -> float:
    """Mean cosine within a domain less that between domains, each topic's mean taken off."""
    items = [item for item in invented(topics, each=4) if item.domains]
    vectors = Encoder.load(folder, cache=False, precision="f32").encode(i.text for i in items)
    for topic in topics:
        rows = [item.topic == topic for item in items]
        vectors[rows] -= vectors[rows].mean(axis=0)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    domains = np.array([item.domains[0][0] for item in items])
    same = domains[:, None] == domains[None, :]
    others = ~np.eye(len(items), dtype=bool)
    cosines = vectors @ vectors.T
    return float(cosines[same & others].mean() - cosines[~same].mean())


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> Iterator[None]:
    """Matrices this small are many times slower on several."""
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


SIZES = st.lists(st.lists(st.integers(0, 30), min_size=1, max_size=5), min_size=1, max_size=4)


@given(SIZES, st.integers(0, 9))
def test_packs_hold_every_item_once_and_one_topic_each(sizes: list[list[int]], seed: int) -> None:
    items = [
        Item(f"{topic} {domain} {n}", str(topic), "", "", ((str(domain), "mixed"),))
        for topic, counts in enumerate(sizes)
        for domain, count in enumerate(counts)
        for n in range(count)
    ]
    dealt = packs(items, random.Random(seed))
    assert sorted(item.id for pack in dealt for item in pack) == sorted(item.id for item in items)
    totals = Counter(item.topic for item in items)
    for pack in dealt:
        (topic,) = {item.topic for item in pack}
        assert len(pack) == totals[topic] < 24 or 11 <= len(pack) <= 24
    assert dealt == packs(items, random.Random(seed))


def test_packs_hold_many_domains_and_differ_by_seed() -> None:
    names = list(DOMAINS)
    items = [
        Item(f"{topic} {n}", topic, "", "", ((names[n // 8 % 14], "mixed"),))
        for topic in ("bees", "stairs")
        for n in range(8 * 14)
    ]
    dealt = packs(items, random.Random(0))
    assert [len(pack) for pack in dealt] == [16] * 14
    for pack in dealt:  # 8 of each domain among 7 packs: one or two a pack
        assert set(Counter(item.domains[0][0] for item in pack).values()) <= {1, 2}
        assert len({item.domains[0][0] for item in pack}) == 14
    assert len({pack[0].topic for pack in dealt[:7]}) == 2  # mixed: a batch needs several topics
    company, other = (
        {frozenset(item.id for item in pack) for pack in packs(items, random.Random(seed))}
        for seed in (0, 1)
    )
    assert company != other


@pytest.fixture(scope="module")
def tuned(base: Weights) -> tuple[Path, list[float]]:
    """A folder with an encoder tuned on ITEMS, and the losses logged on the way."""
    losses: list[float] = []

    class Listener(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            assert isinstance(record.args, tuple)
            losses.append(float(str(record.args[-1])))

    logger, listener = logging.getLogger("tdfnlp.tuning"), Listener()
    logger.addHandler(listener)
    logger.setLevel(logging.INFO)
    folder = base.folder.parent / "tuned"
    save_encoder(tune(base, epochs=41), base, folder)
    logger.removeHandler(listener)
    logger.setLevel(logging.NOTSET)
    return folder, losses


def test_loss_falls(tuned: tuple[Path, list[float]]) -> None:
    first, middle, last = tuned[1]
    assert first > middle + 0.5 > last + 0.5


def test_domains_part_on_topics_it_has_not_seen(
    base: Weights, tuned: tuple[Path, list[float]]
) -> None:
    assert separation(tuned[0], UNSEEN) > separation(base.folder, UNSEEN) + 0.3


def test_same_seed_gives_the_same_weights_another_seed_others(base: Weights) -> None:
    one, again, two = (tune(base, random_state=seed) for seed in (0, 0, 1))
    start = load_file(base.folder / "model.safetensors")
    assert one.keys() == two.keys() == start.keys()
    for name, array in one.items():
        np.testing.assert_array_equal(array, again[name])
    moved = [name for name in one if np.abs(one[name] - two[name]).max() > 1e-4]
    assert len(moved) > len(one) / 2


def test_saved_encoder_is_half_precision_and_runs_as_torch_runs_it(
    base: Weights, tuned: tuple[Path, list[float]]
) -> None:
    import torch
    from transformers import AutoModel, AutoTokenizer

    folder = tuned[0]
    stored = load_file(folder / "model.safetensors")
    assert {array.dtype for array in stored.values()} == {np.dtype(np.float16)}
    for name in ("config.json", "tokenizer.json", "sentence_bert_config.json"):
        assert (folder / name).read_bytes() == (base.folder / name).read_bytes()

    encoder = Encoder.load(folder, cache=False)
    assert encoder.fingerprint.max_length == 48
    texts = [item.text for item in invented(UNSEEN)] + ["hive", "hive rope " * 40]
    tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
    network = AutoModel.from_pretrained(
        folder, local_files_only=True, add_pooling_layer=False, dtype=torch.float32
    )
    network.train(False)
    for text, vector in zip(texts, encoder.encode(texts), strict=True):
        tokens = tokenizer(text, truncation=True, max_length=48, return_tensors="pt")
        with torch.no_grad():
            expected = network(**tokens)[0][0].mean(0).numpy()
        assert float(vector @ expected) / np.linalg.norm(expected) > 0.999


def test_saving_again_replaces_the_weights(base: Weights, tmp_path: Path) -> None:
    start = load_file(base.folder / "model.safetensors")
    save_encoder(start, base, tmp_path / "own")
    first = find_weights(tmp_path / "own").sha256
    save_encoder({name: array * 2 for name, array in start.items()}, base, tmp_path / "own")
    assert find_weights(tmp_path / "own").sha256 != first


def test_a_base_with_the_least_a_folder_can_hold(base: Weights, tmp_path: Path) -> None:
    bare = tmp_path / "bare"
    bare.mkdir()
    needed = ("config.json", "tokenizer.json", "model.safetensors")
    for name in needed:
        copyfile(base.folder / name, bare / name)
    save_encoder(load_file(bare / "model.safetensors"), find_weights(bare), tmp_path / "own")
    vectors = [
        Encoder.load(one, cache=False).encode(["hive rope"]) for one in (bare, tmp_path / "own")
    ]
    assert float((vectors[0] * vectors[1]).sum()) > 0.999


def test_talk_outside_the_framework_alone_leaves_no_gaps(base: Weights) -> None:
    weights = fine_tune([item for item in ITEMS if not item.domains], base, Recipe())
    assert all(np.isfinite(array).all() for array in weights.values())


def test_it_stops_where_held_out_items_get_no_better(
    base: Weights, monkeypatch: pytest.MonkeyPatch
) -> None:
    losses = iter([3.0, 2.0, 2.5, 2.4, 2.3, 1.0])
    kept: list[Arrays] = []

    def loss(network: Network, _: object) -> float:
        kept.append(network.arrays())
        return next(losses)

    monkeypatch.setattr(Network, "held_loss", loss)
    steps: list[int] = []
    found = fine_tune(
        ITEMS,
        base,
        Recipe(epochs=14, rate=1e-3),
        held=ITEMS[:4],
        progress=lambda _, done, __: steps.append(done),
    )
    assert next(losses) == 1.0  # three looks without gain were enough
    assert steps[-2] < steps[-1] - 2
    for name, array in kept[1].items():
        np.testing.assert_array_equal(found[name], array)


def test_where_no_step_helps_nothing_is_given(
    base: Weights, monkeypatch: pytest.MonkeyPatch
) -> None:
    losses = iter([1.0, 2.0, 3.0, 2.0])
    monkeypatch.setattr(Network, "held_loss", lambda *_: next(losses))
    assert fine_tune(ITEMS, base, Recipe(epochs=20), held=ITEMS[:4]) == {}


def test_showing_progress_changes_nothing(base: Weights) -> None:
    shown = fine_tune(ITEMS, base, Recipe(), progress=lambda *_: None)
    for name, array in fine_tune(ITEMS, base, Recipe()).items():
        np.testing.assert_array_equal(array, shown[name])


def test_it_starts_from_heads_that_are_given(base: Weights) -> None:
    given = np.arange(15 * 32.0).reshape(15, 32), np.arange(15.0)
    valence = np.ones((4, 46)), np.zeros(4)
    network = Network(base, Start(given, valence))
    assert network.domain.weight[2, 3] == 2 * 32 + 3 and network.domain.bias[4] == 4
    assert (network.valence.weight == 1).all()
    unknown = [replace(item, domains=((d, None),)) for item in ITEMS for d, _ in item.domains][:9]
    assert np.isfinite(network.held_loss([unknown])) and network.encoder.training


def test_nothing_to_learn_from_is_refused(base: Weights) -> None:
    with pytest.raises(InputError, match="items"):
        fine_tune([], base, Recipe())


def test_frozen_layers_stay_as_they_are(base: Weights) -> None:
    start = load_file(base.folder / "model.safetensors")
    found = tune(base, frozen=1)
    kept = [name for name in start if name.startswith(("embeddings.", "encoder.layer.0."))]
    moved = [name for name in start if name.startswith("encoder.layer.1.") and "key.b" not in name]
    assert kept and moved
    for name in kept:
        np.testing.assert_array_equal(found[name], start[name])
    assert all(np.abs(found[name] - start[name]).max() > 0 for name in moved)


def test_packed_weights_can_be_tuned_and_run(base: Weights, tmp_path: Path) -> None:
    start = load_file(base.folder / "model.safetensors")
    save_encoder(start, base, tmp_path / "plain")
    save_encoder(start, base, tmp_path / "own", bits=6)
    assert not (tmp_path / "own" / "model.safetensors").exists()
    again = fine_tune(ITEMS, find_weights(tmp_path / "own"), Recipe(epochs=1))
    assert {name: array.shape for name, array in again.items()} == {
        name: array.shape for name, array in start.items()
    }
    save_encoder(start, base, tmp_path / "own")  # plain again: no packed file is left to be read
    assert [file.name for file in weight_files(tmp_path / "own")] == ["model.safetensors"]


def test_weights_that_lack_a_layer_are_refused(base: Weights, tmp_path: Path) -> None:
    start = load_file(base.folder / "model.safetensors")
    less = {name: array for name, array in start.items() if "layer.1.output" not in name}
    save_encoder(less, base, tmp_path / "own")
    with pytest.raises(ModelError, match=r"lack encoder\.layer\.1\.output"):
        fine_tune(ITEMS, find_weights(tmp_path / "own"), Recipe(epochs=1))
