"""Who is asked what next: the audit, strategies, second coders, leases, filters, advice."""

import json
import re
import shutil
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

from tdfnlp.cli import cli
from tdfnlp.coding import Decision
from tdfnlp.errors import InputError
from tdfnlp.framework import DOMAINS
from tdfnlp.predictions import Predictions
from tdfnlp.queue import Question, advice, next_questions, release
from tdfnlp.queue.desk import audit_rows, double_rows
from tdfnlp.store import Given, Label, Pool, Run, Store
from tdfnlp.transcript import Transcript, Turn, Utterance

PER = 50
"""Passages of each interview."""


def interview(name: str, group: str, count: int = PER) -> tuple[Transcript, list[Utterance]]:
    said = [f"{name} says thing number {place} about the rota" for place in range(count)]
    text, turns, units, start = "\n".join(said), [], [], 0
    for place, words in enumerate(said):
        end = start + len(words)
        turns.append(Turn(start, end, name, "participant"))
        units.append(Utterance(name, start, end, words, place, name, "participant", group))
        start = end + 1
    return Transcript(name, text, tuple(turns), group=group), units


def add(store: Store, names: str, groups: str = "ab") -> None:
    for place, name in enumerate(names):
        transcript, units = interview(name, groups[place % len(groups)])
        store.add_transcripts([transcript], units)


def suggest(store: Store, model: str = "first", seed: int = 0, skipping: int = 0) -> int:
    """Let a model of chance say something on all there is, or on all but the first."""
    ids = store.pool().ids[skipping:].tolist()
    rng = np.random.default_rng(seed)
    proba = rng.dirichlet(np.full(15, 0.2), len(ids))
    decisions: list[Decision] = [
        "abstain" if row[-1] > 0.5 else "suggest" if row[:-1].max() > 0.6 else "ask"
        for row in proba
    ]
    directions = rng.dirichlet(np.ones(4), (len(ids), 14))
    vectors = rng.normal(size=(len(ids), 8)).astype(np.float32)
    run = Run(0, model, "encoder", "codebook", {"suggest": [0.6] * 14}, {})
    return store.add_run(run, ids, Predictions(proba, directions, tuple(decisions), vectors))


def fill(store: Store) -> None:
    add(store, "PQRS")
    suggest(store)


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("filled") / "study.db"
    with Store.open(place) as store:
        fill(store)
    return place


@pytest.fixture
def file(filled: Path, tmp_path: Path) -> Path:
    """A study file of the test's own."""
    return Path(shutil.copy(filled, tmp_path / "study.db"))


@pytest.fixture
def study(file: Path) -> Iterator[Store]:
    with Store.open(file) as opened:
        yield opened


def label(domain: str) -> Label:
    return Label((domain,), domain)


def say(store: Store, coder: str, one: Question, domain: str = "Knowledge") -> None:
    given = Given(one.id, (label(domain),), token=f"{coder} {one.id}", run=one.run)
    store.answer(coder, given)


def skip(store: Store, coder: str, one: Question) -> None:
    store.answer(coder, Given(one.id, skip=True, token=f"{coder} skips {one.id}"))


def work(store: Store, coder: str, count: int, **only: str) -> list[Question]:
    """Ask and answer, some at a time."""
    done: list[Question] = []
    while len(done) < count:
        some = min(10, count - len(done))
        found = next_questions(store, coder=coder, n=some, strategy="margin", **only)  # type: ignore[arg-type]
        if not found:
            break
        given = [
            Given(one.id, (label("Knowledge"),), token=f"{coder} {one.id}", run=one.run)
            for one in found
        ]
        store.answer(coder, *given)
        done += found
    return done


def in_order(pool: Pool) -> list[int]:
    """All utterances in the audit's order."""
    return [int(one) for one in pool.ids[np.argsort(pool.chances)]]


def audited(asked: list[Question]) -> list[int]:
    return [one.id for one in asked if one.strategy == "audit"]


def test_a_question_carries_the_newest_suggestion_and_a_blind_one_none(study: Store) -> None:
    run = suggest(study, "second", seed=1)
    asked = next_questions(study, coder="Ana", n=10)
    assert len({one.id for one in asked}) == 10
    pool = study.pool()
    for one in asked:
        row = int(np.searchsorted(pool.ids, one.id))
        assert study.units([one.id])[0].utterance == one.utterance
        assert one.blind == (one.strategy == "audit")
        if one.blind:
            assert one.suggestion is None and one.run is None
            continue
        assert one.suggestion is not None and one.run == run
        assert one.suggestion.model == "second" and one.suggestion.threshold == 0.6
        assert one.suggestion.domains[0] == DOMAINS[pool.proba[row, :-1].argmax()]
        assert one.suggestion.decision == pool.decisions[row]
        assert one.suggestion.utterance == one.utterance


def test_open_questions_come_again_before_new_ones(store: Store) -> None:
    fill(store)
    first = next_questions(store, coder="Ana", n=3)
    again = next_questions(store, coder="Ana", n=5)
    assert {one.id for one in again[:3]} == {one.id for one in first}
    assert len({one.id for one in again}) == 5
    assert next_questions(store, coder="Ana", n=2) == again[:2]
    assert len(store.assignments("Ana")) == 5


def test_the_same_study_and_state_give_the_same_questions(filled: Path, tmp_path: Path) -> None:
    asked = []
    for name, state in (("one", 0), ("two", 0), ("three", 1)):
        with Store.open(shutil.copy(filled, tmp_path / f"{name}.db")) as store:
            questions = next_questions(
                store, coder="Ana", n=20, strategy="random", random_state=state
            )
            asked.append([(one.id, one.strategy, one.blind) for one in questions])
    assert asked[0] == asked[1]
    assert asked[0] != asked[2]
    assert [one for one in asked[0] if one[2]] == [one for one in asked[2] if one[2]]


def test_the_audit_is_a_fifth_blind_and_the_beginning_of_the_random_order(study: Store) -> None:
    pool, asked = study.pool(), work(study, "Ana", 61)
    order = in_order(pool)
    assert audited(asked) == order[:13]
    assert [place for place, one in enumerate(asked) if one.blind] == list(range(0, 61, 5))
    shares = [one.probability for one in asked if one.blind]
    assert shares == pytest.approx([rank / len(order) for rank in range(1, 14)])
    reserved = set(pool.ids[audit_rows(pool, study.settings())].tolist())
    assert not reserved & {one.id for one in asked if not one.blind}
    stored = study.answers()
    assert [one.utterance for one in stored if one.how == "blind audit"] == order[:13]
    assert {one.strategy for one in stored} == {"audit", "margin"}


def test_nothing_moves_the_audit_from_its_order(study: Store) -> None:
    """Not the strategy, a filter, several coders, skips nor leases that run out."""
    study.configure(double_share=0)
    order = in_order(study.pool())
    asked: list[Question] = []
    ways: tuple[dict[str, Any], ...] = (
        {"strategy": "margin"},
        {"strategy": "typical", "transcript": "Q"},
        {"decision": "abstain"},
        {"strategy": "random", "random_state": 7},
    )
    for turn in range(36):
        coder = ("Ana", "Ben", "Cleo")[turn % 3]
        found = next_questions(study, coder=coder, n=1, **ways[turn % 4])
        for one in found:
            if one.blind and len(audited(asked)) == 4 and coder != "Cleo":
                skip(study, coder, one)  # the next coder whose turn it is gets it
            else:
                say(study, coder, one)
                asked.append(one)
    assert sorted(audited(asked)) == sorted(order[: len(audited(asked))])
    assert len(audited(asked)) >= 6


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_no_audit_or_nothing_else(study: Store, share: float) -> None:
    study.configure(audit_share=share)
    asked = next_questions(study, coder="Ana", n=12)
    assert [one.blind for one in asked] == [share == 1.0] * 12


def test_everything_is_asked_in_the_end_and_what_says_little_last(study: Store) -> None:
    study.configure(double_share=0)
    pool, asked = study.pool(), work(study, "Ana", 1000)
    assert sorted(one.id for one in asked) == pool.ids.tolist()
    decisions = dict(zip(pool.ids.tolist(), pool.decisions.tolist(), strict=True))
    chosen = [decisions[one.id] == "abstain" for one in asked if not one.blind]
    assert chosen == sorted(chosen) and any(chosen)
    assert audited(asked) == in_order(pool)[: len(audited(asked))]
    assert len(audited(asked)) == audit_rows(pool, study.settings()).sum()


def test_two_coders_meet_only_where_two_are_wanted(store: Store) -> None:
    fill(store)
    store.configure(double_share=0.3)
    with ThreadPoolExecutor(4) as threads:
        coders = ["Ana", "Ben", "Cleo", "Dov"]
        asked = list(threads.map(lambda one: next_questions(store, coder=one, n=15), coders))
    times = Counter(one.id for each in asked for one in each)
    double = {one.id for each in asked for one in each if one.double}
    assert {number for number, count in times.items() if count == 2} <= double
    assert max(times.values()) <= 2
    assert sum(map(len, asked)) == 60


def test_second_coders_get_their_share_of_what_others_began(study: Store) -> None:
    study.configure(double_share=0.3)
    pool, settings = study.pool(), study.settings()
    twice = set(pool.ids[double_rows(pool, settings)].tolist())
    first = {one.id: one for one in work(study, "Ana", 60)}
    second = work(study, "Ben", 30)
    both = [one for one in second if one.id in first]
    assert {one.id for one in both} <= twice and all(one.double for one in both)
    assert 6 <= len(both) <= 15  # double in the audit as well
    third = {one.id for one in work(study, "Cleo", 30)}
    assert not third & {one.id for one in both}


def test_who_is_coded_twice_says_nothing_of_the_audit(tmp_path: Path) -> None:
    chances = np.random.default_rng(0).random(20_000)
    nothing = np.zeros((20_000, 15), dtype=np.float32)
    numbers = np.arange(20_000)
    pool = Pool(numbers, numbers, chances, nothing, np.full(20_000, ""))
    with Store.open(tmp_path / "study.db") as store:
        settings = store.settings()
    audit, double = audit_rows(pool, settings), double_rows(pool, settings)
    assert audit.mean() == pytest.approx(0.2, abs=0.01)
    assert double.mean() == pytest.approx(0.1, abs=0.01)
    assert double[audit].mean() == pytest.approx(0.1, abs=0.02)


def test_a_lease_that_ran_out_goes_to_the_next_coder(study: Store) -> None:
    study.configure(lease_minutes=0.0005, double_share=0)
    first = next_questions(study, coder="Ana", n=5)
    time.sleep(0.05)
    assert study.assignments("Ana", pending=True) == ()
    second = next_questions(study, coder="Ben", n=5)
    assert audited(list(first)) == audited(list(second)) != []


def test_what_a_coder_skips_goes_to_another(study: Store) -> None:
    study.configure(double_share=0)
    (one,) = next_questions(study, coder="Ana", n=1)
    skip(study, "Ana", one)
    assert one.id not in {other.id for other in next_questions(study, coder="Ana", n=20)}
    assert next_questions(study, coder="Ben", n=1)[0].id == one.id


def test_released_questions_are_free(study: Store) -> None:
    asked = next_questions(study, coder="Ana", n=4)
    assert release(study, coder="Ana") == 4
    assert release(study, coder="Ana") == 0
    assert next_questions(study, coder="Ben", n=4) == tuple(
        Question(
            one.id,
            one.utterance,
            one.blind,
            one.strategy,
            one.probability,
            one.double,
            again.until,
            one.suggestion,
            one.run,
        )
        for one, again in zip(asked, next_questions(study, coder="Ben", n=4), strict=True)
    )


@pytest.mark.parametrize(
    "only",
    [
        {"transcript": "R"},
        {"group": "b"},
        {"domain": "Knowledge"},
        {"decision": "suggest"},
        {"decision": "abstain"},
        {"group": "a", "decision": "ask", "transcript": None},
    ],
)
def test_a_filter_holds_for_all_but_the_audit(study: Store, only: dict[str, str | None]) -> None:
    asked = next_questions(study, coder="Ana", n=10, **only)  # type: ignore[arg-type]
    assert audited(list(asked))
    rest = [one for one in asked if not one.blind]
    for one in rest:
        said = one.suggestion
        assert said is not None
        facts = {
            "transcript": one.utterance.transcript,
            "group": one.utterance.group,
            "domain": said.domains[0],
            "decision": said.decision,
        }
        assert {key: facts[key] for key, value in only.items() if value} == {
            key: value for key, value in only.items() if value
        }
    assert len(rest) >= 3


def test_open_questions_outside_a_filter_wait(study: Store) -> None:
    asked = next_questions(study, coder="Ana", n=10)
    other = next_questions(study, coder="Ana", n=10, transcript="P")
    waiting = {one.id for one in asked if one.utterance.transcript != "P" and not one.blind}
    assert waiting and not waiting & {one.id for one in other}


def test_a_filter_ends_where_nothing_of_it_is_left(study: Store) -> None:
    done = work(study, "Ana", 200, transcript="P")
    pool = study.pool()
    free = (pool.transcripts == 1) & ~audit_rows(pool, study.settings())
    assert sum(not one.blind for one in done) == free.sum()
    assert len(audited(done)) == pytest.approx(0.2 * len(done), abs=1)
    assert next_questions(study, coder="Ana", n=5, transcript="P") == ()
    assert next_questions(study, coder="Ana", n=5) != ()


def test_imported_codings_spare_questions_but_not_the_audit(study: Store) -> None:
    study.configure(double_share=0)
    pool = study.pool()
    there = in_order(pool)[:20] + pool.ids[150:].tolist()
    study.answer(
        "Eve",
        *(
            Given(one, (label("Skills"),), token=f"import {place}", how="imported")
            for place, one in enumerate(there)
        ),
    )
    asked = work(study, "Ana", 30)
    assert not set(there) & {one.id for one in asked if not one.blind}
    assert audited(asked) == in_order(pool)[:6]
    assert not set(there) & {one.id for one in work(study, "Eve", 30)}


def test_a_study_without_a_model_is_asked_in_random_order(tmp_path: Path) -> None:
    with Store.open(tmp_path / "study.db") as store:
        add(store, "P")
        asked = next_questions(store, coder="Ana", n=10)
        assert {one.strategy for one in asked} == {"audit", "random"}
        assert all(one.suggestion is None and one.run is None for one in asked)
        suggest(store)
        add(store, "Q")
        later = next_questions(store, coder="Ben", n=60)
        without = [one for one in later if one.utterance.transcript == "Q" and not one.blind]
        assert without and all(one.suggestion is None for one in without)


def test_what_no_model_has_seen_covers_nothing(tmp_path: Path) -> None:
    with Store.open(tmp_path / "study.db") as store:
        add(store, "P")
        work(store, "Ana", 3)
        before = store.count()
        add(store, "Q")
        suggest(store, skipping=before)
        asked = next_questions(store, coder="Ben", n=9, strategy="typical")
        chosen = [one.utterance.transcript for one in asked if one.strategy == "typical"]
        assert chosen.count("Q") > 4


def test_an_empty_study_has_no_questions(tmp_path: Path) -> None:
    with Store.open(tmp_path / "study.db") as store:
        assert next_questions(store, coder="Ana", n=3, strategy="typical") == ()
        said = advice(store).sentences
        assert said[0].startswith("No model has suggested") and said[-1].endswith(
            "no passages yet."
        )


def test_new_transcripts_are_caught_up_with_in_the_audit(study: Store) -> None:
    asked = work(study, "Ana", 60)
    add(study, "TU")
    suggest(study)
    reached = max(audited(asked), key=in_order(study.pool()).index)
    before = in_order(study.pool())[: in_order(study.pool()).index(reached)]
    missing = [one for one in before if one not in audited(asked)]
    assert missing
    assert f"{len(missing)} passages stand earlier" in " ".join(advice(study).sentences)
    later = work(study, "Ana", 5 * len(missing))
    assert audited(later)[: len(missing)] == missing
    assert "stand earlier" not in " ".join(advice(study).sentences)


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"n": 0}, "0 questions"),
        ({"strategy": "best"}, "'best'"),
        ({"random_state": -1}, "random state"),
        ({"transcript": "Z"}, "no transcript 'Z'"),
        ({"group": "z"}, "no group 'z'"),
        ({"domain": "Magic"}, "no domain 'Magic'"),
        ({"decision": "perhaps"}, "no decision 'perhaps'"),
        ({"coder": " "}, "needs a name"),
    ],
)
def test_what_cannot_be_asked_is_said(study: Store, wrong: dict[str, object], says: str) -> None:
    with pytest.raises(InputError, match=says):
        next_questions(study, **{"coder": "Ana"} | wrong)  # type: ignore[arg-type]
    assert study.assignments() == ()


def test_a_filter_that_does_not_exist_is_a_type_error(study: Store) -> None:
    with pytest.raises(TypeError, match="colour"):
        next_questions(study, coder="Ana", colour="red")  # type: ignore[call-arg]


def test_advice_at_the_start(study: Store) -> None:
    said = advice(study)
    assert (said.stability, said.precision, said.audited, said.left) == (None, None, 0, 200)
    quiet = int((study.pool().decisions == "abstain").sum())
    assert said.sentences == (
        "There is one model so far: train a second to see whether answers still change it.",
        "No passage was coded blind yet: how often suggestions are right is not known.",
        "No code is confirmed yet.",
        f"200 of 200 passages have no answer; on {quiet} of them the model abstains, and they "
        "come last.",
    )


def test_advice_counts_passages_and_people(study: Store) -> None:
    units = study.units()
    for place in (0, 1, PER, 2 * PER):
        given = Given(units[place].id, (label("Optimism"),), token=str(place))
        study.answer("Ana", given)
    study.answer("Ana", Given(units[5].id, token="none"))
    said = advice(study)
    assert said.units["Optimism"] == 4 and said.participants["Optimism"] == 3
    assert said.units["Skills"] == 0
    assert said.left == 195
    assert "Optimism (4 from 3)" in said.sentences[2]


def test_advice_on_precision_looks_at_the_suggestion_of_the_time(study: Store) -> None:
    pool = study.pool()
    names = [DOMAINS[place] for place in pool.proba[:, :-1].argmax(axis=1)]
    row_of = {number: row for row, number in enumerate(pool.ids.tolist())}
    suggested, right = 0, 0
    study.configure(audit_share=1.0, double_share=0)
    for place, one in enumerate(next_questions(study, coder="Ana", n=60)):
        row = row_of[one.id]
        good = place % 3 > 0
        say(study, "Ana", one, names[row] if good else DOMAINS[DOMAINS.index(names[row]) - 1])
        suggested += pool.decisions[row] == "suggest"
        right += good and pool.decisions[row] == "suggest"
    suggest(study, "second", seed=9)  # says something else on all of them
    said = advice(study)
    assert (said.audited, said.suggested) == (60, suggested)
    assert said.precision is not None
    share, low, high = said.precision
    assert share == pytest.approx(right / suggested)
    assert 0 < low < share < high < 1
    assert f"Of {suggested} suggestions checked blind, {share:.0%} were right" in said.sentences[1]


def test_a_later_look_does_not_change_what_was_said_blind(study: Store) -> None:
    study.configure(audit_share=1.0, double_share=0)
    pool = study.pool()
    suggestions = pool.decisions == "suggest"
    first = None
    while first is None or not suggestions[int(np.searchsorted(pool.ids, first.id))]:
        (first,) = next_questions(study, coder="Ana", n=1)
        row = int(np.searchsorted(pool.ids, first.id))
        wrong = DOMAINS[int(pool.proba[row, :-1].argmax()) - 1]
        say(study, "Ana", first, wrong)
    after = Given(first.id, (label(DOMAINS[int(pool.proba[row, :-1].argmax())]),), token="x", run=1)
    study.answer("Ana", after)
    said = advice(study)
    assert said.precision is not None and said.precision[0] == 0.0
    study.undo("Ana", "back")  # the later one
    study.undo("Ana", "and back")  # the blind one
    assert advice(study).precision is None


def test_the_suggestion_of_the_time_is_that_of_the_first_blind_answer(study: Store) -> None:
    study.configure(audit_share=1.0, double_share=1.0)
    (one,) = next_questions(study, coder="Zoe", n=1)
    row = int(np.searchsorted(study.pool().ids, one.id))
    first = int(study.pool().proba[row, :-1].argmax())
    say(study, "Zoe", one, DOMAINS[first])
    before = advice(study)
    suggest(study, "second", seed=9)  # may have learnt from Zoe
    (again,) = next_questions(study, coder="Ana", n=1)
    assert again.id == one.id and again.blind
    say(study, "Ana", again, DOMAINS[first - 1])
    after = advice(study)
    assert (before.suggested, after.suggested, after.audited) == (1, 1, 1)
    assert before.precision is not None and after.precision is not None
    assert (before.precision[0], after.precision[0]) == (1.0, 0.5)


def test_an_answer_before_the_first_model_says_nothing_of_it(tmp_path: Path) -> None:
    with Store.open(tmp_path / "study.db") as store:
        add(store, "P")
        work(store, "Ana", 6)
        suggest(store)
        assert (advice(store).audited, advice(store).suggested) == (2, 0)


def test_skipped_passages_of_the_audit_are_told(study: Store) -> None:
    (one,) = next_questions(study, coder="Ana", n=1)
    skip(study, "Ana", one)
    work(study, "Ana", 6)
    assert "1 passages of the audit were skipped" in " ".join(advice(study).sentences)


def test_stability_compares_the_two_newest_models(study: Store) -> None:
    suggest(study, "second", seed=0)
    assert advice(study).stability == 1.0
    assert "hardly changes" in advice(study).sentences[0]
    suggest(study, "third", seed=5)
    suggest(study, "third", seed=5)  # the same model again, after new transcripts
    said = advice(study)
    assert said.stability is not None and -0.2 < said.stability < 0.3
    assert "still changes" in said.sentences[0]


def test_stability_needs_passages_that_both_models_know(tmp_path: Path) -> None:
    with Store.open(tmp_path / "study.db") as store:
        empty = np.zeros((0, 15)), np.zeros((0, 14, 4)), (), np.zeros((0, 8), dtype=np.float32)
        run = Run(0, "early", "encoder", "codebook", {}, {})
        store.add_run(run, [], Predictions(*empty))
        add(store, "P")
        suggest(store)
        said = advice(store)
        assert said.stability is None and said.sentences[0].startswith("No passage has suggestions")


def test_a_domain_with_enough_is_not_named(study: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tdfnlp.queue.stopping.ENOUGH", 1)
    monkeypatch.setattr("tdfnlp.queue.stopping.PEOPLE", 1)
    every = tuple(label(domain) for domain in DOMAINS)
    study.answer("Ana", Given(study.units()[0].id, every, token="all"))
    assert advice(study).sentences[2].startswith("Every domain has at least 1")


def run(*arguments: object) -> tuple[int, str]:
    done = CliRunner().invoke(cli, ["queue", *map(str, arguments)])
    return done.exit_code, done.output


def test_the_command_lists_questions_and_advice(file: Path) -> None:
    code, text = run(file, "--coder", "Ana", "-n", 5)
    assert code == 0
    assert len(re.findall(r"^ +\d+  [PQRS]  \[", text, re.M)) == 5
    assert text.count("blind\n") == 1 and "[audit]  blind" in text
    assert "5 questions for Ana." in text and "- No code is confirmed yet." in text
    assert "- There is one model" in text


def test_the_command_gives_json_without_suggestions_on_blind_ones(file: Path) -> None:
    code, text = run(file, "--coder", "Ana", "-n", 6, "--format", "json", "--strategy", "rare")
    asked = json.loads(text)
    assert code == 0 and [one["blind"] for one in asked] == [True, *[False] * 4, True]
    assert asked[0]["suggestion"] is None and asked[0]["run"] is None
    assert len(asked[1]["suggestion"]["domains"]) == 3 and asked[1]["run"] == 1
    assert asked[1]["utterance"]["text"].startswith(asked[1]["utterance"]["transcript"])


def test_the_command_gives_questions_back(file: Path) -> None:
    run(file, "--coder", "Ana", "-n", 4)
    assert run(file, "--coder", "Ana", "--release") == (0, "Given back: 4 questions of Ana.\n")


def test_the_command_shows_a_study_without_a_model(tmp_path: Path) -> None:
    with Store.open(tmp_path / "study.db") as store:
        add(store, "P")
    assert "no suggestion" in run(tmp_path / "study.db", "--coder", "Ana")[1]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--coder", "Ana", "--strategy", "best"], "No query strategy is called 'best'"),
        (["--coder", "Ana", "--group", "z"], "no group 'z'"),
        (["--coder", "Ana", "-n", "0"], "0 questions"),
    ],
)
def test_the_command_says_what_is_wrong(file: Path, arguments: list[str], says: str) -> None:
    code, text = run(file, *arguments)
    assert code == 2 and says in text and text.count("\n") == 1


def test_the_command_makes_no_study(tmp_path: Path) -> None:
    code, text = run(tmp_path / "none.db", "--coder", "Ana")
    assert code == 2 and "none.db" in text
    assert list(tmp_path.iterdir()) == []
