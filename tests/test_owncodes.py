"""Codes of a study's own beside the domains: child codes, and those of another framework."""

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from test_cli import run
from test_model import smuggle
from toys import CLUES, toy_encoder, toy_lesson, toy_lessons, toy_model

import tdfnlp
from tdfnlp import owncodes
from tdfnlp.assessment import evaluate
from tdfnlp.classifier import Head, OwnHead
from tdfnlp.cli.figures import say
from tdfnlp.codebook import Code
from tdfnlp.coding import Coding, Decision, Study
from tdfnlp.confirmed import Lesson, Lessons, learnable
from tdfnlp.embedding import Encoder
from tdfnlp.errors import InputError, ModelError
from tdfnlp.evaluation import UNMEASURED
from tdfnlp.exchange import write
from tdfnlp.fitting import tabulate
from tdfnlp.framework import DOMAINS, VALENCES
from tdfnlp.model import Model
from tdfnlp.predictions import OwnCodes, Predictions
from tdfnlp.promotion import compare
from tdfnlp.retraining import NOTHING, train
from tdfnlp.store import Store
from tdfnlp.transcript import Transcript, Turn, Utterance

NEVER, ALWAYS = "they never do", "they always do"


@pytest.fixture
def toy() -> Encoder:
    return toy_encoder()


def with_children(lessons: Lessons) -> Lessons:
    """Under each domain, a code for "never" and one for "always"."""
    units = tuple(
        replace(one, codes=((one.domains[0][0], NEVER if "never" in one.text else ALWAYS),))
        if one.domains
        else one
        for one in lessons.units
    )
    paths = sorted({path for one in units for path in one.codes})
    return replace(lessons, units=units, codes=tuple(Code(path, path[0]) for path in paths))


def of_another_framework(lessons: Lessons) -> Lessons:
    """The domains under other names, tied to nothing."""
    units = tuple(
        replace(one, domains=(), untied=True, codes=tuple(("CFIR", d) for d, _ in one.domains))
        for one in lessons.units
    )
    paths = sorted({path for one in units for path in one.codes})
    return replace(lessons, units=units, codes=tuple(map(Code, paths)))


def test_child_codes_are_learnt_beside_the_domains(toy: Encoder, tmp_path: Path) -> None:
    lessons = with_children(toy_lessons(600, people=9))
    plain = train(toy_lessons(600, people=9), base=toy_model(knows=[0]), encoder=toy)
    trained = train(lessons, base=toy_model(knows=[0]), encoder=toy)
    np.testing.assert_array_equal(trained.proba, plain.proba)
    own = trained.own
    assert own and len(own.own.codes) == 8 and not own.gates and not own.notes
    assert own.figures.top_1.value is not None and own.usual.top_1.value is not None
    assert own.figures.top_1.value > 0.9 > 0.7 > own.usual.top_1.value > 0.4
    assert own.figures.units == 600 and 470 < own.figures.coded < 490
    assert own.figures.precision.value is not None and own.figures.precision.value > 0.9
    assert own.figures.suggested.value is not None and own.figures.suggested.value > 0.5
    assert len(own.figures.domains) == 8 and own.figures.domains[0].people == 9
    saved = trained.model.save(tmp_path / "m")
    assert saved.own and saved.own.codes == own.own.codes
    found = evaluate(saved, lessons, encoder=toy)
    assert found.own and found.own.top_1.value == 1
    assert replace(found, own=None) == evaluate(saved, toy_lessons(600, people=9), encoder=toy)


def test_the_manifest_has_figures_and_no_code_s_name(toy: Encoder, tmp_path: Path) -> None:
    model = train(with_children(toy_lessons(300)), base=toy_model(), encoder=toy).model
    model.save(tmp_path / "m")
    manifest = (tmp_path / "m" / "manifest.json").read_text("utf-8")
    assert NEVER not in manifest and json.loads(manifest)["format"] == 2
    facts = json.loads(manifest)["facts"]["own_codes"]
    assert [one["code"] for one in facts["codes"]] == list(range(8))
    assert {"units", "people", "f1", "precision", "recall"} < set(facts["codes"][0])
    assert facts["out_of_fold"]["top_1"]["low"] <= facts["out_of_fold"]["top_1"]["value"]
    assert set(facts["most_frequent"]) == {"top_1", "top_3"}
    book = json.loads((tmp_path / "m" / "codebook.json").read_text("utf-8"))
    assert {"path": [DOMAINS[0], ALWAYS], "domain": DOMAINS[0]} in book["own"]
    assert len(json.loads((tmp_path / "m" / "thresholds.json").read_text("utf-8"))["own"]) == 8


def test_codes_that_read_the_same_are_told_apart(toy: Encoder) -> None:
    lessons = with_children(toy_lessons(300))
    new: dict[tuple[str, ...], tuple[str, ...]] = dict(
        zip((one.path for one in lessons.codes), (("a > b",), ("a", "b")), strict=False)
    )
    lessons = replace(
        lessons,
        units=tuple(
            replace(one, codes=tuple(new.get(path, path) for path in one.codes))
            for one in lessons.units
        ),
        codes=tuple(Code(new.get(one.path, one.path)) for one in lessons.codes),
    )
    own = train(lessons, base=toy_model(), encoder=toy).own
    assert own and [one["code"] for one in own.facts()["codes"]] == list(range(8))
    assert [one.domain for one in own.figures.domains[:2]] == ['"a > b"', "a > b"]


def test_it_is_said_which_codes_of_a_base_are_left(toy: Encoder) -> None:
    old = replace(toy_model(), own=OwnHead(CODES, Head(np.ones((3, 96)), np.zeros(3)), (0.6, 2.0)))
    for lessons in (toy_lessons(160), with_children(toy_lessons(300))):
        trained = train(lessons, base=old, encoder=toy)
        assert any(note.startswith("2 codes of your own that toy knows") for note in trained.notes)
    knows = train(with_children(toy_lessons(300)), base=toy_model(), encoder=toy).model
    base = replace(knows, facts={})
    assert train(with_children(toy_lessons(300)), base=base, encoder=toy).notes == ()


def test_units_that_say_nothing_of_domains_are_not_said_to_have_one(
    toy: Encoder, capsys: pytest.CaptureFixture[str]
) -> None:
    trained = train(of_another_framework(toy_lessons(300)), base=toy_model(), encoder=toy)
    say(trained, compare(trained))
    assert "of 10 people (300 that say nothing of domains). Checked" in capsys.readouterr().out


def test_a_model_without_own_codes_is_written_as_before(toy: Encoder, tmp_path: Path) -> None:
    train(toy_lessons(), base=toy_model(), encoder=toy).model.save(tmp_path / "m")
    folder = tmp_path / "m"
    assert json.loads((folder / "manifest.json").read_text("utf-8"))["format"] == 1
    assert "own" not in (folder / "codebook.json").read_text("utf-8")
    assert Model.load(folder).own is None and Model.load().own is None


def test_a_code_under_its_gate_is_shown_and_never_suggested(toy: Encoder) -> None:
    lessons = with_children(toy_lessons(200))  # 20 units each
    own = train(lessons, base=toy_model(), encoder=toy).own
    assert own and set(own.own.suggest) == {2.0} and own.figures.suggested.value == 0
    assert f"{DOMAINS[0]} > {NEVER}: 20 units from 5 people" in own.gates


def test_codes_under_their_gate_are_listed(
    toy: Encoder, capsys: pytest.CaptureFixture[str]
) -> None:
    trained = train(with_children(toy_lessons(200)), base=toy_model(), encoder=toy)
    say(trained, compare(trained))
    text = capsys.readouterr().out
    assert "8 codes of your own, checked in the same way:" in text
    listed = text.split("Codes are suggested from 25 units of 8 people on;")[1]
    assert f"{DOMAINS[0]} > {NEVER}: 20 units from 5 people" in listed


def test_rare_codes_are_named_and_not_learnt(toy: Encoder) -> None:
    lessons = with_children(toy_lessons(300))
    odd, even = ("Odd",), ("Even", "of one person")
    place = next(n for n, one in enumerate(lessons.units) if one.domains)
    person = lessons.units[place].person
    units = tuple(
        replace(
            one,
            codes=(*one.codes, *[odd] * (n == place), *[even] * (one.person == person)),
        )
        for n, one in enumerate(lessons.units)
    )
    lessons = Lessons(units, lessons.speech, codes=(*lessons.codes, Code(odd), Code(even)))
    own = train(lessons, base=toy_model(), encoder=toy).own
    assert own and len(own.own.codes) == 8
    assert own.notes[0].startswith("2 codes of your own were not learnt, because that takes 5")
    assert (
        "Odd: 1 units from 1 person; Even > of one person: 30 units from 1 person." in own.notes[0]
    )


def test_it_is_said_that_no_own_code_was_learnt(toy: Encoder) -> None:
    lessons, odd = toy_lessons(160), ("Odd",)
    units = tuple(replace(one, codes=(odd,) * (n < 4)) for n, one in enumerate(lessons.units))
    trained = train(
        replace(lessons, units=units, codes=(Code(odd),)), base=toy_model(), encoder=toy
    )
    assert trained.own is None
    (note,) = trained.notes
    assert note.startswith("1 codes of your own were not learnt") and "Odd: 4 units" in note


def test_a_code_starts_from_its_domain_of_the_base(
    toy: Encoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(owncodes, "STRENGTH", 1e-9)
    monkeypatch.setattr(owncodes, "_FEW", 1e9)
    base = toy_model(knows=range(4))
    lessons = with_children(toy_lessons(300))
    rows = tabulate(lessons, base, toy).rows
    model = train(lessons, base=base, encoder=toy).model
    assert model.own
    proba = replace(model.own.head, temperature=1.0).predict_proba(rows)[:, :-1]
    proba /= proba.sum(axis=1, keepdims=True)
    order = [DOMAINS.index(one.path[0]) for one in model.own.codes[::2]]
    domains = base.domain_head.predict_proba(rows)[:, order]
    domains /= domains.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(proba[:, ::2] + proba[:, 1::2], domains, atol=0.02)


def test_another_framework_leaves_domains_as_they_were(toy: Encoder, tmp_path: Path) -> None:
    base = toy_model(knows=range(4))
    lessons = of_another_framework(toy_lessons(600))
    trained = train(lessons, base=base, encoder=toy)
    model = trained.model
    assert model.domain_head is base.domain_head and model.valence_head is base.valence_head
    assert model.thresholds is base.thresholds and model.mean is base.mean
    assert trained.figures == UNMEASURED and "out_of_fold" not in model.facts
    assert trained.notes[0].startswith("Domains and directions are those of toy, unchanged.")
    assert trained.own and trained.own.figures.top_1.value is not None
    assert trained.own.figures.top_1.value > 0.9
    assert model.facts["learnt"]["units"] == 600 and model.facts["learnt"]["uncoded"] == 0
    found = evaluate(model, lessons, encoder=toy)
    assert found.units == 0 and found.own and found.own.units == 600
    compared = compare(trained)
    assert compared.verdict.promote and "suggested as before" in compared.verdict.sentence
    other = compare(trained, toy_model(knows=[2]))
    assert not other.verdict.promote and "unlike the one in use" in other.verdict.sentence
    assert model.save(tmp_path / "m").own


def test_codes_of_the_model_in_use_are_not_lost_unsaid(toy: Encoder) -> None:
    base, lessons = toy_model(knows=range(4)), of_another_framework(toy_lessons(600))
    trained = train(lessons, base=base, encoder=toy)
    few = train(of_another_framework(toy_lessons(160)), base=base, encoder=toy)
    kept = compare(few, trained.model).verdict
    assert not kept.promote and "learnt from 600 units, this one from 160" in kept.sentence
    assert compare(trained, few.model).verdict.promote
    other = replace(trained.model, own=OwnHead(CODES, Head(np.ones((3, 96)), np.zeros(3)), (2, 2)))
    kept = compare(trained, other).verdict
    assert not kept.promote and "2 codes that the one in use knows are not in it" in kept.sentence
    told = train(toy_lessons(160), base=base, encoder=toy)
    rival = replace(base, own=other.own)
    assert "2 codes of your own that toy knows are not in it." in compare(told, rival).notes


def test_what_nobody_tied_teaches_no_domain(toy: Encoder) -> None:
    told, untied = toy_lessons(160), of_another_framework(toy_lessons(160, people=7))
    both = Lessons((*told.units, *untied.units), told.speech, codes=untied.codes)
    plain, mixed = (train(one, base=toy_model(), encoder=toy) for one in (told, both))
    np.testing.assert_allclose(mixed.proba, plain.proba)
    assert len(mixed.lessons.units) == 160 and mixed.model.facts["learnt"]["uncoded"] == 40
    assert mixed.own and mixed.own.figures.units == 320


def test_a_study_without_own_codes_is_no_example_of_none(toy: Encoder) -> None:
    coded = with_children(toy_lessons(300))
    other = tuple(replace(one, study=1) for one in toy_lessons(100).units)
    both = replace(coded, units=(*coded.units, *other), speech=(*coded.speech, coded.speech[0]))
    own = train(both, base=toy_model(), encoder=toy).own
    assert own and own.figures.units == 300


def test_from_nothing_and_without_a_unit_that_has_none(toy: Encoder) -> None:
    lessons = of_another_framework(toy_lessons(300))
    coded = replace(lessons, units=tuple(one for one in lessons.units if one.codes))
    for base in (NOTHING, None):
        start = toy_model(knows=range(4))
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Model, "load", lambda _folder=None, start=start: start)
            trained = train(coded, base=base, encoder=toy)
        assert trained.own and trained.own.figures.right.value is not None
        assert trained.own.figures.right.value > 0.9
        none = trained.own.raw[:, -1].mean()
        assert none < 1e-8 if base else none > 1e-6  # as likely as the base takes it to be


def _one_code(number: int) -> Lessons:
    """Units of which so many have the one code there is."""
    lessons = toy_lessons(40)
    units = tuple(
        replace(one, domains=(), untied=True, codes=(("Only",),) * (n < number))
        for n, one in enumerate(lessons.units)
    )
    return replace(lessons, units=units, codes=(Code(("Only",)),))


@pytest.mark.parametrize(
    ("lessons", "says"),
    [
        pytest.param(_one_code(40), "None of the 40 .* Of codes of your own, two", id="one on all"),
        pytest.param(_one_code(4), "None of the 40", id="too few"),
        pytest.param(of_another_framework(toy_lessons(20)), "20 units", id="few units"),
        pytest.param(of_another_framework(toy_lessons(60, 2)), "from 2 people", id="few people"),
    ],
)
def test_too_few_codes_are_refused_with_what_is_missing(
    lessons: Lessons, says: str, toy: Encoder
) -> None:
    with pytest.raises(InputError, match=says):
        train(lessons, base=toy_model(), encoder=toy)


def test_one_code_and_units_without_it_are_enough(toy: Encoder) -> None:
    own = train(_one_code(20), base=toy_model(), encoder=toy).own
    assert own and [one.path for one in own.own.codes] == [("Only",)]


def test_few_tied_units_leave_domains_to_the_base(toy: Encoder) -> None:
    lessons = of_another_framework(toy_lessons(160))
    some = tuple(toy_lesson(n % 3, n) for n in range(10))
    trained = train(replace(lessons, units=(*lessons.units, *some)), base=toy_model(), encoder=toy)
    assert "Of only 10 of the 170 confirmed units" in trained.notes[0]
    assert trained.own and trained.own.figures.units == 170


def test_fine_tuning_goes_by_domains(toy: Encoder) -> None:
    lessons = of_another_framework(toy_lessons(160))
    with pytest.raises(InputError, match=r"Fine-tuning goes by domains.* Or train without it"):
        train(lessons, base=toy_model(), encoder=toy, fine_tune=True)


def test_after_fine_tuning_people_kept_from_it_are_measured(toy: Encoder) -> None:
    lessons = with_children(toy_lessons(600))
    trained = train(lessons, base=toy_model(), encoder=toy)
    examples = tabulate(lessons, toy_model(), toy)
    assert trained.own
    again = owncodes.relearn(trained.own, examples, [f"P{n}" for n in range(7)])
    assert again.figures.people == 3 and again.figures.units == 180
    assert again.figures.top_1.value is not None and again.figures.top_1.value > 0.9
    assert again.own.suggest == trained.own.own.suggest
    np.testing.assert_allclose(again.own.head.coef, trained.own.own.head.coef)
    assert owncodes.relearn(trained.own, examples, ["nobody"]).figures == UNMEASURED


def test_nobody_is_calibrated_by_their_own_codes(toy: Encoder) -> None:
    lessons = with_children(toy_lessons(600))
    own = train(lessons, base=toy_model(), encoder=toy).own
    assert own
    known, apart = np.arange(400), np.arange(400, 600)
    before = owncodes._calibrated(own.task, own.raw, known)
    turned = replace(own.task, truth=own.task.truth.copy())
    turned.truth[apart] = np.roll(turned.truth[apart], 1, axis=1)
    assert owncodes._calibrated(turned, own.raw, known) == before
    turned.truth[known] = False
    assert set(owncodes._calibrated(turned, own.raw, known)[1]) == {2.0}


CODES = (Code(("Skills", "slow"), "Skills"), Code(("Culture",)))


@pytest.mark.parametrize(
    ("proba", "decision", "said"),
    [
        ((0.7, 0.1, 0.2), "suggest", True),
        ((0.7, 0.1, 0.2), "ask", True),
        ((0.7, 0.1, 0.2), "abstain", False),  # its domain is not there
        ((0.5, 0.1, 0.4), "suggest", False),  # under its cut-off
        ((0.1, 0.45, 0.44), "abstain", True),  # of no domain
        ((0.1, 0.42, 0.48), "suggest", False),  # none of them is likelier
    ],
)
def test_when_a_code_is_suggested(proba: Sequence[float], decision: Decision, said: bool) -> None:
    own = OwnCodes(CODES, np.array([proba]), (0.6, 0.4))
    valences = np.ones((1, len(DOMAINS), len(VALENCES)))
    found = Predictions(
        np.full((1, 15), 1 / 15), valences, (decision,), np.zeros((1, 4), dtype=np.float32), own
    )
    (one,) = found.suggestions([Utterance("T", 0, 1, "a", 0)], "m", [0.5] * 14)
    top = int(np.argmax(proba[:2]))
    assert one.code == CODES[top].path and one.code_confidence == pytest.approx(proba[top])
    assert one.code_suggested is said
    (plain,) = replace(found, own=None).suggestions([Utterance("T", 0, 1, "a", 0)], "m", [1] * 14)
    assert (plain.code, plain.code_confidence, plain.code_suggested) == ((), 0, False)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    head = Head(np.ones((3, 96)), np.zeros(3), 1.5)
    replace(toy_model(), own=OwnHead(CODES, head, (0.6, 2.0))).save(tmp_path / "m")
    return tmp_path / "m"


def test_what_is_saved_of_own_codes_is_what_is_loaded(folder: Path) -> None:
    own = Model.load(folder).own
    assert own and (own.codes, own.suggest, own.head.temperature) == (CODES, (0.6, 2.0), 1.5)


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("codebook.json", lambda it: it.pop("own")),
        ("codebook.json", lambda it: it.update(own=[])),
        ("codebook.json", lambda it: it.update(own=3)),
        ("codebook.json", lambda it: it["own"].pop()),
        ("codebook.json", lambda it: it["own"][0].update(path=[])),
        ("codebook.json", lambda it: it["own"][0].update(path=[1])),
        ("codebook.json", lambda it: it["own"][0].update(path=["Culture"])),
        ("codebook.json", lambda it: it["own"][0].update(domain="Kettles")),
        ("thresholds.json", lambda it: it.pop("own")),
        ("thresholds.json", lambda it: it.update(own=["x", "y"])),
        ("thresholds.json", lambda it: it["own"].append(0.5)),
    ],
)
def test_own_codes_that_do_not_fit_are_refused(
    folder: Path, name: str, change: Callable[[dict[str, object]], object]
) -> None:
    content = json.loads((folder / name).read_text("utf-8"))
    change(content)
    smuggle(folder, name, json.dumps(content).encode())
    with pytest.raises(ModelError, match=r"codebook\.json|thresholds\.json"):
        Model.load(folder)


def test_an_own_head_of_another_size_or_an_altered_file_is_refused(folder: Path) -> None:
    with np.load(folder / "head.npz") as stored:
        arrays = dict(stored)
    np.savez(folder / "head.npz", **arrays | {"own_coef": arrays["own_coef"][1:]})
    data = (folder / "head.npz").read_bytes()
    with pytest.raises(ModelError, match="damaged or altered"):
        Model.load(folder)
    smuggle(folder, "head.npz", data)
    with pytest.raises(ModelError, match=r"head\.npz cannot be read"):
        Model.load(folder)


SAID = {
    ("Knowledge", "does not know the kettle"): "Nobody told us where the kettle number {} stands.",
    ("Knowledge", "does not know the ladder"): "We were not told how high ladder {} may go.",
    ("Emotion", "afraid of magnets"): "I am frightened when magnet {} falls down.",
    (): "It rained on day {}, as it does.",
}
CFIR = {path: ("CFIR", "Inner setting", path[1].title()) for path in SAID if path}
PEOPLE = 9


def project(place: Path, names: Callable[[tuple[str, ...]], tuple[str, ...]]) -> Path:
    """A coded project in which each code is on four passages of each person."""
    transcripts, codings = [], []
    for number in range(PEOPLE):
        text, turns = "", []
        for line in range(16):
            path = [*SAID][line % 4]
            words = SAID[path].format(line + 16 * number)
            turns.append(Turn(len(text) + 3, len(text) + 3 + len(words), "P", "participant"))
            text += f"P: {words}\n"
            if path:
                span = (turns[-1].start, turns[-1].end)
                codings.append(Coding(f"T{number}", *span, names(path), "Ana"))
        transcripts.append(Transcript(f"T{number}", text, tuple(turns)))
    write(place, Study(tuple(transcripts), tuple(codings)))
    return place


def test_child_codes_from_a_project_to_suggestions(tmp_path: Path) -> None:
    coded = project(tmp_path / "coded.qdpx", lambda path: path)
    code, text = run("train", coded, "--complete", "-o", tmp_path / "mine")
    assert code == 0, text
    domains, own = text.split("3 codes of your own, checked in the same way:")
    assert "right domain first" in domains and "right code first" not in domains
    assert "Knowledge > does not know the kettle (36 units, 9 people)" in own
    assert 'right, "no code" included' in own and "the most frequent" in own

    code, text = run("suggest", coded, "--model", tmp_path / "mine", "-o", tmp_path / "out.jsonl")
    assert code == 0, text
    rows = [json.loads(one) for one in (tmp_path / "out.jsonl").read_text("utf-8").splitlines()]
    kettles = [one for one in rows if "kettle" in one["text"]]
    assert {one["code"] for one in kettles} == {"Knowledge > does not know the kettle"}
    suggested = sum(one["code_decision"] == "suggest" for one in kettles)
    assert suggested > 0.8 * len(kettles)
    own = text.split("Codes of your own:")[1]
    assert f" {suggested}  Knowledge > does not know the kettle" in own
    assert all(0.5 < one["code_confidence"] <= 1 for one in kettles)
    assert {one["code_decision"] for one in rows if "rained" in one["text"]} == {"ask"}

    run("suggest", coded, "--model", tmp_path / "mine", "-o", tmp_path / "out.qdpx")
    names = {one.code[1:] for one in tdfnlp.read(tmp_path / "out.qdpx").codings}
    assert ("Emotion (suggested)", "afraid of magnets (suggested)") in names

    code, text = run("evaluate", tmp_path / "mine", coded, "--complete")
    assert code == 0 and "Codes of your own:" in text and "right code first" in text


def test_another_framework_from_a_project_to_suggestions(tmp_path: Path) -> None:
    coded = project(tmp_path / "coded.qdpx", CFIR.__getitem__)
    code, text = run("train", coded, "--complete", "-o", tmp_path / "cfir")
    assert code == 0, text
    assert "right domain first" not in text and "right code first" in text
    assert "Domains and directions are those of default-" in text
    assert "domains are suggested as before" in text
    one, base = Model.load(tmp_path / "cfir"), Model.load()
    np.testing.assert_array_equal(one.domain_head.coef, base.domain_head.coef)

    run("suggest", coded, "--model", tmp_path / "cfir", "-o", tmp_path / "out.csv")
    run("suggest", coded, "-o", tmp_path / "plain.csv")
    header, *rows = (tmp_path / "out.csv").read_text("utf-8-sig").splitlines()
    assert header.endswith(",model,code,code_confidence,code_decision")
    magnets = [row for row in rows if "magnet" in row]
    assert all("CFIR > Inner setting > Afraid Of Magnets," in row for row in magnets)
    assert all(row.endswith(",suggest") for row in magnets)
    plain = (tmp_path / "plain.csv").read_text("utf-8-sig").splitlines()[1:]
    assert all(row.endswith(",,") for row in plain)
    same = [row.split(",default-")[0] for row in plain]
    assert [row.split(",cfir-")[0] for row in rows] == same

    code, text = run("evaluate", tmp_path / "cfir", coded, "--complete")
    assert code == 0 and "right domain first" not in text and "right code first" in text
    code, text = run("evaluate", "fast", coded, "--complete")
    assert code == 0 and "Nothing to measure: no unit has a domain, or a code" in text
    other = project(tmp_path / "other.qdpx", lambda path: path[:1])
    code, text = run("evaluate", tmp_path / "cfir", other)
    assert code == 0 and "No unit has a code of your own that this model knows." in text
    code, text = run("models", tmp_path)
    assert code == 0 and "144 units, 9 people" in text


def test_a_study_file_of_another_framework_gets_its_model(tmp_path: Path) -> None:
    coded, study = project(tmp_path / "coded.qdpx", CFIR.__getitem__), tmp_path / "study.db"
    assert run("import", study, coded, "--complete")[0] == 0
    code, text = run("train", study, "-o", tmp_path / "cfir")
    assert code == 0, text
    assert "Domains and directions are those of default-" in text and "In use: cfir-" in text
    with Store.open(study) as store:
        said = store.predictions([one.id for one in store.units()])
    assert said and said.own and [one.path for one in said.own.codes] == sorted(CFIR.values())
    assert said.own.suggested(said.decisions).sum() == 3 * 4 * PEOPLE
    code, text = run("train", study, "-o", tmp_path / "again")
    assert code == 0 and "In use: again-" in text


def test_lessons_of_a_person_may_have_several_codes(toy: Encoder) -> None:
    lessons = of_another_framework(toy_lessons(300))
    both = ("CFIR", "both")
    units = tuple(
        replace(one, codes=(*one.codes, both)) if CLUES[1] in one.text else one
        for one in lessons.units
    )
    found = Lessons(units, lessons.speech, codes=(*lessons.codes, Code(both)))
    own = train(found, base=toy_model(), encoder=toy).own
    assert own and own.figures.top_1.value is not None and own.figures.top_1.value > 0.9
    assert len(learnable(found)) == 5
    labels = owncodes.code_labels(found, own.own.codes)
    assert labels.sum(axis=1).max() == 2


def test_a_lesson_without_letters_has_no_code() -> None:
    from tdfnlp.predicting import classify

    head = Head(np.zeros((3, 96)), np.array([3.0, 0, 0]))
    model = replace(toy_model(), own=OwnHead(CODES, head, (0.6, 0.6)))
    units = [Utterance("T", 0, 3, "...", 0), Utterance("T", 4, 7, "yes", 1)]
    vectors = np.ones((2, 48), dtype=np.float32)
    own = classify(units, model, vectors, np.zeros_like(vectors)).own
    assert own and own.proba[0].tolist() == [0, 0, 1] and own.proba[1, 0] > 0.9


def test_a_lesson_has_no_codes_unless_said() -> None:
    one = Lesson("a", "", "P", ())
    assert (one.codes, one.untied) == ((), False)
