"""What holds once all coders are heard."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from tdfnlp.consensus import direction, settle
from tdfnlp.framework import Valence
from tdfnlp.store import Answer, Label

KNOWLEDGE = Label(("Knowledge",), "Knowledge", "barrier")
HELPS = Label(("Knowledge",), "Knowledge", "facilitator")
CHILD = Label(("Knowledge", "How"), "Knowledge")
SKILLS = Label(("Skills",), "Skills")
HUMOUR = Label(("Humour",), None)


def answers(*given: tuple[str, Sequence[Label], str]) -> list[Answer]:
    return [
        Answer(number, str(number), 1, coder, "skip" if how == "skip" else "code", tuple(labels),
               how="page" if how == "skip" else how)  # type: ignore[arg-type]
        for number, (coder, labels, how) in enumerate(given, start=1)
    ]  # fmt: skip


def test_coders_who_agree_on_the_domains_decide_and_codes_are_joined() -> None:
    found = settle(answers(("Ana", [KNOWLEDGE], "page"), ("Ben", [CHILD, HELPS], "imported")))
    assert found.confirmed == {1: (Label(("Knowledge",), "Knowledge"), CHILD)}
    assert found.coders == {1: ("Ana", "Ben")} and found.open == ()


def test_coders_who_differ_leave_it_open() -> None:
    for other in ([SKILLS], [KNOWLEDGE, SKILLS], [], [HUMOUR]):
        found = settle(answers(("Ana", [KNOWLEDGE], "page"), ("Ben", other, "page")))
        assert (found.confirmed, found.coders, found.open) == ({}, {}, (1,))


def test_codes_outside_the_framework_need_no_agreement() -> None:
    found = settle(answers(("Ana", [KNOWLEDGE, HUMOUR], "page"), ("Ben", [KNOWLEDGE], "page")))
    assert found.confirmed == {1: (KNOWLEDGE, HUMOUR)}
    assert settle(answers(("Ana", [HUMOUR], "page"), ("Ben", [], "page"))).open == ()


def test_a_direction_belongs_to_the_domain_whichever_of_its_codes_has_it() -> None:
    child = replace(CHILD, valence="facilitator")
    found = settle(answers(("Ana", [KNOWLEDGE], "page"), ("Ben", [child], "page")))
    assert found.confirmed == {1: (replace(KNOWLEDGE, valence=None), CHILD)}
    found = settle(answers(("Ana", [KNOWLEDGE, child], "page"), ("Ben", [CHILD], "page")))
    assert found.confirmed == {1: (KNOWLEDGE, child)}


def test_no_code_is_an_answer_and_skipping_is_none() -> None:
    assert settle(answers(("Ana", [], "page"), ("Ben", [], "page"))).confirmed == {1: ()}
    found = settle(answers(("Ana", [SKILLS], "page"), ("Ben", [], "skip")))
    assert found.coders == {1: ("Ana",)}
    assert settle(answers(("Ben", [], "skip"))) == settle([])


def test_the_last_adjudication_decides_alone() -> None:
    found = settle(
        answers(
            ("Ana", [KNOWLEDGE], "page"), ("Ben", [SKILLS], "page"),
            ("Ana", [HUMOUR], "adjudication"), ("Cy", [SKILLS], "adjudication"),
        )
    )  # fmt: skip
    assert found.confirmed == {1: (SKILLS,)} and found.coders == {1: ("Cy",)}


@pytest.mark.parametrize(
    ("given", "joined"),
    [
        ([], None), ([None], None), ([None, "barrier"], "barrier"),
        (["neutral", "barrier"], "barrier"), (["neutral"], "neutral"),
        (["facilitator", "barrier"], "mixed"), (["mixed", "barrier"], "mixed"),
    ],
)  # fmt: skip
def test_directions_are_joined(given: list[Valence | None], joined: Valence | None) -> None:
    assert direction(given) == joined
