"""The framework as Cane 2012 and Michie 2005 print it."""

from dataclasses import FrozenInstanceError
from typing import Any, cast

import pytest

from tdfnlp.framework import COM_B, DOMAINS, DOMAINS_V1, TDF, V1_TO_V2

COUNTS = {
    "Knowledge": 3,
    "Skills": 7,
    "Social/professional role and identity": 9,
    "Beliefs about capabilities": 8,
    "Optimism": 4,
    "Beliefs about consequences": 5,
    "Reinforcement": 7,
    "Intentions": 3,
    "Goals": 6,
    "Memory, attention and decision processes": 5,
    "Environmental context and resources": 6,
    "Social influences": 11,
    "Emotion": 7,
    "Behavioural regulation": 3,
}


def test_version_2_has_14_domains_and_84_constructs_in_canes_order() -> None:
    assert {domain.name: len(domain.constructs) for domain in TDF} == COUNTS
    assert tuple(COUNTS) == DOMAINS
    assert sum(len(domain.constructs) for domain in TDF) == 84


def test_no_construct_stands_twice_in_one_domain_and_none_is_blank() -> None:
    for domain in TDF:
        assert len(set(domain.constructs)) == len(domain.constructs)
        assert all(name == name.strip() != "" for name in (domain.name, *domain.constructs))
        assert domain.definition.endswith(".")


def test_constructs_that_stand_in_two_domains_are_the_known_ones() -> None:
    every = [construct for domain in TDF for construct in domain.constructs]
    assert {construct for construct in every if every.count(construct) > 1} == {
        "Professional confidence",
        "Identity",
        "Beliefs",
        "Consequents",
        "Group identity",
        "Action planning",
    }


def test_version_1_has_12_domains_and_a_lossy_crosswalk() -> None:
    assert len(DOMAINS_V1) == 12
    assert tuple(V1_TO_V2) == DOMAINS_V1
    assert V1_TO_V2["Motivation and goals"] == {"Intentions", "Goals"}
    assert V1_TO_V2["Nature of the behaviours"] == frozenset()
    assert [old for old, new in V1_TO_V2.items() if not new] == ["Nature of the behaviours"]


def test_every_version_2_domain_is_reached_and_a_kept_name_keeps_its_meaning() -> None:
    assert frozenset().union(*V1_TO_V2.values()) == set(DOMAINS)
    assert sum(map(len, V1_TO_V2.values())) == len(DOMAINS)  # none from two places
    kept = set(DOMAINS_V1) & set(DOMAINS)
    assert kept == set(DOMAINS_V1) - {"Motivation and goals", "Nature of the behaviours"}
    assert all(name in V1_TO_V2[name] for name in kept)


def test_com_b_sets() -> None:
    assert len(set(COM_B)) == 6
    assert all(domain.com_b and domain.com_b <= set(COM_B) for domain in TDF)
    assert frozenset().union(*(domain.com_b for domain in TDF)) == set(COM_B)
    by_name = {domain.name: domain.com_b for domain in TDF}
    assert {name for name, com_b in by_name.items() if len(com_b) == 2} == {
        "Skills",
        "Social/professional role and identity",
        "Optimism",
    }
    assert by_name["Skills"] == {"Capability: physical", "Capability: psychological"}
    assert by_name["Optimism"] == {"Motivation: reflective", "Motivation: automatic"}
    assert by_name["Social influences"] == {"Opportunity: social"}
    assert by_name["Environmental context and resources"] == {"Opportunity: physical"}
    assert by_name["Emotion"] == by_name["Reinforcement"] == {"Motivation: automatic"}


def test_nothing_can_be_changed() -> None:
    hash((TDF, DOMAINS, DOMAINS_V1, COM_B))  # only what is immutable all the way down can
    assert all(isinstance(new, frozenset) for new in V1_TO_V2.values())
    with pytest.raises(TypeError):
        cast(Any, V1_TO_V2)["Knowledge"] = frozenset()
    with pytest.raises(FrozenInstanceError):
        cast(Any, TDF[0]).name = "Wisdom"
