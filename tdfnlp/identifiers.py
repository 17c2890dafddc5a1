"""Words in transcripts that may tell who somebody is.

This finds what has a shape: it misses names that nothing introduces, nicknames, places of work and
the story itself. So it counts what it finds and certifies nothing. Every pattern looks a bounded
distance ahead, so that the time is linear in the text.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal, get_args

from .transcript import Transcript

Kind = Literal[
    "name", "e-mail", "health number", "phone", "postcode", "address", "social security number",
    "record number", "date of birth", "age over 89", "web address", "handle", "number plate",
]  # fmt: skip
KINDS: tuple[Kind, ...] = get_args(Kind)


@dataclass(frozen=True, slots=True)
class Identifier:
    """A span that may identify somebody; the words themselves are not kept.

    Attributes
    ----------
    kind : str
        One of ``KINDS``.
    start, end : int
        Span in the text, code points, half-open.
    """

    kind: Kind
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Flags:
    """How many possible identifiers transcripts hold.

    Attributes
    ----------
    counts : tuple of (str, str, int)
        Transcript id, kind and how many, in the order of the transcripts and of ``KINDS``;
        none are zero.
    """

    counts: tuple[tuple[str, Kind, int], ...]

    def summary(self) -> str:
        """Say it in one line, without any of the words found.

        Examples
        --------
        >>> Flags((("P1", "name", 2), ("P2", "phone", 1))).summary()
        'possible identifiers: 2 names, 1 phone in 2 transcripts; never certified clean'
        """
        totals: Counter[Kind] = Counter()
        for _, kind, count in self.counts:
            totals[kind] += count
        found = ", ".join(_counted(totals[kind], kind) for kind in KINDS if totals[kind])
        where = len({name for name, _, _ in self.counts})
        place = f" in {_counted(where, 'transcript')}" if found else ""
        return f"possible identifiers: {found or 'none found'}{place}; never certified clean"


def find_identifiers(text: str) -> tuple[Identifier, ...]:
    """Find what may identify a person.

    Parameters
    ----------
    text : str
        A transcript, or a part of one. English; British and North American shapes.

    Returns
    -------
    tuple of Identifier
        In order, never overlapping: where two kinds claim the same words, the one that begins
        first, then the longer one, is kept.

    Examples
    --------
    >>> [(one.kind, one.start, one.end) for one in find_identifiers("Hi, my name is Ana Roe.")]
    [('name', 15, 22)]
    """
    found = [one for kind, pattern in _PATTERNS for one in _matches(kind, pattern, text)]
    kept: list[Identifier] = []
    for one in sorted(found, key=lambda one: (one.start, -one.end, KINDS.index(one.kind))):
        if not kept or one.start >= kept[-1].end:
            kept.append(one)
    return tuple(kept)


def flag(transcripts: Iterable[Transcript]) -> Flags:
    """Count possible identifiers, by transcript and kind.

    Parameters
    ----------
    transcripts : iterable of Transcript
        All of their text is looked at, the interviewer's too.
    """
    counts: list[tuple[str, Kind, int]] = []
    for one in transcripts:
        kinds = Counter(found.kind for found in find_identifiers(one.text))
        counts += [(one.id, kind, kinds[kind]) for kind in KINDS if kinds[kind]]
    return Flags(tuple(counts))


def _counted(count: int, noun: str) -> str:
    if count == 1:
        return f"1 {noun}"
    plural = _PLURALS.get(noun) or noun + ("es" if noun.endswith("s") else "s")
    return f"{count} {plural}"


_PLURALS: Mapping[str, str] = {"date of birth": "dates of birth", "age over 89": "ages over 89"}


def _matches(kind: Kind, pattern: re.Pattern[str], text: str) -> Iterator[Identifier]:
    check = _CHECKS.get(kind)
    for match in pattern.finditer(text):
        start, end = match.span("it" if "it" in pattern.groupindex else 0)
        if check is None or check(text[start:end]):
            yield Identifier(kind, start, end)


def _is_name(found: str) -> bool:
    """Whether words after "I'm" and the like begin with no everyday word and no acronym."""
    first = found.replace("’", "'").split()[0]  # noqa: RUF001
    return first.casefold().strip(".'") not in _NOT_NAMES and not re.fullmatch("[A-Z]{2,4}", first)


def _is_nhs_number(found: str) -> bool:
    """Check ten digits by the NHS's own rule: weights 10 to 2, modulo 11."""
    digits = [int(one) for one in found if one.isdecimal()]
    total = sum(weight * digit for weight, digit in zip(range(10, 1, -1), digits, strict=False))
    return len(digits) == 10 and any(digits) and (11 - total % 11) % 11 == digits[9]


def _is_phone(found: str) -> bool:
    """Whether there are enough digits for a telephone, and not all the same."""
    digits = [one for one in found if one.isdecimal()]
    return 9 <= len(digits) <= 15 and len(set(digits)) > 1


_CHECKS: Mapping[Kind, Callable[[str], bool]] = {
    "name": _is_name,
    "health number": _is_nhs_number,
    "phone": _is_phone,
}

# What people say they are, and how a sentence about names goes on.
_NOT_NAMES = frozenset(
    "a african african-american aged all already also always american an and asian asperger's at "
    "attached australian austrian autistic band bangladeshi because being belgian black both "
    "brazilian british bulgarian but called canadian caribbean catholic caucasian chair chinese "
    "christian christmas common consultant covid croatian crossed cuban czech danish deputy "
    "difficult director doctor down dutch easter easy educator egyptian english ethiopian "
    "european everybody everyone everywhere filipino finnish first folks for french friday from "
    "german ghanaian given god goodness google grade greek guys hard head here hindu hispanic "
    "hungarian i i'd i'll i'm i've icelandic in indian indigenous indonesian iranian iraqi irish "
    "israeli it italian its jamaican january japanese jewish jordanian just kenyan known korean "
    "kurdish last latina latino latvian lebanese lithuanian long malay malaysian maltese manager "
    "mentioned mexican missing mm monday moroccan muslim my native nepalese nepali never next "
    "nigerian no north northern norwegian not nurse of ok okay on one only our out pakistani "
    "palestinian persian peruvian polish portuguese practitioner professor pronounced protestant "
    "punjabi put quaker quite really registered removed romanian russian saturday saudi scottish "
    "senior serbian short sikh sister slovak slovenian so so-and-so somali south southern spanish "
    "specialist spelled spelt sri still sudanese sunday swedish swiss syrian taiwanese taken "
    "tamil tanzanian team thai that the their there this thursday to too tuesday tunisian turkish "
    "type ugandan uh ukrainian um unusual very vietnamese wednesday well welsh west what white "
    "with written wrong yeah yes you your zambian zimbabwean".split()
)

_CAPITAL = r"[A-ZÀ-ÖØ-Þ]"
_ONE = rf"{_CAPITAL}[\w’'-]{{1,24}}"  # noqa: RUF001
_ANY = r"[^\W\d_][\w’'-]{1,24}"  # noqa: RUF001
_NAME = rf"(?P<it>{_ONE}(?:[ \t]{_ONE}){{0,2}})"
_GAP = r"[ \t]{1,3}"
_APOSTROPHE = "['’]"  # noqa: RUF001
_TITLE = "Dr|Doctor|Mr|Mrs|Ms|Miss|Mx|Prof|Professor|Nurse|Sister|Sir|Dame|Matron|Rev|Father"
_SOMEBODY = (
    "husband wife partner son daughter mother father mum mom dad brother sister manager boss "
    "friend colleague nurse doctor consultant patient someone somebody person people woman man "
    "lady guy girl boy who he she they"
).split()
_STREET = (
    r"(?:road|rd|street|st|avenue|ave|lane|ln|drive|dr|close|court|ct|crescent|cres|gardens|grove|"
    r"place|square|terrace|way|boulevard|blvd|hill|mews|parade|row|walk|circle|highway|parkway)"
)
_STATES = (
    "A[KLRZ]|C[AOT]|D[CE]|FL|GA|HI|I[ADLN]|K[SY]|LA|M[ADEINOST]|N[CDEHJMVY]|O[HKR]|PA|RI|"
    "S[CD]|T[NX]|UT|V[AT]|W[AIVY]"
)
_MONTH = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|"
    r"sep(?:t(?:ember)?)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)"
)
_YEAR = r"(?:19|20)\d\d"
_DAY = r"(?:[0-2]?\d|3[01])(?:st|nd|rd|th)?"
_DATE = (
    rf"(?:\d{{1,2}}[/.-]\d{{1,2}}[/.-](?:{_YEAR}|\d\d)|{_YEAR}-\d\d-\d\d|"
    rf"(?:the{_GAP})?{_DAY}(?:{_GAP}of)?{_GAP}{_MONTH}(?:,?{_GAP}{_YEAR})?|"
    rf"{_MONTH}{_GAP}{_DAY}(?:,?{_GAP}{_YEAR})?|{_YEAR})"
)

_RECORD = (
    "hospital patient nhs record mrn case chart licence license passport staff employee member "
    "membership insurance policy registration gmc nmc pin account unit"
).split()
_RELATIVE = "he she mum mom mother dad father nan gran grandmother grandfather husband wife".split()
_UNIT = r"%|per|kg|k\b|mg|ml|km|cm|mm|min|hour|day|week|month|mile|degree|pound|quid|time|out"


def _after(*phrases: str) -> str:
    """Look back for one of some phrases: quicker than to begin with them at every word."""
    return "(?:" + "|".join(f"(?<={re.escape(phrase)} )" for phrase in phrases) + ")"


def _forms(words: Iterable[str], *ends: str) -> Iterator[str]:
    return (word + end for word in words for end in ends)


_SOURCES: tuple[tuple[Kind, str], ...] = (
    # What people say their name is counts in small letters too: speech recognisers write so.
    ("name", rf"\b(?i:my|his|her|their)(?:{_GAP}(?:first|last|full|real|middle))?{_GAP}"
             rf"(?:sur|fore)?name(?:{_APOSTROPHE}s|{_GAP}is|{_GAP}was){_GAP}"
             rf"(?P<it>{_ANY}(?:[ \t]{_ONE}){{0,2}})"),
    ("name", r"\b(?=[CcNn]a[lm])(?i:"
             + _after("I am", "I'm", "I’m", *_forms(_SOMEBODY, "", " is", " was", "'s", "’s"))  # noqa: RUF001
             + rf"(?:called|named)){_GAP}{_NAME}"),
    ("name", rf"\b(?i:call(?:s|ed)?{_GAP}me){_GAP}{_NAME}"),
    ("name", rf"\b[Ii](?:{_APOSTROPHE}m|{_GAP}am){_GAP}{_NAME}"),
    ("name", rf"\b(?:[Tt]his{_GAP}is|[Ii]t(?:{_APOSTROPHE}s|{_GAP}is)){_GAP}{_NAME}"
             rf"(?={_GAP}(?:speaking|here|from|calling)\b)"),
    ("name", rf"\b(?i:thanks|thank{_GAP}you|hi|hiya|hello|dear)[ \t,]{{1,3}}{_NAME}"),
    ("name", rf"\b(?:{_TITLE})\.?{_GAP}{_NAME}"),
    ("name", rf"\b(?:dr|mr|mrs)\.?{_GAP}"
             r"(?!said|say|ask|told|came|will|would|who|did|does|just|was|has|had|and)"
             r"(?P<it>[a-z]{3,25})\b"),
    ("e-mail", r"(?<![\w.%+-])[\w.%+-]{1,64}(?:@|[ \t]?[(\[]at[)\]][ \t]?)[A-Za-z0-9-]{1,63}"
               r"(?:\.[A-Za-z0-9-]{1,63}){1,5}"),
    ("e-mail", r"(?i)(?<![\w.-])[\w.-]{1,40}(?: dot [\w-]{1,30}){0,3} at [\w-]{1,30}"
               r"(?: dot [\w-]{1,30}){0,3} dot (?:com|co|org|net|ac|edu|uk)\b"),
    ("health number", r"(?<![\d-])\d{3}[ -]?\d{3}[ -]?\d{4}(?![\d-])"),
    # A separator is no digit, so there is one way only to read a run of digits.
    ("phone", r"(?<![\w.+(])(?:\+\d|\(?0\d|\(\d)(?:[ ().-]{0,3}\d){7,14}(?!\w)"),
    ("phone", r"(?<![\w-])\d{3}[-. ]\d{3}[-. ]\d{4}(?![\w-])"),
    ("postcode", r"\b(?:GIR ?0AA|[A-PR-UWYZ](?:\d{1,2}|[A-HK-Y]\d(?:\d|[ABEHMNPRV-Y])?|"
                 r"\d[A-HJKPSTUW]) ?\d[ABD-HJLNP-UW-Z]{2})\b"),
    ("postcode", rf"\b(?:{_STATES}),? {{1,2}}\d{{5}}(?:-\d{{4}})?\b"),
    ("postcode", r"\b[ABCEGHJ-NPRSTVXY]\d[ABCEGHJ-NPRSTV-Z] ?\d[A-Z]\d\b"),
    ("address", rf"\b\d{{1,5}}[A-Za-z]?,?{_GAP}(?:{_CAPITAL}[\w’'.-]{{0,24}}{_GAP}){{1,3}}"  # noqa: RUF001
                rf"(?i:{_STREET})\b"),
    ("address", rf"\b\d{{1,4}}[a-z]?,?{_GAP}(?!lane|way|mile|busy|main)[a-z]{{3,20}}{_GAP}"
                r"(?:road|street|avenue|crescent|terrace)\b"),
    ("address", r"(?i)\b(?:flat|apartment|apt)\.? \d{1,4}[a-z]?\b"),
    ("social security number",
     r"(?<![\d-])(?!000|666|9)\d{3}-(?!00)\d{2}-(?!0000)\d{4}(?![\d-])"),
    ("social security number",
     r"\b[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z] ?\d{2} ?\d{2} ?\d{2} ?[A-D]\b"),
    ("record number", rf"(?i)(?<!\w)(?=[nic#]){_after(*_RECORD)}(?:number|no\.?|id|code|#)"
                      rf"(?:{_GAP}(?:is|was)|:)?[ \t]{{0,3}}"
                      r"(?P<it>(?=[a-z/-]{0,6}\d)[a-z0-9/-]{4,20})\b"),
    ("record number", r"(?i)\bmrn[ :#]{1,3}(?P<it>\d{4,12})\b"),
    ("date of birth", rf"(?i)\b(?:born(?:{_GAP}(?:on|in))?|(?:dob|d\.o\.b\.?|"
                      rf"date{_GAP}of{_GAP}birth|birthday)(?:{_APOSTROPHE}?s|{_GAP}is|{_GAP}was)?)"
                      rf"[ \t:,]{{1,3}}(?:on{_GAP})?(?P<it>{_DATE})\b"),
    ("date of birth", r"(?<![\w/.-])(?:0?[1-9]|[12]\d|3[01])([/.-])(?:0?[1-9]|[12]\d|3[01])\1"
                      r"(?:(?:19|20)\d\d|(?<=/)\d\d)(?![\w/-])"),
    ("age over 89", r"(?i)\b(?=9\d|1[01]\d)"
                    + _after("age", "aged", "turned", "turning", "turns", "now", "nearly", "i am",
                             "i'm", "i’m",  # noqa: RUF001
                             *_forms(_RELATIVE, " is", " was", "'s", "’s"))  # noqa: RUF001
                    + rf"(?:9\d|1[01]\d)\b(?![.,:/-]?\d|[ -]?(?:{_UNIT}))"),
    ("age over 89", r"(?i)\b(?:9\d|1[01]\d)(?=[ -]years?[ -](?:old|of age)\b)"),
    ("age over 89", r"(?i)\bninety(?:[ -](?:one|two|three|four|five|six|seven|eight|nine))?"
                    r"(?=[ -]years?[ -]old\b)"),
    ("web address", r"(?i)\b(?:https?://|www\.)[^\s<>\"']{3,300}"),
    ("web address", r"(?i)\b(?:facebook|instagram|linkedin|twitter|tiktok|x)\.com/[\w./-]{1,100}"),
    ("handle", r"(?<![\w.@/])@[A-Za-z_]\w{2,30}\b"),
    ("number plate", r"\b[A-HJ-PR-Y]{2}\d\d ?[A-HJ-PR-Z]{3}\b"),
)  # fmt: skip
_PATTERNS = tuple((kind, re.compile(source)) for kind, source in _SOURCES)
