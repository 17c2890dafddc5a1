"""Codebooks: the hash that ties a model to its labels."""

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from tdfnlp.codebook import TDF_CODEBOOK, Code, Codebook
from tdfnlp.framework import DOMAINS, TDF

letters = st.text('ab/"[],é中', max_size=4)
codes = st.builds(
    Code,
    st.lists(letters, min_size=1, max_size=3).map(tuple),
    st.none() | st.sampled_from(DOMAINS),
    letters,
)
books = st.lists(codes, max_size=4).map(lambda some: Codebook(tuple(some)))


def test_built_in_codebook_is_the_framework() -> None:
    assert [code.domain for code in TDF_CODEBOOK.codes] == list(DOMAINS)
    assert [code.path for code in TDF_CODEBOOK.codes] == [(name,) for name in DOMAINS]
    assert [code.definition for code in TDF_CODEBOOK.codes] == [one.definition for one in TDF]


def test_hash_never_changes_by_accident() -> None:
    # Every saved model carries it: a new value refuses all of them.
    assert TDF_CODEBOOK.hash == "2d84db24a69049d3e3be865eb1153450748b65291c8de635035a5d31cf0a9714"


def test_rewording_a_definition_keeps_the_hash() -> None:
    reworded = Codebook(tuple(replace(code, definition="other") for code in TDF_CODEBOOK.codes))
    assert reworded != TDF_CODEBOOK
    assert reworded.hash == TDF_CODEBOOK.hash


def test_hash_sees_order_nesting_and_domain() -> None:
    first = Code(("Waiting", "at the clinic"), "Emotion")
    second = Code(("Waiting",), None)
    variants = [
        Codebook((first, second)),
        Codebook((second, first)),
        Codebook((first,)),
        Codebook((replace(first, path=("Waiting/at the clinic",)), second)),
        Codebook((replace(first, domain="Goals"), second)),
        Codebook((replace(first, domain=None), second)),
    ]
    assert len({book.hash for book in variants}) == len(variants)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(books, books)
def test_equal_hashes_mean_equal_paths_and_domains(one: Codebook, other: Codebook) -> None:
    same = [(code.path, code.domain) for code in one.codes] == [
        (code.path, code.domain) for code in other.codes
    ]
    assert (one.hash == other.hash) == same
