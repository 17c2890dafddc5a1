"""Themes: grouped as a first guess, then named, merged, split and moved by people."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from coded import Interview, answer, around, code, put, suggest

from tdfnlp import themes
from tdfnlp.consensus import settle
from tdfnlp.errors import InputError
from tdfnlp.exchange import write
from tdfnlp.formats import read
from tdfnlp.store import Label, Store
from tdfnlp.themes import Theme, grouping, phrases

FORM = [f"The referral form is too long for visit {n}." for n in "abcdef"]
PORTER = [f"We wait for a hospital porter on day {n}." for n in "abcdef"]


@pytest.fixture
def coded(tmp_path: Path) -> Iterator[Store]:
    """Twelve barriers of one domain in two heaps, and one facilitator of another."""
    with Store.open(tmp_path / "study.db") as store:
        numbers = put(store, Interview("A", [*FORM, *PORTER, "I enjoy teaching it."], "P1"))
        suggest(store, around([0] * 6 + [1] * 6 + [2]))
        resources = {n: [("Environmental context and resources", "barrier")] for n in numbers[:12]}
        code(store, "ann", resources)  # type: ignore[arg-type]
        code(store, "ann", {numbers[12]: [("Skills", "facilitator")]})
        yield store


def of(store: Store, domain: str = "Environmental context and resources") -> list[Theme]:
    return [one for one in themes.current(store) if one.domain == domain]


def test_likeness_makes_groups_and_their_own_words_name_them(coded: Store) -> None:
    first, second = of(coded)
    assert [set(one.members) for one in (first, second)] in (
        [set(range(1, 7)), set(range(7, 13))],
        [set(range(7, 13)), set(range(1, 7))],
    )
    assert {"form" in one.name.lower() for one in (first, second)} == {True, False}
    assert {"porter" in one.name.lower() for one in (first, second)} == {True, False}
    assert not first.by and not first.kept
    (skill,) = of(coded, "Skills")
    assert skill.members == (13,)


def test_the_same_study_gives_the_same_themes(coded: Store) -> None:
    assert themes.current(coded) == themes.current(coded)


def test_grouping_stops_where_nothing_stands_apart() -> None:
    same = np.ones((40, 4), dtype=np.float32)
    assert not grouping.group(same).any()
    assert not grouping.group(around([0, 1] * 5)).any(), "fewer than two themes' worth"
    assert not grouping.group(np.zeros((30, 0), dtype=np.float32)).any()
    with pytest.raises(InputError, match="one passage a row"):
        grouping.group(np.ones(3, dtype=np.float32))


def test_many_passages_go_to_the_nearest_group_and_lost_vectors_to_the_largest() -> None:
    places = [0] * 1500 + [1] * 900 + [2] * 600
    labels = grouping.group(around(places, spread=0.02))
    assert [labels[:1500].tolist(), labels[1500:2400].tolist(), labels[2400:].tolist()] == [
        [0] * 1500,
        [1] * 900,
        [2] * 600,
    ]
    vectors = around([0] * 8 + [1] * 6)
    vectors[7] = 0
    assert grouping.group(vectors)[7] == grouping.group(vectors)[0] == 0


def test_typical_is_what_is_near_the_middle() -> None:
    vectors = np.array([[1, 0], [1, 0.1], [0, 1], [0, 0]], dtype=np.float32)
    near = grouping.typicality(vectors)
    assert near[:2].min() > near[2] > near[3] == 0
    assert grouping.typicality(np.zeros((2, 0), dtype=np.float32)).tolist() == [0, 0]


def test_a_wording_is_a_clause_of_a_participant() -> None:
    said = [
        "Um, it was late. And the form takes ages, I'd say.",
        "The form takes the whole clinic.",
    ]
    wordings = phrases.name_groups([said, ["We trust the scan."], ["Um, yeah.", "So it goes."], []])
    assert wordings == ["\u201cthe form takes ages\u201d", "\u201cWe trust the scan\u201d", "", ""]
    assert [
        " ".join(one) for one in phrases.clauses("Well, and so I \u2013 we did it (twice over).")
    ] == ["we did it"]


def test_kept_themes_stay_while_coding_goes_on(coded: Store) -> None:
    before = themes.keep(coded, "ann")
    put(coded, Interview("B", ["The form again, page after page."], "P2"))
    suggest(coded, around([0] * 6 + [1] * 6 + [2] + [0]))
    code(coded, "ann", {14: [("Environmental context and resources", "barrier")]})
    after = {one.key: one for one in themes.current(coded)}
    assert all(after[one.key].members == one.members for one in before)
    (new,) = [one for one in after.values() if not one.kept]
    assert new.members == (14,)
    themes.keep(coded, "ann")
    themes.keep(coded, "bob")
    assert [one.kind for one in coded.theme_changes()] == ["keep", "keep"], "nothing new to keep"


def test_people_name_merge_split_and_move(coded: Store) -> None:
    first, second = of(coded)
    themes.rename(coded, "ann", first.key, "  The form\n is long ", token="1")
    named = {one.key: (one.name, one.by) for one in of(coded)}
    assert named[first.key] == ("The form is long", "ann") and named[second.key][1] == ""
    new = themes.split(coded, "bob", second.key, second.members[:2], "Two of them", token="2")
    assert {one.key: one.members for one in of(coded)}[new] == second.members[:2]
    themes.move(coded, "bob", second.members[:1], first.key, token="3")
    assert second.members[0] in {one.key: one.members for one in of(coded)}[first.key]
    themes.merge(coded, "ann", [new, second.key], first.key, token="4")
    (all_of_them,) = of(coded)
    assert all_of_them.members == tuple(range(1, 13)) and all_of_them.name == "The form is long"
    kinds = [one.kind for one in coded.theme_changes()]
    assert kinds == ["keep", "name", "split", "move", "merge"]
    assert [one.coder for one in coded.theme_changes()] == ["ann", "ann", "bob", "bob", "ann"]


def test_two_coders_at_once_cannot_break_a_study(coded: Store) -> None:
    first, second = of(coded)
    themes.merge(coded, "ann", [second.key], first.key, token="1")
    # What was right when it was checked is stored a moment too late.
    coded.change_themes("bob", "name", {"theme": second.key, "name": "Gone"}, "2")
    coded.change_themes("bob", "move", {"members": [1], "into": second.key}, "3")
    late = {"theme": second.key, "members": [8], "name": "Gone", "new": "x"}
    coded.change_themes("bob", "split", late, "4")
    coded.change_themes("bob", "merge", {"themes": [first.key], "into": second.key}, "5")
    (whole,) = of(coded)
    assert whole.members == tuple(range(1, 13)) and whole.name == first.name


def test_a_change_is_taken_back_by_who_made_it(coded: Store) -> None:
    first, second = of(coded)
    assert themes.undo(coded, "ann", token="0") is None
    themes.rename(coded, "ann", first.key, "Named", token="1")
    new = themes.split(coded, "bob", second.key, second.members[:2], "Two", token="2")
    themes.move(coded, "bob", second.members[2:3], new, token="3")
    undone = themes.undo(coded, "bob", token="4")
    assert undone == themes.undo(coded, "bob", token="4") and undone and undone.kind == "move"
    assert {one.key: one.members for one in of(coded)}[new] == second.members[:2]
    themes.merge(coded, "ann", [new], first.key, token="5")
    with pytest.raises(InputError, match="changed one of these themes since"):
        themes.undo(coded, "bob", token="6")
    for token, kind in (("7", "merge"), ("8", "name")):
        back = themes.undo(coded, "ann", token=token)
        assert back and back.kind == kind
    assert themes.undo(coded, "bob", token="6")
    assert {(one.members, one.by) for one in of(coded)} == {
        (one.members, "") for one in (first, second)
    }
    assert all(one.kept for one in of(coded)) and len(coded.theme_changes()) == 9
    with pytest.raises(InputError, match="belongs to another change"):
        themes.undo(coded, "ann", token="4")


def test_a_repeated_change_is_one_change(coded: Store) -> None:
    first = of(coded)[0]
    for _ in range(2):
        themes.rename(coded, "ann", first.key, "Once", token="1")
    assert len(coded.theme_changes()) == 2
    with pytest.raises(InputError, match="belongs to another change"):
        themes.rename(coded, "bob", first.key, "Twice", token="1")
    second = next(one for one in of(coded) if one.key != first.key)
    for _ in range(2):  # the second time, all of them have happened
        new = themes.split(coded, "ann", first.key, first.members[:1], "One", token="2")
        themes.move(coded, "ann", first.members[1:2], second.key, token="3")
        themes.merge(coded, "ann", [new], second.key, token="4")
    assert len(coded.theme_changes()) == 5
    assert {one.key: set(one.members) for one in of(coded)} == {
        first.key: set(first.members[2:]),
        second.key: {*second.members, *first.members[:2]},
    }
    with pytest.raises(InputError, match="token of its own"):
        coded.change_themes("ann", "name", {}, "")


def test_changes_that_make_no_sense_are_refused(coded: Store) -> None:
    first, second = of(coded)
    (skill,) = of(coded, "Skills")
    for name in ("", " ...", "x" * 201):
        with pytest.raises(InputError, match="1 to 200"):
            themes.rename(coded, "ann", first.key, name, token="1")
    with pytest.raises(InputError, match="no longer there"):
        themes.rename(coded, "ann", "none", "Name", token="1")
    with pytest.raises(InputError, match="cannot be put together"):
        themes.merge(coded, "ann", [skill.key], first.key, token="1")
    for members in ([], first.members, [999], second.members[:1]):
        with pytest.raises(InputError, match="not all of them"):
            themes.split(coded, "ann", first.key, members, "New", token="1")
    for moved in ((), skill.members):
        with pytest.raises(InputError, match="can be moved"):
            themes.move(coded, "ann", moved, first.key, token="1")
    assert [one.kind for one in coded.theme_changes()] == ["keep"]


def test_what_is_no_longer_confirmed_drops_out(coded: Store) -> None:
    first = of(coded)[0]
    themes.keep(coded, "ann")
    code(coded, "ann", {first.members[0]: []})
    assert of(coded)[-1].members == first.members[1:] or of(coded)[0].members == first.members[1:]
    code(coded, "ann", {number: () for number in first.members})
    assert first.key not in {one.key for one in of(coded)}


def test_codes_finer_than_a_domain_are_themes_of_their_coders(coded: Store) -> None:
    domain = "Environmental context and resources"
    queue = Label((domain, "No porter"), domain, "barrier")
    spans = {one.id: one.utterance.start for one in coded.units()}
    answer(coded, "ann", {7: [queue], 8: [queue, Label((domain,), domain, "mixed")]})
    (theme,) = [one for one in of(coded) if one.code]
    assert (theme.name, theme.by, theme.members) == ("No porter", "coders", (7, 8))
    other = next(one for one in of(coded) if not one.code and 9 in one.members)
    themes.move(coded, "bob", [9], theme.key, token="1")
    assert {one.key: one.members for one in of(coded)}[theme.key] == (7, 8, 9)
    with pytest.raises(InputError, match="code its passages anew"):
        themes.rename(coded, "ann", theme.key, "Else", token="2")
    with pytest.raises(InputError, match="code its passages anew"):
        themes.merge(coded, "ann", [theme.key], other.key, token="2")
    with pytest.raises(InputError, match="can be moved"):
        themes.move(coded, "ann", [7], other.key, token="2")
    moved = {one.code for one in themes.themed_study(coded).codings if one.start == spans[9]}
    assert moved == {theme.code}  # who moves it there gives it that code
    themes.move(coded, "bob", [9], other.key, token="3")
    assert 9 in {one.key: one.members for one in of(coded)}[other.key], "and out of it again"
    themes.move(coded, "bob", [9], theme.key, token="4")
    code(coded, "ann", {7: [(domain, "barrier")]})
    members = {one.key: one.members for one in of(coded)}
    assert members[theme.key] == (8, 9), "coded anew by the domain alone: no longer in it"


@pytest.mark.parametrize(
    ("path", "finer"),
    [
        (("Knowledge",), False),
        (("TDF", "Knowledge"), False),
        (("Knowledge", "Barriers"), False),
        (("Knowledge", "Knowledge - barrier"), False),
        (("Knowledge", "Not aware of the criteria"), True),
        (("Nobody told me",), True),
        (("Knowledge", " "), False),
    ],
)
def test_a_bare_domain_or_direction_is_no_theme(
    tmp_path: Path, path: tuple[str, ...], finer: bool
) -> None:
    with Store.open(tmp_path / "study.db") as store:
        put(store, Interview("A", ["I never heard of it."]))
        answer(store, "ann", {1: [Label(path, "Knowledge")]})
        (found,) = themes.passages(store.units(), settle(store.answers()))
        assert (found.code == path) is finer
        assert themes.current(store)[0].by == ("coders" if finer else "")


def test_codes_outside_the_framework_make_no_theme(tmp_path: Path) -> None:
    with Store.open(tmp_path / "study.db") as store:
        put(store, Interview("A", ["The weather was fine."]))
        answer(store, "ann", {1: [Label(("Weather", "Fine"), None)]})
        assert themes.current(store) == ()
        (left,) = themes.outside(store.units(), settle(store.answers()))
        assert left.domain == "Weather > Fine"


def test_without_vectors_a_cell_is_one_theme(tmp_path: Path) -> None:
    with Store.open(tmp_path / "study.db") as store:
        numbers = put(store, Interview("A", [f"Sentence {n} on forms." for n in range(20)]))
        code(store, "ann", {number: [("Knowledge", "barrier")] for number in numbers})
        (theme,) = themes.current(store)
        assert len(theme.members) == 20


def test_equal_wordings_are_told_apart(tmp_path: Path) -> None:
    with Store.open(tmp_path / "study.db") as store:
        put(store, Interview("A", ["Um, yeah.", "Um, no."]))
        code(store, "ann", {1: [("Goals", "barrier")], 2: [("Goals", "facilitator")]})
        assert [one.name for one in themes.current(store)] == [
            "No key phrase",
            "No key phrase (2)",
        ]


def test_named_themes_are_exported_as_child_codes(coded: Store, tmp_path: Path) -> None:
    first, second = of(coded)
    themes.rename(coded, "ann", first.key, "Long form", token="1")
    study = themes.themed_study(coded)
    path = ("Environmental context and resources", "Long form")
    assert [one.path for one in themes.as_codes(themes.current(coded))] == [path]
    by_code = {one.code for one in study.codings}
    assert path in by_code and path[:1] in by_code, "nobody has named the other theme"
    write(tmp_path / "out.qdpx", study)
    again = read(tmp_path / "out.qdpx")
    assert sum(one.code == path for one in again.codings) == len(first.members)
    write(tmp_path / "out.qdc", study)
    assert path in {one.path for one in read(tmp_path / "out.qdc").codes}
    assert second.name not in {one.path[-1] for one in again.codes}


def test_both_databases_keep_changes(store: Store) -> None:
    put(store, Interview("A", ["The form is long."]))
    code(store, "ann", {1: [("Knowledge", "barrier")]})
    (theme,) = themes.current(store)
    themes.rename(store, "ann", theme.key, "Long", token="1")
    assert themes.current(store)[0].name == "Long"
    assert [one.id for one in store.theme_changes()] == [1, 2]


def test_a_study_from_before_themes_gets_their_table(coded: Store, tmp_path: Path) -> None:
    coded.close()
    path = tmp_path / "study.db"
    with closing(sqlite3.connect(path)) as file:
        file.execute("DROP TABLE theme_changes")
        for table in ("runs", "suggestions"):  # of a later version still
            file.execute(f"ALTER TABLE {table} DROP COLUMN own")
        file.execute("UPDATE meta SET value = '1' WHERE key = 'version'")
        file.commit()
    with Store.open(path) as again:
        assert again.theme_changes() == ()
        themes.keep(again, "ann")
        assert len(again.theme_changes()) == 1
