"""What reading a REFI-QDA project leaves behind, and writing one: a sentence for each kind."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType

from ..coding import Study
from .cases import joined
from .conventions import date_of, key, unsaid
from .dialect import Dialect, Ruler
from .elements import Element
from .qdc import NAMELESS
from .refi import Project, about, under, walk_codes
from .splice import clean

_SENTENCES: Mapping[str, str] = MappingProxyType(
    {
        "bare": "{} marked passages carry no code",
        "comment": "{} comments on passages without a code were left out",
        "case": "{} passages stand for a case (a person), not for a code",
        "dangling": "{} codings point to a code that the project does not define",
        "outside": "{} codings lie outside their text and were left out",
        "media": "{} codings of pictures, sound or regions of a page were left out",
        "unread": "{} sources without any text (pictures, recordings) were left out",
        "silent": "{} codings belong to texts that could not be read",
        "nameless": f"{{}} codes have no name; they are called {NAMELESS!r}",
        "flat": "{} codes are called like 'a::b' and none is nested: they were taken as 'a' > 'b'",
        "links": "{} links were left out",
        "sets": "{} sets were left out",
        "graphs": "{} graphs were left out",
        "project": "{} descriptions of or notes on the project itself were left out",
        "codes": "{} notes on codes were left out",
        "sources": "{} descriptions of or notes on sources were left out",
        "unused": "{} notes (memos, journals) that belong to nothing coded were left out",
    }
)


def left_out(project: Project) -> Counter[str]:
    """Count what a project holds and a study does not."""
    root = project.root
    codes = [(code, _refs(element)) for code, element in walk_codes(root)]
    sources = root.first("Sources")
    holders = {id(one): one for one in (sources.children if sources else ())}
    holders |= {id(one.element): one.element for one in project.sources}
    on_sources = [note for one in holders.values() for note in _refs(one)]
    marks = [
        mark
        for source in project.sources
        for some in (source.marks, *(one.marks for one in source.selections))
        for mark in some
    ]
    used = {note for mark in marks for note in mark.notes}.union(
        on_sources, _refs(root), *(notes for _, notes in codes)
    )
    return Counter(
        nameless=sum(code.path[-1] == NAMELESS for code, _ in codes),
        flat=len({code.path for code, _ in codes} - {code.path for code in project.codes}),
        links=_count(root, "Links", "Link"),
        sets=_count(root, "Sets", "Set") + _count(root, "CodeBook", "Sets", "Set"),
        graphs=_count(root, "Graphs", "Graph"),
        project=bool(about(root)) + len(_refs(root)),
        codes=sum(len(notes) for _, notes in codes),
        sources=len(on_sources) + sum(bool(about(one)) for one in holders.values()),
        unused=len(set(project.notes) - used),
    )


def _count(root: Element, *tags: str) -> int:
    return sum(1 for _ in under(root, *tags))


def _refs(holder: Element) -> list[str]:
    return [key(one.get("targetGUID")) for one in holder.all("NoteRef")]


def sentences(lost: Mapping[str, int]) -> Iterator[str]:
    """Say what was counted, a sentence for each kind."""
    for what, sentence in _SENTENCES.items():
        if lost[what]:
            yield sentence.format(lost[what]) + "."


def unwritten(study: Study, dialect: Dialect) -> Iterator[str]:
    """Say what a new project cannot carry, or other programs will take otherwise."""
    yield "Speakers, roles and time stamps are not carried: programs find speakers in the text."
    if any((one.source or "").lower().endswith(".qdpx") for one in study.transcripts):
        yield (
            "A new project holds texts, codes, codings, notes on codings, and variables; what else "
            "was in the project that was read (recordings, pages, memos, links) is not in it."
        )
    counts = {**_of_codes(study), **_of_codings(study), **_of_texts(study)}
    yield from (sentence.format(count) for sentence, count in counts.items() if count)
    astral = sum(bool(Ruler(one.text).matters()[0]) for one in study.transcripts)
    if astral and dialect.utf16:
        yield (
            f"{astral} texts hold emoji or the like. Positions are counted as NVivo counts; a "
            "program that counts code points sees codings after them shifted."
        )


def _of_codes(study: Study) -> dict[str, int]:
    paths = {code.path for code in study.codes}.union(
        one.code[:depth] for one in study.codings for depth in range(1, len(one.code) + 1)
    )
    names = Counter(path[-1].strip() for path in paths)
    return {
        "{} codes lose their TDF domain or direction; their names stay.": sum(
            code.domain is not None or code.valence is not None for code in study.codes
        ),
        "{} codes have the path of another and became one with it.": (
            len(study.codes) - len({code.path for code in study.codes})
        ),
        "{} codes have a name that another code has too: QualCoder, where names are unique, loses "
        "their codings.": sum(times - 1 for times in names.values()),
    }


def _of_codings(study: Study) -> dict[str, int]:
    return {
        "{} codings have a direction that their code does not name; it is lost.": unsaid(
            study.codings
        ),
        "{} codings have a date that is no ISO date and time; it is lost.": sum(
            bool(one.when) and not date_of(one.when) for one in study.codings
        ),
    }


def _of_texts(study: Study) -> dict[str, int]:
    texts = [one.text for one in study.transcripts]
    return {
        "{} texts hold half characters (surrogates), which became question marks.": sum(
            map(is_torn, texts)
        ),
        "{} names or notes hold control characters, which became U+FFFD.": _unclean(
            [
                *(name for code in study.codes for name in code.path),
                *(one.id for one in study.transcripts),
                *(one.note for one in study.codings),
                *{one.coder for one in study.codings},
            ]
        ),
        "{} texts mix kinds of line ends or begin with U+FEFF: QualCoder sees codings after them "
        "shifted.": sum(map(_is_mixed, texts)),
        "{} texts have several values of one variable, which were joined.": sum(
            len(joined(one.attributes)) < len(one.attributes) for one in study.transcripts
        ),
    }


def is_torn(text: str) -> bool:
    """Whether a text holds half characters, which no file can."""
    return re.search("[\ud800-\udfff]", text) is not None


def _is_mixed(text: str) -> bool:
    """Whether QualCoder, which pads lines where it sees a CRLF, loses count."""
    whole = text.count("\r\n")
    return text.startswith("\ufeff") or 0 < whole < max(text.count("\n"), text.count("\r"))


def _unclean(texts: Iterable[str]) -> int:
    return sum(clean(text) != text for text in texts)
