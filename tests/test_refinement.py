"""An encoder trained further on confirmed units: who teaches it, who stops it, who judges it."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from test_tuning import THINGS, invented, one_thread, tiny_bert
from toys import toy_model

from tdfnlp import refinement
from tdfnlp.classifier import Head
from tdfnlp.codebook import Code
from tdfnlp.confirmed import Lesson, Lessons
from tdfnlp.embedding import Encoder
from tdfnlp.errors import InputError
from tdfnlp.framework import DOMAINS, VALENCES
from tdfnlp.items import Item
from tdfnlp.model import ENCODER, Model, encoder_facts
from tdfnlp.promotion import compare
from tdfnlp.retraining import train

__all__ = ["one_thread"]
WIDTH = 32


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Model:
    """A model that knows nothing, with a tiny encoder in its folder."""
    folder = tmp_path_factory.mktemp("base")
    encoder = Encoder.load(tiny_bert(folder / ENCODER), cache=False)
    return replace(
        toy_model(),
        domain_head=Head(np.zeros((len(DOMAINS) + 1, 2 * WIDTH)), np.zeros(len(DOMAINS) + 1)),
        valence_head=Head(np.zeros((len(VALENCES), 2 * WIDTH + len(DOMAINS))), np.zeros(4)),
        mean=np.zeros(WIDTH),
        question_mean=np.zeros(WIDTH),
        encoder=encoder_facts(encoder),
        folder=folder,
    )


def lessons(people: Sequence[str] = tuple(THINGS)) -> Lessons:
    """One person for each topic of talk."""
    units = [Lesson(item.text, "", item.topic, item.domains) for item in invented(people, each=6)]
    return Lessons(tuple(units), (tuple(one.text for one in units),))


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    recipe = replace(refinement._RECIPE, epochs=10, rate=1e-3)
    monkeypatch.setattr(refinement, "_RECIPE", recipe)


def test_it_is_measured_on_people_kept_from_it_and_saved_with_its_encoder(
    base: Model, quick: None, tmp_path: Path
) -> None:
    seen: list[tuple[str, int, int]] = []
    trained = train(lessons(), base=base, fine_tune=True, progress=lambda *step: seen.append(step))
    assert len(set(trained.people.tolist())) == 2 and len(trained.lessons.units) == 48
    assert trained.model.facts["learnt"]["people"] == 7
    assert "48 units of 2 people kept from both" in trained.notes[0]
    right = trained.model.facts["fine_tuned"]
    assert right["right"] == trained.model.facts["out_of_fold"]["right"]["value"]
    stage, done, total = seen[0]
    assert stage == "Fine-tuning (at most about 1 min)" and done == 0 < total
    assert seen[-1] == (stage, total, total)

    saved = trained.model.save(tmp_path / "m")
    assert saved.encoder["sha256"] != base.encoder["sha256"]
    encoder = saved.load_encoder(cache=False)
    np.testing.assert_array_equal(
        encoder.encode(["hive honey"]), trained.encoder.encode(["hive honey"])
    )
    assert compare(trained).verdict.units == 48


def test_who_stops_it_and_who_judges_it_do_not_teach_it(
    base: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    taught: list[set[str]] = []

    def watch(items: Sequence[Item], *_: Any, held: Sequence[Item], **__: Any) -> dict[str, Any]:
        known = lessons().units
        taught.extend({known[int(one.id)].person for one in some} for some in (items, held))
        return {}

    monkeypatch.setattr(refinement, "fine_tune", watch)
    trained = train(lessons(), base=base, fine_tune=True)
    teachers, stoppers = taught
    assert len(teachers) == 4 and len(stoppers) == 1 and not teachers & stoppers
    # Nothing gained: what was trained without it is given, measured on all.
    assert "brought nothing" in trained.notes[0] and len(set(trained.people.tolist())) == 7
    assert trained.model.encoder == base.encoder


def test_few_people_are_refused(base: Model) -> None:
    with pytest.raises(InputError, match="5 people; these are 4"):
        train(lessons(tuple(THINGS)[:4]), base=base, fine_tune=True)


def test_own_codes_are_measured_on_people_kept_from_it_too(base: Model, quick: None) -> None:
    units = tuple(
        replace(one, codes=tuple((domain, "odd") for domain, _ in one.domains))
        for one in lessons().units
    )
    paths = sorted({path for one in units for path in one.codes})
    coded = replace(lessons(), units=units, codes=tuple(Code(path, path[0]) for path in paths))
    trained = train(coded, base=base, fine_tune=True)
    assert trained.own and trained.own.figures.people == 2 and trained.own.figures.units == 48
    assert trained.model.own is trained.own.own and len(trained.own.own.codes) > 1
    figures = trained.model.facts["own_codes"]["out_of_fold"]
    assert figures["units"] == 48 and trained.own.usual.units == 48
