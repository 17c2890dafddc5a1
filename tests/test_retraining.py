"""Training from confirmed codes: what is learnt, what is checked, what is refused."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from toys import CLUES, D, toy_encoder, toy_lesson, toy_lessons, toy_model

from tdfnlp import gating
from tdfnlp.assessment import evaluate
from tdfnlp.classifier import Head, fit_head
from tdfnlp.embedding import Encoder
from tdfnlp.errors import InputError, OutputError
from tdfnlp.evaluation import Figure
from tdfnlp.fitting import Examples, fit_heads, fit_labels, folds, tabulate
from tdfnlp.framework import DOMAINS
from tdfnlp.lessons import Lessons
from tdfnlp.model import Model
from tdfnlp.refusals import check_folder
from tdfnlp.retraining import NOTHING, train
from tdfnlp.thresholds import Thresholds


@pytest.fixture
def toy() -> Encoder:
    return toy_encoder()


def examples(lessons: Lessons) -> Examples:
    return tabulate(lessons, toy_model(), toy_encoder())


def test_a_study_teaches_what_the_base_did_not_know(toy: Encoder) -> None:
    lessons = toy_lessons()
    base = toy_model(knows=[0])
    before = evaluate(base, lessons, encoder=toy)
    trained = train(lessons, base=base, encoder=toy)
    assert before.top_1.value is not None and before.top_1.value < 0.6
    assert trained.figures.top_1.value is not None and trained.figures.top_1.value > 0.9
    assert evaluate(trained.model, lessons, encoder=toy).top_1.value == 1
    assert trained.model.facts["out_of_fold"]["direction"] > 0.9


def test_the_model_says_what_it_learnt_from_and_keeps_no_word_of_it(
    toy: Encoder, tmp_path: Path
) -> None:
    lessons = toy_lessons(when="2026-01-02T03:04:05Z")
    model = train(lessons, base=toy_model(), encoder=toy, random_state=3).model.save(tmp_path / "m")
    learnt = model.facts["learnt"]
    assert (learnt["units"], learnt["people"], learnt["uncoded"]) == (160, 10, 40)
    assert learnt["domains"][DOMAINS[0]] == {"units": 30, "people": 10}
    assert learnt["until"] == "2026-01-02T03:04:05Z"
    assert (model.facts["base"], model.facts["random_state"]) == ("toy", 3)
    low, high = (model.facts["out_of_fold"]["top_1"][end] for end in ("low", "high"))
    assert 0 <= low <= high <= 1
    for file in (tmp_path / "m").rglob("*"):
        data = file.read_bytes()
        assert not any(word.encode() in data for word in (*CLUES, "word1", "P3", "never"))


def test_the_same_units_give_the_same_model(toy: Encoder, tmp_path: Path) -> None:
    lessons = toy_lessons()
    ids = {
        train(lessons, base=toy_model(), encoder=toy).model.save(tmp_path / place / "m").id
        for place in "ab"
    }
    assert len(ids) == 1


def test_few_units_change_the_base_little_and_many_much() -> None:
    base = toy_model(knows=range(7))
    all_rows = examples(toy_lessons(600, domains=6))
    # What the coders of this study call the first domain, the base calls the second, and so on.
    shifted = np.roll(all_rows.truth[:, :6], 1, axis=1)
    truth = np.hstack([shifted, all_rows.truth[:, 6:]])
    changes = []
    for n in (20, 150, 600):
        head = fit_labels(all_rows.rows[:n], truth[:n], base.domain_head)
        changes.append(float(np.abs(head.coef - base.domain_head.coef).max()))
    assert changes == sorted(changes) and changes[0] * 3 < changes[-1]


def test_a_domain_without_units_keeps_the_base_s_view() -> None:
    base = toy_model(knows=range(7))
    table = examples(toy_lessons(150, domains=3))
    head = fit_labels(table.rows, table.truth, base.domain_head)
    other = examples(Lessons(tuple(toy_lesson(6, n) for n in range(20)), (("a",),)))
    assert (head.predict_proba(other.rows).argmax(axis=1) == 6).mean() > 0.8


def test_without_uncoded_units_none_stays_as_likely() -> None:
    base = toy_model(knows=range(7))
    units = tuple(toy_lesson(n % 4, n) for n in range(150))
    table = examples(Lessons(units, (tuple(one.text for one in units),)))
    head = fit_labels(table.rows, table.truth, base.domain_head)
    before = base.domain_head.predict_proba(table.rows)[:, -1].mean()
    assert head.predict_proba(table.rows)[:, -1].mean() == pytest.approx(before, rel=0.5)
    from_nothing = fit_labels(table.rows, table.truth)
    assert from_nothing.predict_proba(table.rows)[:, -1].max() < 1e-6


def test_a_prior_s_temperature_goes_into_its_coefficients() -> None:
    rng = np.random.default_rng(0)
    prior = Head(rng.normal(size=(3, 4)), rng.normal(size=3), 2.0)
    rows = rng.normal(size=(30, 4))
    head = fit_head(rows, np.eye(3)[np.arange(30) % 3], strength=1e-9, prior=prior)
    assert head.temperature == 1
    np.testing.assert_allclose(head.predict_proba(rows), prior.predict_proba(rows), atol=1e-4)


def test_too_few_directions_keep_the_base_s_head() -> None:
    base = toy_model()
    units = tuple(
        replace(one, domains=tuple((d, None) for d, _ in one.domains))
        for one in toy_lessons().units
    )
    table = examples(Lessons(units, (("a",),)))
    assert fit_heads(table, np.arange(160), base)[1] is base.valence_head
    assert (table.valences == -1).all()


def test_people_are_on_one_side_of_every_split() -> None:
    people = examples(toy_lessons(people=7)).people
    seen = []
    for learn, test in folds(people, 0):
        assert not set(people[learn]) & set(people[test])
        seen += test.tolist()
    assert sorted(seen) == list(range(160))


def test_each_study_is_centred_on_itself() -> None:
    one = toy_lessons(40)
    other = [replace(unit, study=1) for unit in one.units]
    moved = tuple(f"{unit.text} sea sea sea" for unit in one.units)
    both = Lessons(
        (*one.units, *(replace(u, text=t) for u, t in zip(other, moved, strict=True))),
        (one.speech[0], moved),
    )
    rows = examples(both).rows[:, :D]
    assert np.abs(rows[:40].mean(axis=0)).max() < 0.1
    assert np.abs(rows[40:].mean(axis=0)).max() < 0.1


@pytest.mark.parametrize(
    ("lessons", "says"),
    [
        pytest.param(toy_lessons(12), "12 units .* needs 30. Confirm 18 more", id="few units"),
        pytest.param(toy_lessons(60, 1), "from 1 person; 3 are needed", id="one person"),
        pytest.param(toy_lessons(60, 2), "from 2 people; 3 are needed", id="two people"),
        pytest.param(toy_lessons(60, domains=0), "None of the 60", id="none only"),
        pytest.param(
            Lessons(tuple(toy_lesson(1, n) for n in range(40)), (("a",),)),
            "All 40 confirmed units are 'Skills'",
            id="one domain",
        ),
    ],
)
def test_what_teaches_nothing_is_refused_with_what_is_missing(
    lessons: Lessons, says: str, toy: Encoder
) -> None:
    with pytest.raises(InputError, match=says):
        train(lessons, base=toy_model(), encoder=toy)


def test_under_its_gate_a_domain_keeps_the_base_s_threshold_or_a_stricter_one(
    toy: Encoder,
) -> None:
    base = toy_model(knows=range(4))
    few = train(toy_lessons(40), base=base, encoder=toy)
    assert all(cut >= 0.6 for cut in few.model.thresholds.suggest)
    assert len(few.gates) == len(DOMAINS)
    assert f"{DOMAINS[0]}: 10 units from 10 people" in few.gates
    many = train(toy_lessons(300), base=base, encoder=toy)
    assert len(many.gates) == len(DOMAINS) - 4
    assert many.model.thresholds.suggest[0] < 0.6


def test_from_nothing_only_known_domains_are_suggested(
    toy: Encoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Model, "load", lambda _folder=None: toy_model(knows=range(7)))
    trained = train(toy_lessons(300), base=NOTHING, encoder=toy)
    assert trained.model.facts["base"] == NOTHING
    cuts = trained.model.thresholds.suggest
    assert all(cut == 1 for cut in cuts[4:]) and all(cut < 1 for cut in cuts[:4])
    assert trained.figures.top_1.value == pytest.approx(1, abs=0.05)
    assert trained.proba[:, 5].max() < 1e-6


def test_a_base_that_may_know_the_units_is_refused(toy: Encoder) -> None:
    early = toy_lessons(when="2026-01")
    base = train(early, base=toy_model(), encoder=toy).model
    with pytest.raises(InputError, match="may have learnt from 160 of these 160 units"):
        train(early, base=base, encoder=toy)
    later = toy_lessons(when="2026-02")
    assert train(later, base=base, encoder=toy).model.facts["base"] == base.id


def test_nobody_is_calibrated_or_decided_on_by_their_own_codes() -> None:
    rng = np.random.default_rng(0)
    raw = rng.dirichlet(np.full(15, 0.2), size=120)
    truth = np.eye(15, dtype=bool)[raw.argmax(axis=1)][:, :14]
    people = np.array([f"P{n % 6}" for n in range(120)])
    splits = list(folds(people, 0))
    test = splits[0][1]
    other = truth.copy()
    other[test] = np.roll(other[test], 1, axis=1)
    proba, decisions = gating.calibrated(raw, truth, splits, None, ())
    again, anew = gating.calibrated(raw, other, splits, None, ())
    np.testing.assert_array_equal(proba[test], again[test])
    assert [decisions[n] for n in test] == [anew[n] for n in test]
    assert np.abs(proba - again).max() > 0  # the others' are set by them


def test_directions_are_as_sure_as_they_are_right(toy: Encoder) -> None:
    lessons = toy_lessons(300)
    turned = {"barrier": "facilitator", "facilitator": "barrier"}
    odd = tuple(
        replace(one, domains=tuple((d, turned[v or ""]) for d, v in one.domains))  # type: ignore[misc]
        if n % 3 == 0
        else one
        for n, one in enumerate(lessons.units)
    )
    model = train(replace(lessons, units=odd), base=toy_model(), encoder=toy).model
    assert model.valence_head.temperature > 1.2
    assert 0.4 < model.facts["out_of_fold"]["direction"] < 0.75


def test_people_who_say_nothing_with_a_domain_set_no_threshold() -> None:
    nothing, proba = np.zeros((9, 14), dtype=bool), np.full((9, 15), 1 / 15)
    base = toy_model()
    assert gating.thresholds(proba, nothing, base, ()) == base.thresholds
    assert set(gating.thresholds(proba, nothing, None, ()).suggest) == {1.0}


def test_few_uncoded_units_change_no_cut_off_for_them() -> None:
    proba = np.full((200, 15), 0.01)
    proba[:, 0] = 0.86
    truth = np.zeros((200, 14), dtype=bool)
    truth[:180, 0] = True
    base = replace(toy_model(), thresholds=Thresholds(0.8, (0.6,) * 14, 0.2, 0.3))
    few = gating.thresholds(proba, truth, base, ())
    assert (few.ask, few.sure) == (0.2, 0.3)
    truth[170:] = False
    enough = gating.thresholds(proba, truth, base, ())
    assert enough.ask != 0.2 and enough.sure > 0.9


def test_no_units_no_temperature() -> None:
    flat = np.full((4, 15), 1 / 15)
    truth = np.zeros((4, 14), dtype=bool)
    truth[:, 0] = True
    assert 0.9 < gating.temperature(flat, truth) < 1.1


def test_a_folder_with_something_in_it_is_refused(tmp_path: Path) -> None:
    check_folder(tmp_path / "new")
    check_folder(tmp_path)
    (tmp_path / "file").write_text("x")
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    for taken in (tmp_path, tmp_path / "file", tmp_path / "link"):
        with pytest.raises(OutputError, match="there already"):
            check_folder(taken)


def test_figures_are_printed_with_their_interval() -> None:
    assert [str(Figure(None)), str(Figure(0.5)), str(Figure(0.5, 0.25, 0.75))] == [
        "-",
        "0.50",
        "0.50 (0.25 to 0.75)",
    ]
