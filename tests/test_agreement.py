"""Agreement of coders and of the machine, on studies made up so that the figures are known."""

import json
from collections.abc import Sequence
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import openpyxl
import pandas as pd
import pytest
from click.testing import CliRunner
from sklearn.metrics import cohen_kappa_score, f1_score

import tdfnlp
from tdfnlp.agreement import Agreement, Audit, Comparison, Estimate, agree
from tdfnlp.agreement.audit import Sample, audit, sample
from tdfnlp.cli import cli
from tdfnlp.errors import InputError
from tdfnlp.framework import DOMAINS, VALENCES, Valence
from tdfnlp.predictions import Predictions
from tdfnlp.store import Given, Label, Pool, Run, Store, Wanted
from tdfnlp.transcript import Transcript, Turn, Utterance

K, S, R = DOMAINS[0], DOMAINS[1], DOMAINS[2]
NONE = len(DOMAINS)
Bools = npt.NDArray[np.bool_]
TOKENS = count()


def fill(store: Store, people: int = 4, each: int = 5, prefix: str = "t") -> list[int]:
    """Put transcripts of one speaker each into a study; give the numbers of their passages."""
    sources, units = [], []
    for person in range(people):
        name, text = f"{prefix}{person}", " ".join(f"word{place:04d}" for place in range(each))
        text = f"{name:8s} {text}"
        spans = [(9 + 9 * place, 17 + 9 * place) for place in range(each)]
        turns = tuple(Turn(*span, f"P{person}", "participant") for span in spans)
        sources.append(Transcript(name, text, turns))
        units += [
            Utterance(name, a, b, text[a:b], turn, f"P{person}", "participant")
            for turn, (a, b) in enumerate(spans)
        ]
    store.add_transcripts(sources, units)
    return [one.id for one in store.units() if one.utterance.transcript.startswith(prefix)]


def suggest(
    store: Store, ids: Sequence[int], says: Sequence[tuple[str, int]], made: str = ""
) -> int:
    """Add a run that decides so, with such a first domain (NONE for none at all)."""
    n = len(ids)
    proba = np.full((n, NONE + 1), 0.01, dtype=np.float32)
    proba[np.arange(n), [first for _, first in says]] = 0.86
    valences = np.tile(np.eye(4, dtype=np.float32)[VALENCES.index("barrier")], (n, NONE, 1))
    decisions = tuple(decision for decision, _ in says)
    vectors = np.zeros((n, 2), dtype=np.float32)
    run = Run(0, "model", "encoder", "hash", {}, {}, made)
    return store.add_run(run, ids, Predictions(proba, valences, decisions, vectors))  # type: ignore[arg-type]


def say(number: int, *domains: str, valence: Valence | None = None, **more: Any) -> Given:
    labels = tuple(Label((one,), one, valence) for one in domains)
    return Given(number, labels, token=f"{next(TOKENS)}", **more)


def blind(store: Store, coder: str, number: int, *domains: str, **more: Any) -> None:
    wanted = [Wanted(number, blind=True, strategy="audit", probability=0.1, slots=3)]
    assert store.assign(coder, wanted, 1)
    store.answer(coder, say(number, *domains, **more))


def row(
    result: Agreement,
    *between: str,
    domain: str | None = None,
    kind: str = "independent",
    against: str = "",
) -> Comparison:
    wanted = (between, domain, kind, against)
    (found,) = [
        one
        for one in result.comparisons
        if (one.between, one.domain, one.kind, one.against) == wanted
    ]
    return found


@pytest.fixture
def study(tmp_path: Path) -> Store:
    return Store.open(tmp_path / "study.db")


def test_two_coders_by_hand(store: Store) -> None:
    """On SQLite and PostgreSQL."""
    ids = fill(store)
    first = [K, K, K, S, S, R, "", "", "", ""] + [K] * 5
    second = [K, K, S, S, S, R, "", "", K, R]
    store.answer(
        "Ana", *[say(one, *filter(None, [code])) for one, code in zip(ids, first, strict=False)]
    )
    store.answer(
        "Ben", *[say(one, *filter(None, [code])) for one, code in zip(ids, second, strict=False)]
    )
    found = row(tdfnlp.agree(store), "Ana", "Ben")
    assert (found.passages, found.participants, found.used) == (10, 2, 6 + 8)
    assert found.observed.value == pytest.approx(0.7)
    assert found.kappa.value == pytest.approx(cohen_kappa_score(first[:10], second))
    assert found.pabak.value is None
    # Uses both share: 2 K, 2 S, 1 R; uses of one alone: K and S, K, R.
    assert found.positive.value == pytest.approx(10 / (10 + 4))
    one = row(agree(store), "Ana", "Ben", domain=K)
    assert one.used == 6
    has = [[code == K for code in side[:10]] for side in (first, second)]
    assert one.positive.value == pytest.approx(f1_score(*has)) == pytest.approx(4 / 6)
    assert one.kappa.value == pytest.approx(cohen_kappa_score(*has))
    assert one.observed.value == 0.8 and one.pabak.value == pytest.approx(0.6)
    # Gwet: prevalence .3, chance .42.
    assert one.ac1.value == pytest.approx((0.8 - 0.42) / 0.58)
    none = row(agree(store), "Ana", "Ben", domain="no domain")
    assert none.positive.value == pytest.approx(4 / 6)
    with pytest.raises(ValueError, match="not enough values"):
        row(agree(store), "Ana", "Ben", domain=DOMAINS[9])  # nobody used it


def test_sets_that_overlap_count_in_part(study: Store) -> None:
    ids = fill(study)
    study.answer("Ana", *[say(one, K, S) for one in ids[:4]], *[say(one, R) for one in ids[4:8]])
    study.answer("Ben", *[say(one, K) for one in ids[:4]], *[say(one, R) for one in ids[4:8]])
    found = row(agree(study), "Ana", "Ben")
    values = [one.value for one in (found.alpha, found.alpha_masi, found.alpha_jaccard)]
    assert all(value is not None for value in values)
    assert values == sorted(values, key=lambda value: value or 0)
    assert len(set(values)) == 3
    assert found.observed.value == 0.5


def test_a_code_outside_the_framework_is_no_domain(study: Store) -> None:
    ids = fill(study)
    outside = (Label(("Funding",), None),)
    study.answer("Ana", *[Given(one, outside, token=f"a{one}") for one in ids[:3]], say(ids[3], K))
    study.answer("Ben", *[say(one) for one in ids[:3]], say(ids[3], K))
    found = row(agree(study), "Ana", "Ben")
    assert (found.observed.value, found.kappa.value, found.used) == (1, 1, 2)


def test_answers_after_a_suggestion_stand_apart(study: Store) -> None:
    ids = fill(study)
    run = suggest(study, ids, [("suggest", 0)] * len(ids))
    for number in ids[:6]:
        blind(study, "Ana", number, S)
        study.answer("Ana", say(number, K, run=run))  # seen afterwards, and persuaded
        study.answer("Ben", say(number, S))
    study.answer("Ben", say(ids[6], K, run=run), say(ids[7], K))
    study.answer("Ana", say(ids[6], K), say(ids[7], K))
    result = agree(study)
    alone = row(result, "Ana", "Ben")
    assert (alone.passages, alone.observed.value) == (7, 1)
    seen = row(result, "Ana", "Ben", kind="seen")
    assert seen.passages == 7 and seen.observed.value == pytest.approx(1 / 7)
    with_machine = row(result, "Ben", "machine", kind="seen", against="newest run")
    assert with_machine.passages == 1
    assert any("report the independent answers" in one for one in result.sentences())


def test_what_comes_after_seeing_is_never_independent_again(study: Store) -> None:
    ids = fill(study)
    run = suggest(study, ids, [("suggest", 0)] * len(ids))
    study.answer("Ana", say(ids[0], K, run=run))
    study.undo("Ana", "undone")
    study.answer("Ana", say(ids[0], S))  # she has seen it, undone or not
    study.answer("Ben", say(ids[0], S), say(ids[1], S, skip=True), say(ids[2], K))
    study.answer("Ana", say(ids[1], S), say(ids[2], S, how="adjudication"))
    result = agree(study)
    assert [one.kind for one in result.overall(kind="seen")][:1] == ["seen"]
    assert not [one for one in result.overall() if one.between == ("Ana", "Ben")]
    assert row(result, "Ana", "Ben", kind="seen").passages == 1


def test_directions(study: Store) -> None:
    ids = fill(study)
    given: list[tuple[Valence | None, Valence | None]] = [
        ("barrier", "barrier"),
        ("barrier", "facilitator"),
        ("facilitator", "facilitator"),
        ("mixed", None),
    ]
    for number, (one, other) in zip(ids, given, strict=False):
        study.answer("Ana", say(number, K, valence=one))
        study.answer("Ben", say(number, K, valence=other))
    both = (Label((K, "a"), K, "barrier"), Label((K, "b"), K, "facilitator"))
    study.answer("Ana", Given(ids[4], both, token=f"a{ids[4]}"))
    study.answer("Ben", say(ids[4], K, valence="mixed"))
    found = row(agree(study), "Ana", "Ben")
    assert found.directions == 4 and found.direction.value == 0.75
    sides = [["b", "b", "f", "m"], ["b", "f", "f", "m"]]
    assert found.direction_kappa.value == pytest.approx(cohen_kappa_score(*sides))
    assert row(agree(study), "Ana", "Ben", domain=K).direction.value == 0.75
    assert found.kappa.value is None  # one category only
    assert str(found.kappa) == "undefined"


def test_three_coders_have_a_row_together(study: Store) -> None:
    ids = fill(study, people=6)
    rng = np.random.default_rng(4)
    truth = rng.integers(0, 3, len(ids))
    for coder in ("Ana", "Ben", "Cleo"):
        codes = np.where(rng.random(len(ids)) < 0.7, truth, rng.integers(0, 3, len(ids)))
        study.answer(
            coder, *[say(one, DOMAINS[code]) for one, code in zip(ids, codes, strict=True)]
        )
    result = agree(study)
    found = row(result, "all coders")
    assert found.kappa.value is None and found.passages == 30
    pairs = [one for one in result.overall() if len(one.between) == 2]
    assert len(pairs) == 3
    assert found.observed.value == pytest.approx(np.mean([one.observed.value for one in pairs]))
    low, high = found.alpha.low, found.alpha.high
    assert low is not None and high is not None and low < (found.alpha.value or 0) < high
    assert result.main() == found
    assert any("Of single pairs, kappa goes from" in one for one in result.sentences())
    assert agree(study) == result
    assert agree(study, random_state=1) != result


def test_the_newest_run_and_the_one_at_the_time(study: Store) -> None:
    ids = fill(study)
    suggest(study, ids, [("suggest", 0)] * 10 + [("abstain", 0)] * 10, "2024-01-02T00:00:00Z")
    early = [say(one, S, when="2024-01-03T00:00:00Z") for one in ids[:4]]
    none = [say(one, when="2024-01-03T00:00:00Z") for one in ids[10:14]]
    before = say(ids[19], S, how="imported", when="2020-01-01T00:00:00Z")
    study.answer("Ana", *early, *none, before)
    suggest(study, ids, [("ask", 1)] * 20, "2024-01-04T00:00:00Z")
    result = agree(study)
    then = row(result, "Ana", "machine", against="run at the time")
    now = row(result, "Ana", "machine", against="newest run")
    assert (then.passages, then.observed.value) == (8, 0.5)
    assert now.passages == 9 and now.observed.value == pytest.approx(5 / 9)
    said = " ".join(result.sentences())
    assert "newest run" in said and "run at the time" in said and "Only 'Ana' has answered" in said


def test_audit_by_hand(study: Store) -> None:
    ids = fill(study, people=5, each=4)
    pool = study.pool()
    order = [int(one) for one in pool.ids[np.argsort(pool.chances)]][:10]
    says = {
        order[0]: ("suggest", 0, [K]),
        order[1]: ("suggest", 0, [K, S]),
        order[2]: ("suggest", 0, [S]),  # wrong
        order[3]: ("suggest", 0, []),  # nothing to code
        order[4]: ("abstain", 1, [S]),  # missed
        order[5]: ("ask", 1, [S]),  # put first, a person looks
        order[6]: ("ask", 1, [K]),
        order[7]: ("abstain", 0, []),
    }
    suggest(study, ids, [says.get(one, ("abstain", 0, []))[:2] for one in ids])
    for number, (_, _, codes) in says.items():
        blind(study, "Ana", number, *codes)
    study.answer("Ben", say(order[9], K))  # went to it himself: no part of the audit
    result = agree(study)
    found = result.audit[0]
    assert (found.passages, found.suggested, found.coded) == (8, 4, 6)
    whole = result.due == 8
    assert whole and result.audited == 8 and result.passages == 20
    assert found.precision.value == pytest.approx(2 / 4)
    assert found.recall.value == pytest.approx(2 / 6)
    assert found.first_guess.value == pytest.approx(3 / 6)
    assert found.missed.value == pytest.approx(2 / 8 * 20)
    assert found.abstained.value == found.wrong.value == pytest.approx(1 / 8 * 20)
    assert found.against == "newest run" and found.domain is None
    # Of four suggestions Wilson's interval is 15 % to 85 %; people can only make it wider.
    low, high = found.precision.low, found.precision.high
    assert low is not None and high is not None and low <= 0.151 and high >= 0.849
    each = [one for one in result.audit if one.domain == K and one.against == "newest run"]
    assert each[0].suggested == 4 and each[0].precision == Estimate(None)
    said = " ".join(result.sentences())
    assert "2 of its" not in said and "The audit is too small to rely on" in said
    assert "misses an estimated 5" in said


def test_two_blind_coders_of_a_passage_share_its_weight(study: Store) -> None:
    ids = fill(study)
    suggest(study, ids, [("suggest", 0)] * len(ids))
    pool = study.pool()
    order = [int(one) for one in pool.ids[np.argsort(pool.chances)]]
    blind(study, "Ana", order[0], K)
    blind(study, "Ben", order[0], S)
    blind(study, "Ana", order[1], K)
    found = agree(study).audit[0]
    assert (found.passages, found.suggested) == (2, 3)
    assert found.precision.value == pytest.approx(0.75)


def world(rng: np.random.Generator, people: int = 30, each: int = 40) -> tuple[Pool, Bools, Bools]:
    """Make a study up: who would code what, and what the machine says; people differ."""
    n = people * each
    person = np.repeat(np.arange(people), each)
    codes = rng.integers(0, 4, n)
    none = rng.random(n) < rng.beta(4, 4, people)[person]
    given, guess = (np.zeros((n, NONE + 1), dtype=bool) for _ in range(2))
    given[np.arange(n), np.where(none, NONE, codes)] = True
    right = rng.random(n) < rng.beta(6, 4, people)[person]
    guess[np.arange(n), np.where(right, codes, rng.integers(0, 4, n))] = True
    decisions = rng.choice(["suggest", "ask", "abstain"], n, p=[0.5, 0.2, 0.3])
    guess[decisions == "abstain"] = False
    guess[decisions == "abstain", NONE] = True
    pool = Pool(np.arange(n), person, rng.random(n), np.zeros((n, NONE + 1), np.float32), decisions)
    return pool, given, guess


def drawn(pool: Pool, given: Bools, asked: Bools) -> Sample:
    """Answer those asked, through the same arrays that a store gives."""
    from tdfnlp.agreement.answers import Answers, Said

    columns = np.flatnonzero(asked)
    sets = (given[columns] << np.arange(NONE + 1)).sum(axis=1).astype(np.int32)[None]
    said = Said(sets, np.full((1, len(columns), NONE), -1, dtype=np.int8))
    yes, ones = np.ones(sets.shape, dtype=bool), np.ones(sets.shape, dtype=np.int64)
    people = pool.transcripts[columns]
    answers = Answers(("Ana",), pool.ids[columns], people, said, said, ~yes, yes, ones, ones, {})
    return sample(answers, pool)


def judged(pool: Pool, taken: Sample, guess: Bools, asked: Bools) -> Audit:
    columns = np.flatnonzero(asked)
    return next(audit(taken, guess[columns], pool.decisions[columns], "newest run", 0))


def test_audit_estimates_hit_the_truth_of_the_study_and_intervals_cover_it() -> None:
    rng = np.random.default_rng(8)
    pool, given, guess = world(rng)
    hit = (given & guess)[:, :NONE].any(axis=1)
    coded, suggested = ~given[:, NONE], pool.decisions == "suggest"
    missed = coded & ~hit & (pool.decisions != "ask")
    right = np.asarray(hit & suggested)
    truth = [right[suggested].mean(), right[coded].mean(), missed.sum()]
    estimates, covered = [], []
    for _ in range(60):
        pool.chances[:] = rng.random(len(pool.ids))
        asked = pool.chances < 0.15
        found = judged(pool, drawn(pool, given, asked), guess, asked)
        some = (found.precision, found.recall, found.missed)
        estimates.append([one.value or 0 for one in some])
        covered.append(
            [
                (one.low or 0) <= true <= (one.high or 0)
                for one, true in zip(some, truth, strict=True)
            ]
        )
    mean, spread = np.mean(estimates, axis=0), np.std(estimates, axis=0)
    assert (np.abs(mean - truth) < 4 * spread / np.sqrt(60)).all()  # unbiased
    assert (np.mean(covered, axis=0) > 0.9).all()


def test_transcripts_that_came_late_count_for_what_was_not_asked_yet() -> None:
    """Half of the study came later, differs, and only a third of its due passages was asked."""
    rng = np.random.default_rng(3)
    pool, given, _ = world(rng, people=40, each=50)
    late = pool.transcripts >= 20
    given[late], given[late, NONE] = False, True  # nothing to code there
    due = pool.chances < 0.4
    asked = due & (~late | (pool.chances < 0.4 / 3))
    taken = drawn(pool, given, asked)
    assert taken.due == (pool.chances <= pool.chances[asked].max()).sum()
    assert taken.weights.sum() == pytest.approx(len(pool.ids))
    coded = (taken.weights * ~taken.given[:, NONE]).sum() / len(pool.ids)
    plain = (~taken.given[:, NONE]).mean()
    truth = (~given[:, NONE]).mean()
    assert abs(coded - truth) < 0.04 < abs(plain - truth)


@pytest.mark.parametrize("answered", [False, True])
def test_nothing_or_one_coder_and_no_run_are_plain_sentences(study: Store, answered: bool) -> None:
    ids = fill(study)
    if answered:
        study.answer("Ana", say(ids[0], K))
    result = agree(study)
    assert not result.comparisons and not result.audit
    assert result.main() is None
    said = result.sentences()
    if answered:
        assert said[0].startswith("Only 'Ana' has answered")
        assert "nothing can be said of what the machine gets wrong" in said[-1]
    else:
        assert said == ("Nobody has answered anything yet.",)
    assert len(result.to_pandas()) == len(result.audit_to_pandas()) == 0
    assert "kappa_low" in result.to_pandas().columns


def test_one_participant_gives_figures_without_intervals(study: Store) -> None:
    ids = fill(study, people=1)
    study.answer("Ana", *[say(one, K if place else S) for place, one in enumerate(ids)])
    study.answer("Ben", *[say(one, K if place > 1 else S) for place, one in enumerate(ids)])
    found = row(agree(study), "Ana", "Ben")
    assert found.observed == Estimate(0.8)
    said = " ".join(agree(study).sentences())
    assert "Too few passages to rely on (under 30). Of under 10 people: the intervals" in said


def test_imported_codes_say_under_what_condition(study: Store) -> None:
    ids = fill(study, people=2, each=20)
    study.answer("Ana", *[say(one, K, how="imported") for one in ids])
    study.answer("Ben", say(ids[0], how="imported"), *[say(one, K) for one in ids[1:]])
    said = " ".join(agree(study).sentences())
    assert "Imported codes (Ana, Ben) count as independent" in said
    assert "The imported codes of Ana say nothing of passages left uncoded" in said
    assert "Of under 10 people" in said


def audited(**more: Any) -> Audit:
    good = Estimate(0.8, 0.75, 0.85)
    many = Estimate(40.0, 30.0, 50.0)
    usual = {"against": "newest run", "domain": None, "passages": 300, "participants": 20}
    usual |= {"suggested": 150, "coded": 200}
    shares = dict.fromkeys(("precision", "recall", "first_guess"), good)
    counts = dict.fromkeys(("missed", "abstained", "wrong"), many)
    return Audit(**(usual | shares | counts | more))


@pytest.mark.parametrize(
    ("rows", "says", "never"),
    [
        ([audited()], "80% (75% to 85%) were right (n = 150)", "too small"),
        ([audited()], "misses an estimated 40 (30 to 50)", "flattered"),
        (
            [audited(), audited(against="run at the time", recall=Estimate(0.5))],
            "flattered",
            "small",
        ),
        (
            [audited(suggested=0, precision=Estimate(None))],
            "needs more audit answers",
            "were right",
        ),
        (
            [audited(suggested=50, precision=Estimate(0.8, 0.6, 0.9))],
            "about 66 more",
            "people than",
        ),
        ([audited(participants=6)], "answers on more people than 6", "more audit answers"),
        ([audited(coded=0, missed=Estimate(None))], "Blind audit of 300", "misses"),
    ],
)
def test_what_is_said_of_an_audit(rows: list[Audit], says: str, never: str) -> None:
    result = Agreement(("Ana",), (), tuple(rows), 300, 300, 1000, {})
    said = " ".join(result.sentences())
    assert says in said and never not in said
    assert "have no blind answer" not in said
    assert "10 of the 310 passages" in " ".join(replace(result, due=310).sentences())


def test_a_run_that_does_not_know_a_passage_is_not_held_against_it(study: Store) -> None:
    ids = fill(study)
    suggest(study, ids[:2], [("suggest", 0), ("abstain", 0)])
    blind(study, "Ana", ids[5], K)
    assert agree(study).audit == ()
    blind(study, "Ana", ids[1])
    (now, then) = agree(study).audit
    assert (now.passages, now.suggested, now.coded) == (1, 0, 0)
    assert now.precision == now.recall == now.missed == Estimate(None)
    assert then.against == "run at the time"


NASTY = ("=1+1", "<script>alert(1)</script>")


@pytest.fixture
def nasty(tmp_path: Path) -> Path:
    path = tmp_path / "nasty.db"
    with Store.open(path) as store:
        ids = fill(store)
        suggest(store, ids, [("suggest", 0)] * len(ids))
        for coder in NASTY:
            store.answer(coder, *[say(one, K if place % 3 else S) for place, one in enumerate(ids)])
        blind(store, "Cleo", ids[0], K)
    return path


def test_tables_and_files(nasty: Path, tmp_path: Path) -> None:
    with Store.open(nasty) as store:
        result = agree(store)
    table = result.to_pandas()
    assert len(table) == len(result.comparisons)
    first = table.iloc[0]
    assert first["domain"] == "all domains" and first["between"] == " and ".join(sorted(NASTY))
    assert first["observed"] == 1 and pd.isna(first["observed_low"])
    result.save(tmp_path / "a.csv")
    written = pd.read_csv(tmp_path / "a.csv")
    assert (tmp_path / "a.csv").read_bytes().startswith(b"\xef\xbb\xbf")
    assert not written["between"].dropna().str.startswith("=").any()
    assert set(written["part"]) == {"coders", "audit"}
    assert len(written) == len(result.comparisons) + len(result.audit)
    result.save(tmp_path / "a.xlsx")
    book = openpyxl.load_workbook(tmp_path / "a.xlsx")
    assert book.sheetnames == ["What it says", "Coders", "Audit"]
    assert book["Coders"]["A2"].data_type == "s"
    assert book["Coders"].max_row == len(result.comparisons) + 1
    assert [cell.value for cell in book["Audit"][1]][:2] == ["against", "domain"]
    result.save(tmp_path / "a.json")
    assert json.loads((tmp_path / "a.json").read_text("utf-8"))["coders"] == list(result.coders)
    with pytest.raises(InputError, match=r"\.xlsx, \.csv, \.json"):
        result.save(tmp_path / "a.pdf")


def test_a_notebook_shows_it_escaped(nasty: Path) -> None:
    with Store.open(nasty) as store:
        page = agree(store)._repr_html_()
    assert "<script>" not in page and "&lt;script&gt;" in page
    assert page.count("<table") == 2


def test_the_command(nasty: Path, tmp_path: Path) -> None:
    done = CliRunner().invoke(cli, ["agreement", str(nasty), "-o", str(tmp_path / "out.xlsx")])
    assert done.exit_code == 0, done.output
    assert "By domain, independent answers" in done.output and f"  {K} " in done.output
    assert (tmp_path / "out.xlsx").is_file()
    printed = CliRunner().invoke(cli, ["agreement", str(nasty), "--format", "json"])
    assert json.loads(printed.output)["passages"] == 20
    missing = CliRunner().invoke(cli, ["agreement", str(tmp_path / "no.db")])
    assert missing.exit_code == 2 and "no study file" in missing.output
    wrong = CliRunner().invoke(cli, ["agreement", str(nasty), "-o", "out.pdf"])
    assert wrong.exit_code == 2 and ".xlsx" in wrong.output
    with Store.open(tmp_path / "empty.db"):
        pass
    empty = CliRunner().invoke(cli, ["agreement", str(tmp_path / "empty.db")])
    assert (empty.exit_code, empty.output) == (0, "Nobody has answered anything yet.\n")
