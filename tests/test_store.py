"""A study on SQLite and on PostgreSQL: what goes in comes out, and who gets which question."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from postgres import Server
from studies import many, predictions, run_of, talk

from tdfnlp.codebook import Code
from tdfnlp.coding import Coding
from tdfnlp.errors import InputError, StoreError
from tdfnlp.segmentation import segment
from tdfnlp.store import Added, Given, Label, Settings, Store, Wanted
from tdfnlp.store.exact import Exact
from tdfnlp.transcript import Transcript, Turn

KNOWLEDGE = Label(("Knowledge",), "Knowledge", "barrier")
SKILLS = Label(("Skills", "Reading a chart"), "Skills")
NASTY = (
    "=1+1 \ud83d\ude00 \0 caf\N{LATIN SMALL LETTER E WITH ACUTE} \U0001f600 \\ ' \ud800 \ufdd0hex:"
)
LONE = "=1+1 \0 \ud800"


def labelled(unit: int, token: str, *labels: Label, run: int | None = None) -> Given:
    return Given(unit, labels, token=token, run=run)


def test_transcripts_come_back_to_the_character(store: Store) -> None:
    one = talk("N1", ["Nobody showed us.", "There is no time."], "Nurses")
    two = Transcript(
        NASTY, NASTY, (Turn(0, 20, LONE, "participant", 1.5, 2.0),), NASTY, NASTY,
        (("Age", "30"), ("Age", "31"), ("=cmd", LONE)), "{G}",
    )  # fmt: skip
    given = segment([one, two])
    assert store.add_transcripts([one, two], given) == Added(2, 0)
    assert store.add_transcripts([two], segment([two])) == Added(0, 1)
    assert store.transcripts() == (one, two)
    units = store.units()
    assert [unit.utterance for unit in units] == given and store.count() == 3
    assert store.numbers() == {
        (u.utterance.transcript, u.utterance.start, u.utterance.end): u.id for u in units
    }
    last, first = units[2].id, units[0].id
    assert store.units([last, first, 10**6, last]) == (units[2], units[0], units[2])
    assert list(store.sources().values()) == [("N1", "Nurses"), (NASTY, NASTY)]


def test_a_changed_transcript_is_refused_and_nothing_of_it_is_kept(store: Store) -> None:
    one = talk("N1", ["Nobody showed us."])
    store.add_transcripts([one], segment([one]))
    other = [talk("N1", ["Everybody showed us."]), talk("N2", ["So it is."])]
    with pytest.raises(InputError, match=r"'N1'.*another name") as refused:
        store.add_transcripts(other, segment(other))
    assert "showed" not in str(refused.value)
    assert store.transcripts() == (one,)


@settings(max_examples=200, deadline=None)
@given(st.text(st.characters(), max_size=20) | st.just("\ufdd0hex:00"))
def test_any_text_can_be_stored(text: str) -> None:
    stored = Exact().process_bind_param(text, None)
    assert stored is not None and b"\0" not in stored.encode()
    assert Exact().process_result_value(stored, None) == text


def test_codes_keep_their_order_and_get_a_domain_once(store: Store) -> None:
    own = (Code(("Skills", "Reading a chart"), definition="x", colour="#FFFFFF"), Code(("Time",)))
    store.add_codes(own)
    store.add_codes([Code(("Time",), "Goals", valence="barrier"), Code(("Time",), "Skills")])
    codes = store.codes()
    assert [code.path[0] for code in codes[:3]] == ["Knowledge", "Skills", "Skills"]
    assert len(codes) == 16 and codes[2] == own[0]
    assert codes[-1] == Code(("Time",), "Goals", valence="barrier")


def test_settings_are_checked_and_the_seed_is_fixed(store: Store) -> None:
    assert store.settings() == Settings()
    assert store.configure(audit_share=0.5, seed=3) == store.settings()
    assert store.settings() == Settings(audit_share=0.5, seed=3)
    for wrong in ({"audit_share": 1.5}, {"double_share": -1}, {"lease_minutes": math.nan}):
        with pytest.raises(InputError):
            store.configure(**wrong)
    many(store, 1)
    with pytest.raises(InputError, match="seed"):
        store.configure(seed=4)
    assert store.configure(seed=3, audit_share=0.1).audit_share == 0.1


def test_chances_are_fixed_by_seed_and_passage(store: Store, tmp_path: object) -> None:
    many(store, 300)
    chances = store.pool().chances
    with Store.open(f"{tmp_path}/other.db") as other:
        many(other, 300)
        assert (other.pool().chances == chances).all()
    with Store.open(f"{tmp_path}/seeded.db") as other:
        other.configure(seed=1)
        many(other, 300)
        assert not (other.pool().chances == chances).any()
    assert 0 <= chances.min() and chances.max() < 1


def test_the_newest_run_counts_and_earlier_ones_stay(store: Store) -> None:
    ids = many(store, 3)
    assert store.predictions(ids) is None and not store.pool().proba.any()
    first = store.add_run(run_of("m-1"), ids, predictions(["Goals"] * 3))
    second = store.add_run(run_of("m-2", "f"), ids[:2], predictions(["Skills"] * 2, "ask", 6))
    assert [(one.id, one.model, one.facts) for one in store.runs()] == [
        (first, "m-1", {"trained": 3}),
        (second, "m-2", {"trained": 3}),
    ]
    pool = store.pool()
    assert list(pool.ids) == ids and list(pool.decisions) == ["ask", "ask", ""]
    assert pool.proba[0].argmax() == 1 and not pool.proba[2].any()
    assert list(store.pool(first).decisions) == ["suggest"] * 3
    found = store.predictions([ids[2], ids[0]])
    assert found is not None and found.decisions == ("", "ask")
    # The third's vector is of another encoder, which nothing can be compared with.
    assert np.array_equal(store.vectors(ids), np.eye(3, 6) * [[1], [1], [0]])
    early = store.predictions(ids, first)
    assert early is not None and early.valence(2, 0) == "barrier"
    assert np.allclose(early.proba, predictions(["Goals"] * 3).proba)
    with pytest.raises(InputError, match="one prediction per utterance"):
        store.add_run(run_of(), ids, predictions(["Goals"]))
    assert len(store.runs()) == 2


def test_answers_say_what_they_are(store: Store) -> None:
    a, b, c, d = many(store, 4)
    run = store.add_run(run_of(), [a, b, c, d], predictions(["Knowledge"] * 4))
    told = store.answer(
        "Ana",
        labelled(a, "1", KNOWLEDGE, run=run),
        labelled(b, "2", KNOWLEDGE, SKILLS, run=run),
        labelled(c, "3", SKILLS),
        labelled(d, "4", run=run),
        Given(d, skip=True, token="5", note=NASTY),
    )
    assert [one.verdict for one in told] == ["accept", "correct", "code", "none", "skip"]
    assert told[1].labels == (KNOWLEDGE, SKILLS) and told[4].note == NASTY
    assert [one.id for one in store.answers()] == [1, 2, 3, 5]
    assert store.record() == told and store.record(utterance=d) == told[3:]
    assert store.answers(coder="Ben") == () and store.coders() == ("Ana",)


def test_white_space_and_accents_make_no_other_coder(store: Store) -> None:
    (unit,) = many(store, 1)
    assert store.add_coder(" Jose\u0301  B ") == "Jos\u00e9 B"
    (given,) = store.answer("Jos\u00e9 B", Given(unit, token="1"))
    assert store.answer("Jose\u0301 B ", Given(unit, token="1")) == (given,)
    assert store.answers(coder="Jos\u00e9  B") == (given,)
    undone = store.undo(" Jos\u00e9 B", "2")
    assert undone is not None and store.undo("Jos\u00e9 B", "2") == undone
    (held,) = store.assign("Jos\u00e9 B ", [Wanted(unit, False, "margin")], 1)
    assert store.assignments(" Jos\u00e9 B") == (held,) and held.coder == "Jos\u00e9 B"
    assert store.coders() == ("Jos\u00e9 B",)


def test_a_token_is_one_answer(store: Store) -> None:
    a, b = many(store, 2)
    first = store.answer("Ana", labelled(a, "t", KNOWLEDGE), labelled(a, "t"))
    assert first[0] == first[1] and first[0].labels == (KNOWLEDGE,)
    assert store.answer("Ana", labelled(a, "t", SKILLS)) == first[:1]
    assert len(store.record()) == 1
    undone = store.undo("Ana", "u")
    for coder, wrong in (
        ("Ben", labelled(a, "t")), ("Ana", labelled(b, "t")), ("Ana", labelled(a, "u")),
    ):  # fmt: skip
        with pytest.raises(InputError, match="another answer"):
            store.answer(coder, wrong)
    with pytest.raises(InputError, match="another answer"):
        store.answer("Ana", labelled(a, "n"), labelled(b, "n"))
    for coder, token in (("Ben", "u"), ("Ana", "t")):
        with pytest.raises(InputError, match="another answer"):
            store.undo(coder, token)
    assert store.undo("Ana", "u") == undone and len(store.record()) == 2
    with pytest.raises(InputError, match="token"):
        store.answer("Ana", labelled(a, ""))
    with pytest.raises(InputError, match="no utterance 999"):
        store.answer("Ana", labelled(b, "ok"), labelled(999, "x"))
    assert len(store.record()) == 2
    with pytest.raises(InputError, match="needs a name"):
        store.answer(" - ", labelled(a, "z"))


def test_undo_takes_back_one_answer_at_a_time(store: Store) -> None:
    a, b = many(store, 2)
    store.assign("Ana", [Wanted(a, True, "audit", 0.2)], 1)
    store.answer("Ana", labelled(a, "1", KNOWLEDGE))
    store.answer("Ana", labelled(a, "2", SKILLS))
    store.answer("Ben", labelled(b, "3"))
    store.answer("Ana", Given(b, (KNOWLEDGE,), token="4", how="imported"))
    first = store.undo("Ana", "u1")
    assert first is not None and first.undoes == 2
    assert [one.labels for one in store.answers(coder="Ana")] == [(KNOWLEDGE,), (KNOWLEDGE,)]
    assert not store.assignments("Ana", pending=True)  # an answer still stands
    assert store.undo("Ana", "u2") is not None
    (held,) = store.assignments("Ana", pending=True)
    assert (held.utterance, held.blind, held.probability) == (a, True, 0.2)
    assert store.undo("Ana", "u3") is None  # what was imported is not undone
    assert [one.token for one in store.answers()] == ["3", "4"]
    assert len(store.record()) == 6


def test_an_adjudication_stands_beside_the_own_answer(store: Store) -> None:
    (a,) = many(store, 1)
    store.assign("Ana", [Wanted(a, True, "audit", 0.2)], 1)
    store.answer("Ana", labelled(a, "1", KNOWLEDGE))
    store.answer("Ana", Given(a, (SKILLS,), token="2", how="adjudication"))
    own, final = store.answers()
    assert (own.how, own.strategy, own.probability) == ("blind audit", "audit", 0.2)
    assert (final.how, final.strategy, final.labels) == ("adjudication", "chosen", (SKILLS,))


def test_slots_leases_and_skips(store: Store) -> None:
    a, b, c = many(store, 3)
    wanted = [Wanted(a, False, "margin"), Wanted(b, False, "margin", slots=2), Wanted(a, True, "")]
    assert store.assign("Ana", wanted, 0) == ()
    held = store.assign("Ana", wanted, 9)
    assert [(one.utterance, one.slot) for one in held] == [(a, 0), (b, 0)]
    assert store.assignments("Ana", pending=True) == held
    assert store.assign("Ana", wanted, 9) == ()
    (second,) = store.assign("Ben", wanted, 9)
    assert (second.utterance, second.slot) == (b, 1)
    assert store.assign("Cy", wanted, 9) == ()
    store.answer("Ana", labelled(a, "1"), Given(b, skip=True, token="2"))
    assert store.assign("Ana", wanted, 9) == ()  # skipped is decided, for her
    assert store.assign("Cy", [Wanted(b, False, "margin")], 9) == ()  # Ben has it, one slot
    assert [one.slot for one in store.assign("Cy", wanted, 9)] == [0]
    store.release("Ben")
    assert [one.coder for one in store.assignments()] == ["Ana", "Cy"]
    store.configure(lease_minutes=1e-9)
    assert store.assign("Dee", [Wanted(c, False, "margin")], 1)
    assert store.assignments("Dee", pending=True) == ()
    store.configure(lease_minutes=30)
    assert store.assign("Ana", [Wanted(c, False, "x")], 1)[0].slot == 0
    assert [one.coder for one in store.assignments() if one.utterance == c] == ["Ana"]
    store.answer("Dee", labelled(c, "late"))  # too late, and yet not lost
    assert store.answers(coder="Dee")[0].strategy == "chosen"


def test_a_lease_of_ones_own_is_renewed(store: Store) -> None:
    (a,) = many(store, 1)
    store.configure(lease_minutes=1e-9)
    store.assign("Ana", [Wanted(a, False, "margin")], 1)
    (again,) = store.assign("Ana", [Wanted(a, False, "entropy")], 1)
    assert [(one.slot, one.strategy) for one in store.assignments()] == [(0, "entropy")]
    assert again.until == store.assignments()[0].until


def test_importing_answers_an_open_question(store: Store) -> None:
    (a,) = many(store, 1)
    store.assign("Ana", [Wanted(a, True, "audit", 0.2)], 1)
    (one,) = store.answer("Ana", Given(a, (SKILLS,), token="1", how="imported", when="2020"))
    assert (one.how, one.probability, one.when) == ("imported", None, "2020")
    assert not store.assignments(pending=True)


def test_long_lists_of_numbers_are_no_matter(store: Store) -> None:
    ids = many(store, 1200)
    store.add_run(run_of(), ids, predictions(["Goals"] * 1200))
    backwards = ids[::-1] + list(range(10**6, 10**6 + 40_000))
    assert [one.id for one in store.units(backwards)] == ids[::-1]
    assert store.vectors(backwards).shape == (41_200, 4)
    store.answer("Ana", *(labelled(one, str(one), KNOWLEDGE, run=1) for one in ids))
    assert {one.verdict for one in store.answers()} == {"correct"}
    assert len(store.assign("Ben", [Wanted(one, False, "x") for one in ids], 1100)) == 1100


def test_the_study_carries_what_holds_now(store: Store) -> None:
    one = talk("N1", ["Nobody showed us.", "There is no time."])
    store.add_transcripts([one], segment([one]))
    a, b = (unit.id for unit in store.units())
    store.answer("Ana", labelled(a, "1", KNOWLEDGE), labelled(b, "2", SKILLS))
    store.answer("Ben", replace(labelled(a, "3", SKILLS), note="see above", when="2026-01-01"))
    store.undo("Ana", "u")
    study = store.study()
    start = one.text.index("Nobody")
    (first, second) = study.codings
    assert (first.start, first.code, first.coder) == (start, ("Knowledge",), "Ana")
    assert second == Coding(
        "N1", start, start + 17, SKILLS.code, "Ben", None, "page", "2026-01-01", note="see above"
    )
    assert study.transcripts == (one,) and len(study.codes) == 14


def test_a_killed_connection_is_said_and_the_next_works(
    postgres: Server, postgres_url: str
) -> None:
    with Store.open(postgres_url) as store:
        (a,) = many(store, 1)
        wrong = [Wanted(10**9, False, "x")]
        with pytest.raises(StoreError, match="not stored") as told:
            store.assign("Ana", wrong, 1)
        assert "DETAIL" not in str(told.value)
        backends = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname ~ 'study_'"
        assert postgres.execute(backends)
        assert store.answer("Ana", labelled(a, "1"))[0].id == 1
        assert store.name.startswith("study_")
