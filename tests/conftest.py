"""What several test modules need. The vector cache of the test run is its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from corpora import tiny_model
from postgres import place as place
from postgres import postgres as postgres
from postgres import postgres_url as postgres_url
from postgres import store as store

from tdfnlp.corpus import shards
from tdfnlp.embedding import Encoder
from tdfnlp.model import Model

ROOT = Path(__file__).parent.parent
INTERVIEWS = ROOT / "training_data" / "sample_study" / "interviews"


@pytest.fixture(scope="session", autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("cache")
        patch.setenv("TDFNLP_CACHE", str(folder))
        yield folder


@pytest.fixture(scope="session")
def model() -> Model:
    """The small shipped model: what is tested with it holds for any, and it takes an eighth."""
    return Model.load("fast")


@pytest.fixture(scope="session")
def encoder(model: Model) -> Encoder:
    return model.load_encoder()


@pytest.fixture(scope="session")
def plain_encoder() -> Encoder:
    """The default encoder without a cache, in f32."""
    return Encoder.load(cache=False, precision="f32")


@pytest.fixture(scope="module")
def small_shards() -> Iterator[None]:
    """Corpora are cut into shards of about four files."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(shards, "_MEAN_SIZE", 4)
        yield


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Model:
    """A model with an encoder so small that it says nothing, but at once."""
    return tiny_model(tmp_path_factory.mktemp("model") / "tiny")
