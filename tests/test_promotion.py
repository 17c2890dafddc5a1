"""A new model takes the place of the old one only where it is not worse beyond noise."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from toys import toy_encoder, toy_lessons, toy_model

from tdfnlp.embedding import Encoder
from tdfnlp.lessons import Lessons
from tdfnlp.model import Model
from tdfnlp.promotion import MARGIN, compare, judge
from tdfnlp.refusals import fresh
from tdfnlp.retraining import train

PEOPLE = [f"P{n % 8}" for n in range(160)]


def guesses(share: float, seed: int = 0) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    return np.random.default_rng(seed).random(160) < share


@pytest.mark.parametrize(
    ("new", "old", "promote", "says"),
    [
        (guesses(0.8), guesses(0.5, 1), True, "not worse beyond noise"),
        (guesses(0.5), guesses(0.5), True, "not worse beyond noise"),
        (guesses(0.5), guesses(0.8, 1), False, "may be worse"),
    ],
)
def test_better_or_equal_is_promoted_and_worse_is_not(
    new: np.ndarray[tuple[int], np.dtype[np.bool_]],
    old: np.ndarray[tuple[int], np.dtype[np.bool_]],
    promote: bool,
    says: str,
) -> None:
    verdict = judge(new, old, PEOPLE)
    assert verdict.promote is promote
    assert says in verdict.sentence and "160 units of 8 people" in verdict.sentence
    assert verdict.low <= verdict.difference <= verdict.high
    assert verdict.difference == pytest.approx(new.mean() - old.mean())


def test_the_chance_by_hand() -> None:
    # Six people gain the same: of 64 arrangements of signs one is as high.
    old = np.zeros(60, dtype=bool)
    verdict = judge(~old, old, [str(n % 6) for n in range(60)])
    assert verdict.p == 1 / 64


def test_few_people_are_too_few_whatever_they_say() -> None:
    old = np.zeros(160, dtype=bool)
    verdict = judge(~old, old, [f"P{n % 4}" for n in range(160)])
    assert not verdict.promote
    assert "4 people are too few to tell; 5 are needed" in verdict.sentence


def test_one_person_s_gain_does_not_carry_the_others_losses() -> None:
    people = [f"P{n // 20}" for n in range(160)]
    new, old = np.zeros(160, dtype=bool), np.zeros(160, dtype=bool)
    new[:20] = True  # one gains on all
    old[22:160:4] = True  # the others lose on some
    verdict = judge(new, old, people)
    assert not verdict.promote and verdict.p > 0.05


def test_what_is_uncertain_is_said_so() -> None:
    people = [f"P{n // 20}" for n in range(160)]
    new, old = np.zeros(160, dtype=bool), np.zeros(160, dtype=bool)
    new[:70] = True
    old[80:145] = True
    verdict = judge(new, old, people)
    assert verdict.difference > 0 and not verdict.promote
    assert "too uncertain" in verdict.sentence


def test_many_people_are_drawn_and_still_exact_enough() -> None:
    people = [f"P{n % 20}" for n in range(160)]
    verdict = judge(guesses(0.7), guesses(0.5, 1), people)
    assert verdict.promote and 0 < verdict.p < 0.05


@settings(max_examples=10, deadline=None, derandomize=True)
@given(st.integers(0, 10_000))
def test_a_model_worse_by_the_margin_is_rarely_promoted(seed: int) -> None:
    rng = np.random.default_rng(seed)
    passed = 0
    for _ in range(20):
        old = rng.random(160) < 0.6
        new = old & (rng.random(160) > 4 * MARGIN / 0.6)
        passed += judge(new, old, PEOPLE).promote
    assert passed <= 4


@pytest.fixture
def toy() -> Encoder:
    return toy_encoder()


def test_a_study_s_model_beats_the_one_it_started_from(toy: Encoder) -> None:
    trained = train(toy_lessons(), base=toy_model(knows=[0]), encoder=toy)
    compared = compare(trained)
    assert compared.verdict.promote and compared.rival == "toy"
    assert compared.new == trained.figures
    assert compared.old.top_1.value is not None and compared.new.top_1.value is not None
    assert compared.old.top_1.value + 0.2 < compared.new.top_1.value
    assert compared.audit is not None and compared.audit[0].units == 32


def test_a_rival_that_knows_more_stays(toy: Encoder) -> None:
    lessons = toy_lessons(40)
    trained = train(lessons, base=toy_model(), encoder=toy)
    wrong = replace(trained, proba=np.roll(trained.proba, 1, axis=1))
    compared = compare(wrong, toy_model(knows=range(7)))
    assert not compared.verdict.promote
    assert compared.audit is None  # 8 units say nothing


def test_a_rival_from_this_study_is_judged_on_what_came_after_it(toy: Encoder) -> None:
    early, late = toy_lessons(80, when="2026-01"), toy_lessons(160, when="2026-02")
    both = Lessons((*early.units, *late.units[80:]), late.speech)
    first = train(early, base=toy_model(), encoder=toy).model
    second = train(both, base=toy_model(), encoder=toy)
    compared = compare(second, first)
    assert compared.verdict.units == 80 and not compared.notes
    assert first.facts["learnt"]["until"] == "2026-01"


def test_with_too_little_since_the_shipped_model_is_the_rival(
    toy: Encoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    lessons = toy_lessons(120, when="2026-01")
    first = train(lessons, base=toy_model(), encoder=toy).model
    shipped = replace(toy_model(), name="shipped")
    monkeypatch.setattr(Model, "load", lambda _folder=None: shipped)
    compared = compare(train(lessons, base=shipped, encoder=toy), first)
    assert compared.rival == "shipped" and compared.verdict.units == 120
    assert "fewer than 30 units" in compared.notes[0]


def test_what_a_strategy_asked_for_does_not_decide_where_the_rest_is_enough(toy: Encoder) -> None:
    lessons = toy_lessons(200)
    odd = [replace(one, sought=n < 120) for n, one in enumerate(lessons.units)]
    trained = train(replace(lessons, units=tuple(odd)), base=toy_model(), encoder=toy)
    compared = compare(trained)
    assert compared.verdict.units == 80 and not compared.notes
    most = [replace(one, sought=n < 180) for n, one in enumerate(lessons.units)]
    trained = train(replace(lessons, units=tuple(most)), base=toy_model(), encoder=toy)
    compared = compare(trained)
    assert compared.verdict.units == 200
    assert "looks better than it is" in compared.notes[0]


def test_a_rival_that_learnt_from_more_and_cannot_be_compared_stays(
    toy: Encoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    shipped = replace(toy_model(), name="shipped")
    monkeypatch.setattr(Model, "load", lambda _folder=None: shipped)
    rival = train(toy_lessons(300), base=shipped, encoder=toy).model  # no dates
    compared = compare(train(toy_lessons(160), base=shipped, encoder=toy), rival)
    assert not compared.verdict.promote
    assert "learnt from 300 units, this one from 160" in compared.verdict.sentence
    assert compare(train(toy_lessons(320), base=shipped, encoder=toy), rival).verdict.promote


def test_a_unit_that_was_only_coded_again_since_is_not_new(toy: Encoder) -> None:
    early = toy_lessons(160, when="2026-01")
    first = train(early, base=toy_model(), encoder=toy).model
    again = tuple(replace(one, when="2026-02", since="2026-01") for one in early.units)
    assert not fresh(replace(early, units=again), first).any()
    assert fresh(replace(early, units=tuple(replace(u, since="") for u in again)), first).all()


def test_a_rival_with_another_encoder_loads_its_own(
    toy: Encoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = toy_model()
    other = replace(other, encoder={**other.encoder, "sha256": "cd" * 32})
    asked: list[Model] = []

    def load(model: Model) -> Encoder:
        asked.append(model)
        return Encoder(toy._runner, replace(toy.fingerprint, sha256="cd" * 32), None)

    monkeypatch.setattr(Model, "load_encoder", load)
    trained = train(toy_lessons(60), base=toy_model(), encoder=toy)
    assert not asked
    compare(trained, other)
    assert asked == [other]
