"""Items: read from files, and as the arrays that training sees."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from conftest import ROOT
from hypothesis import given
from hypothesis import strategies as st

from tdfnlp.errors import CodebookError, FormatError
from tdfnlp.framework import DOMAINS, VALENCES, Valence
from tdfnlp.items import (
    ALSO,
    Item,
    domain_labels,
    is_unseen,
    item_files,
    read_items,
    soft_targets,
    valence_labels,
)

RECORD = {
    "id": "bees 1",
    "topic": "bees",
    "text": "Nobody showed us the hive.",
    "question": "Who taught you?",
    "domains": {"Knowledge": "barrier", "Social influences": "neutral"},
    "also": ["Skills"],
}
KNOWLEDGE, SKILLS, GOALS = map(DOMAINS.index, ("Knowledge", "Skills", "Goals"))


def write(path: Path, *records: object) -> Path:
    lines = [one if isinstance(one, str) else json.dumps(one) for one in records]
    path.write_text("\n".join(lines) + "\n", "utf-8")
    return path


def test_read_items(tmp_path: Path) -> None:
    bare = {"id": 7, "topic": "bins", "text": "Größer.", "domains": {}, "more": "ignored"}
    nulls = {**bare, "question": None, "also": None}
    file = write(tmp_path / "items.jsonl", RECORD, bare, nulls)
    first, second, third = read_items(file)
    assert first == Item(
        "bees 1",
        "bees",
        "Nobody showed us the hive.",
        "Who taught you?",
        (("Knowledge", "barrier"), ("Social influences", "neutral")),
        ("Skills",),
    )
    assert second == third == Item("7", "bins", "Größer.", "", (), ())


@pytest.mark.parametrize(
    "line",
    [
        pytest.param("{", id="no JSON"),
        pytest.param("", id="empty"),
        pytest.param("[1, 2]", id="a list"),
        pytest.param("null", id="null"),
        pytest.param({**RECORD, "domains": ["Knowledge"]}, id="domains as a list"),
        pytest.param({**RECORD, "also": 3}, id="also as a number"),
        pytest.param({**RECORD, "also": [["Skills"]]}, id="also as lists"),
        pytest.param({**RECORD, "domains": {"Knowledge": ["barrier"]}}, id="a list of valences"),
        pytest.param("[" * 100_000, id="deeper than Python goes"),
        *(
            pytest.param({k: v for k, v in RECORD.items() if k != key}, id=f"no {key}")
            for key in ("id", "topic", "text", "domains")
        ),
    ],
)
def test_a_line_that_is_no_item_is_named(tmp_path: Path, line: object) -> None:
    file = write(tmp_path / "items.jsonl", RECORD, line, RECORD)
    with pytest.raises((FormatError, CodebookError)) as caught:
        read_items(file)
    assert "line 2" in str(caught.value)
    assert str(caught.value).startswith("items.jsonl")
    assert "hive" not in str(caught.value)


@pytest.mark.parametrize(
    "change",
    [
        {"domains": {"Wisdom": "barrier"}},
        {"domains": {"Knowledge": "good"}},
        {"domains": {"Knowledge": None}},
        {"domains": {"knowledge": "barrier"}},
        {"also": ["Wisdom"]},
        {"also": "Skills"},
    ],
    ids=str,
)
def test_an_unknown_label_is_named(tmp_path: Path, change: dict[str, object]) -> None:
    file = write(tmp_path / "items.jsonl", RECORD, {**RECORD, **change})
    with pytest.raises(CodebookError, match=r"items\.jsonl, line 2.*not in the framework"):
        read_items(file)


@pytest.mark.parametrize("separator", ["\u2028", "\u2029", "\x85"])
def test_a_line_separator_inside_a_text(tmp_path: Path, separator: str) -> None:
    record = {**RECORD, "text": f"One{separator}two."}
    file = write(tmp_path / "items.jsonl", json.dumps(record, ensure_ascii=False))
    assert [item.text for item in read_items(file)] == [f"One{separator}two."]


def test_a_file_that_is_not_utf_8(tmp_path: Path) -> None:
    file = tmp_path / "items.jsonl"
    file.write_bytes(json.dumps({**RECORD, "text": "Größer."}, ensure_ascii=False).encode("latin1"))
    with pytest.raises(FormatError, match=r"items\.jsonl \(line 1\)") as caught:
        read_items(file)
    assert "er." not in str(caught.value)


def test_item_files_are_sorted_and_lie_directly_in_the_folder(tmp_path: Path) -> None:
    (tmp_path / "study").mkdir()
    for name in ("b.jsonl", "a.jsonl", "README.md", "study/c.jsonl"):
        (tmp_path / name).touch()
    assert [file.name for file in item_files(tmp_path)] == ["a.jsonl", "b.jsonl"]


def test_which_topics_are_unseen_never_changes() -> None:
    """Another answer would let a model be measured on topics that it was fitted on."""
    names = ["bees", "sheds", "bins", "stairs", "chess", "boats", "bread", "kites"]
    assert [name for name in names if is_unseen(name)] == ["bees", "sheds"]
    code = f"from tdfnlp.items import is_unseen; print(*filter(is_unseen, {names!r}))"
    again = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONHASHSEED": "7"},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert again.stdout.split() == ["bees", "sheds"]


def test_one_topic_in_six_is_unseen() -> None:
    share = np.mean([is_unseen(f"topic {number}") for number in range(6000)])
    assert 0.15 < share < 0.185


def test_targets_share_a_passage_and_leave_some_for_its_second_best() -> None:
    items = [
        Item("1", "bees", "", "", (("Knowledge", "mixed"), ("Skills", "barrier"))),
        Item("2", "bees", "", "", (("Knowledge", "mixed"),), ("Skills", "Goals")),
        Item("3", "bees", "", "", (("Knowledge", "mixed"),), ("Knowledge", "Goals")),
        Item("4", "bees", "", "", (("Knowledge", "mixed"),), ("Knowledge",)),
        Item("5", "bees", "", "", ()),
        Item("6", "bees", "", "", (), ("Goals",)),
    ]
    expected = np.zeros((6, len(DOMAINS) + 1))
    expected[0, [KNOWLEDGE, SKILLS]] = 0.5
    expected[1, [KNOWLEDGE, SKILLS, GOALS]] = 1 - ALSO, ALSO / 2, ALSO / 2
    expected[2, [KNOWLEDGE, GOALS]] = 1 - ALSO, ALSO
    expected[3, KNOWLEDGE] = 1
    expected[[4, 5], -1] = 1
    np.testing.assert_allclose(soft_targets(items), expected)


NAMES = st.lists(st.sampled_from(DOMAINS), unique=True, max_size=4)


@given(st.lists(st.tuples(NAMES, NAMES, st.sampled_from(VALENCES)), max_size=8))
def test_labels_agree_with_each_other(drawn: list[tuple[list[str], list[str], Valence]]) -> None:
    items = [
        Item(str(place), "bees", "", "", tuple((name, valence) for name in names), tuple(also))
        for place, (names, also, valence) in enumerate(drawn)
    ]
    targets, valences = soft_targets(items), valence_labels(items)
    labels = domain_labels(items)
    assert targets.shape == (len(items), len(DOMAINS) + 1)
    assert valences.shape == labels.shape == (len(items), len(DOMAINS))
    np.testing.assert_allclose(targets.sum(axis=1), 1)
    np.testing.assert_array_equal(valences >= 0, labels)
    for row, (names, _, valence) in enumerate(drawn):
        assert {DOMAINS[place] for place in np.flatnonzero(labels[row])} == set(names)
        assert set(valences[row][labels[row]]) <= {VALENCES.index(valence)}
        if names:  # the second-best never outweigh the first
            first = targets[row, :-1][labels[row]].min()
            assert first >= targets[row, :-1][~labels[row]].max()
