"""Which model suggests for a study: chosen, put back, and never another one unnoticed."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from toys import toy_encoder, toy_lessons, toy_model

from tdfnlp.choosing import list_models, model_in_use, use_model
from tdfnlp.errors import InputError, ModelError, ModelMismatchError
from tdfnlp.model import Model
from tdfnlp.retraining import train
from tdfnlp.store import Store


@pytest.fixture
def saved(tmp_path: Path) -> list[Model]:
    first = train(toy_lessons(60), base=toy_model(), encoder=toy_encoder()).model
    second = replace(first, facts={**first.facts, "strength": 2})
    return [one.save(tmp_path / "models" / name) for one, name in ((first, "one"), (second, "two"))]


def test_the_shipped_model_suggests_until_another_is_chosen(
    store: Store, saved: list[Model]
) -> None:
    assert model_in_use(store).id == Model.load().id
    assert [(one.folder, one.in_use) for one in list_models(store)] == [("default", True)]
    use_model(store, saved[0])
    assert model_in_use(store).id == saved[0].id
    assert [one.in_use for one in list_models(store)] == [False, True]


def test_an_earlier_model_is_put_back_by_id_folder_or_name(
    store: Store, saved: list[Model]
) -> None:
    use_model(store, str(saved[0].folder))
    use_model(store, saved[1])
    assert use_model(store, saved[0].id).id == saved[0].id
    assert use_model(store, "two").id == saved[1].id
    assert use_model(store, "default").id == Model.load().id == model_in_use(store).id
    assert len(store.models()) == 5  # nothing is forgotten
    listed = list_models(store)
    assert [one.folder for one in listed if one.in_use] == ["default"]
    assert len(listed) == 3
    assert [one.when for one in listed] != [""] * 3


def test_a_name_that_may_mean_two_models_is_refused(
    store: Store, saved: list[Model], tmp_path: Path
) -> None:
    other = saved[1].save(tmp_path / "elsewhere" / "one")
    own = saved[1].save(tmp_path / "mine" / "default")
    for each in (saved[0], other, own):
        use_model(store, each)
    for name in ("one", "default"):
        with pytest.raises(InputError, match=f"'{name}' may be .* or .*its id"):
            use_model(store, name)
    assert use_model(store, other.id).folder == other.folder
    assert use_model(store, str(own.folder)).id == own.id


def test_a_folder_with_a_shipped_model_s_name_does_not_hide_it(
    store: Store, saved: list[Model], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    use_model(store, "default")
    saved[0].save(tmp_path / "default")
    monkeypatch.chdir(tmp_path)
    assert model_in_use(store).id == Model.load().id
    assert [one.id for one in list_models(store)] == [Model.load().id]


def test_a_list_says_what_a_model_learnt_from(saved: list[Model], tmp_path: Path) -> None:
    one, two = list_models(tmp_path / "models")
    assert (one.id, one.units, one.people) == (saved[0].id, 60, 10)
    assert one.top_1 is not None and one.top_1 > 0.5
    assert list_models(saved[1].folder) == (two,)
    shipped = {model.id.rpartition("-")[0]: model for model in list_models()}
    assert {"default", "fast"} <= set(shipped)
    assert shipped["default"].units is None and shipped["default"].top_1 is not None
    with pytest.raises(InputError, match="no folder"):
        list_models(tmp_path / "nowhere")


def test_another_model_in_the_folder_is_not_used_unnoticed(
    store: Store, saved: list[Model]
) -> None:
    use_model(store, saved[0])
    assert saved[0].folder is not None
    saved[1].save(saved[0].folder)
    with pytest.raises(ModelMismatchError, match=saved[0].id) as caught:
        model_in_use(store)
    assert "--use" in str(caught.value)
    assert "now holds" in list_models(store)[1].problem


def test_a_model_that_is_gone_or_altered_is_said(store: Store, saved: list[Model]) -> None:
    use_model(store, saved[0])
    folder = saved[0].folder
    assert folder is not None
    (folder / "thresholds.json").write_text("{}")
    with pytest.raises(ModelError, match=r"uses model one.*altered.*--use"):
        model_in_use(store)
    assert "altered" in list_models(store)[1].problem
    manifest = (folder / "manifest.json").read_text("utf-8")
    (folder / "manifest.json").write_text(manifest.replace('"format": 1', '"format": 99'))
    with pytest.raises(ModelMismatchError, match="format 99"):
        model_in_use(store)
    shutil.rmtree(folder)
    with pytest.raises(ModelError, match="No model at"):
        model_in_use(store)


def test_a_model_that_was_never_saved_cannot_be_chosen(store: Store) -> None:
    with pytest.raises(InputError, match="not saved"):
        use_model(store, toy_model())


def test_a_retrained_model_brings_the_encoder_it_read_with_it(tmp_path: Path) -> None:
    shipped = Model.load("fast")
    copied = replace(shipped, name="mine").save(tmp_path / "mine")
    assert copied.folder == tmp_path / "mine"
    assert (tmp_path / "mine" / "encoder" / "packed-1.safetensors").is_file()
    again = copied.save(tmp_path / "mine")  # onto itself
    assert again.id == copied.id
