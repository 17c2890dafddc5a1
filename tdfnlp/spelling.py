"""How people write the names of domains, directions and COM-B components."""

import difflib
import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from .framework import COM_B, DOMAINS, TDF, V1_TO_V2, Valence

_LONGEST = 300  # a longer name is a sentence
_LONGEST_MISSPELT = 60

# Words that names share, in the spelling that the keys below have.
_VARIANTS: Mapping[str, str] = {
    "attention": "attn attentional",
    "attitude": "attitudes",
    "behaviour": "behavior behaviors behaviours behavioural behavioral beh behav",
    "belief": "beliefs believe bel",
    "capability": "capabilities capable capab",
    "consequence": "consequences conseq consequents consequent",
    "context": "contextual contexts",
    "decision": "decisions",
    "emotion": "emotions emotional emo",
    "environment": "environmental env environ enviro environmentally",
    "goal": "goals",
    "identity": "identities",
    "influence": "influences infl",
    "intention": "intentions intent",
    "knowledge": "knowl",
    "memory": "mem",
    "motivation": "motivational motivations",
    "opportunity": "opportunities",
    "optimism": "optimistic",
    "process": "processes processing making",
    "professional": "prof",
    "regulation": "regulating reg regulations",
    "reinforcement": "reinforcements reinforcing reinf",
    "resource": "resources",
    "role": "roles",
    "skill": "skills",
    "social": "soc",
}
_WORDS = {variant: word for word, some in _VARIANTS.items() for variant in some.split()}
_FILLERS = frozenset(
    "a about an and as code codes concerning domain domains for in its my of on one ones or "
    "own re regarding s tdf the their theme themes to v1 v2".split()
)
_SPELLINGS: Mapping[str, str] = {
    "Knowledge": "knowledge",
    "Skills": "skill",
    "Social/professional role and identity": "social professional role identity,"
    "professional role identity,social role identity,role identity,professional identity,"
    "professional role",
    "Beliefs about capabilities": "belief capability",
    "Optimism": "optimism,optimism pessimism",
    "Beliefs about consequences": "belief consequence",
    "Reinforcement": "reinforcement",
    "Intentions": "intention",
    "Goals": "goal",
    "Memory, attention and decision processes": "memory attention decision process,"
    "memory attention decision,memory decision process,memory attention",
    "Environmental context and resources": "environment context resource,environment resource,"
    "environment context,context resource",
    "Social influences": "social influence",
    "Emotion": "emotion",
    "Behavioural regulation": "behaviour regulation",
}
_ABBREVIATIONS: Mapping[str, str] = {
    "Social/professional role and identity": "spri spr spir sprid",
    "Beliefs about capabilities": "bcap bacap bcaps bacaps",
    "Beliefs about consequences": "bcon bcons bconseq baconseq",
    "Memory, attention and decision processes": "madp madm",
    "Environmental context and resources": "ecr ecar envcr",
    "Social influences": "si socinf",
    "Behavioural regulation": "br behreg",
}
_STRONG_WORDS: Mapping[Valence, str] = {
    "barrier": "barrier barriers obstacle obstacles hindrance hindrances hindering challenge "
    "challenges inhibitor inhibitors impediment impediments",
    "facilitator": "facilitator facilitators enabler enablers facilitating enabling facilitation",
}
_STRONG = {word: valence for valence, words in _STRONG_WORDS.items() for word in words.split()}
# These say a direction only where they stand apart: "Staffing (positive)", not "positive test".
_WEAK: Mapping[str, Valence] = {
    "negative": "barrier",
    "positive": "facilitator",
    "driver": "facilitator",
    "drivers": "facilitator",
    "mixed": "mixed",
    "neutral": "neutral",
}
_SIGNS: Mapping[str, Valence] = {
    "+": "facilitator",
    "-": "barrier",
    "–": "barrier",  # noqa: RUF001
    "−": "barrier",  # noqa: RUF001
    "±": "mixed",
}
_DENIED = frozenset("no not non lack lacking without absence".split())
_OUTSIDE = frozenset(
    "none,other,others,n a,na,not applicable,no domain,no tdf domain,not tdf,not in tdf,non tdf,"
    "outside tdf,outside the tdf,nature of the behaviour,nature of behaviour".split(",")
)
_APART = re.compile(r"::|[:|>\[\](){}]|\s[-–—]\s")  # noqa: RUF001
_BRACKETS = re.compile(r"\([^()]{0,300}\)|\[[^\[\]]{0,300}\]")
_TOKEN = re.compile(r"[^\W_]+")
_SIGN = re.compile(r"(?:^|[\s(\[])([+\-–−±])[)\]\s]*$|^([+±])|(?<=\w)([+\-–−±])$")  # noqa: RUF001
_BOTH = re.compile(r"[+\-–−]\s?/\s?[+\-–−]")  # noqa: RUF001
_BACON = re.compile(r"\bB[Aa]Cons?\b")  # an abbreviation in this spelling, breakfast in another
_NUMBER = re.compile(r"(?:tdf|d|domain)?\d{1,2}")


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a name says by itself.

    Attributes
    ----------
    domain : str or None
        The domain it is a name of.
    valence : {"barrier", "facilitator", "mixed", "neutral"} or None
        The one direction it names.
    directed : bool
        Whether it names any direction; True without a valence where it names both.
    outside : bool
        Whether it says that no domain is meant.
    component : str or None
        The domain of the COM-B component it names, where that has one domain only.
    candidates : tuple of str
        Domains among which the name leaves the choice.
    """

    domain: str | None = None
    valence: Valence | None = None
    directed: bool = False
    outside: bool = False
    component: str | None = None
    candidates: tuple[str, ...] = ()


def meaning(name: str, above: str = "") -> Meaning:
    """Read a code's name.

    Parameters
    ----------
    name : str
        As people write it: numbered, abbreviated, in US spelling, with a direction.
    above : str
        Name of the code it lies in, which completes "Opportunity > Social".

    Examples
    --------
    >>> meaning("3. Env. context & resources (barriers)").domain
    'Environmental context and resources'
    >>> meaning("Beliefs").candidates
    ('Beliefs about capabilities', 'Beliefs about consequences')
    """
    if len(name) > _LONGEST:
        return Meaning()
    valence, directed = _direction(name)
    keys = list(_keys(name))
    domain = next((_DOMAIN_KEYS[key] for key in keys if key in _DOMAIN_KEYS), None)
    if domain is not None:
        return Meaning(domain, valence, directed)
    if " ".join(_words(name)) in _OUTSIDE:
        return Meaning(outside=True, valence=valence, directed=directed)
    of = _component(keys[:1], above)
    if len(of) == 1:
        return Meaning(None, valence, directed, component=of[0])
    candidates = next((_AMBIGUOUS[key] for key in keys if key in _AMBIGUOUS), of)
    return Meaning(None, valence, directed, candidates=candidates)


def suggestion(name: str) -> str:
    """Give the domain whose name is written most like this one, "" for none."""
    if len(name) > _LONGEST_MISSPELT:
        return ""
    by_fold = {domain.casefold(): domain for domain in DOMAINS}
    near = difflib.get_close_matches(name.casefold(), by_fold, n=1, cutoff=0.75)
    return by_fold[near[0]] if near else ""


def _words(text: str) -> list[str]:
    plain = unicodedata.normalize("NFKD", _BACON.sub("bcon", text)).casefold()
    found = _TOKEN.findall("".join(mark for mark in plain if not unicodedata.combining(mark)))
    return [_WORDS.get(word, word) for word in found]


def _key(text: str) -> frozenset[str]:
    """Reduce a name to the words that tell domains apart, abbreviations written out."""
    words = [word for word in _words(text) if word not in _FILLERS and word not in _DIRECTIONS]
    while len(words) > 1 and _NUMBER.fullmatch(words[0]):  # "TDF 3: Skills", "1.2 Skills"
        del words[0]
    if len(words) > 1 and _NUMBER.fullmatch(words[-1]):  # "Skills 2"
        del words[-1]
    return frozenset().union(*(_EXPANDED.get(word, frozenset({word})) for word in words))


def _keys(name: str) -> Iterator[frozenset[str]]:
    """Keys of the whole, of the whole without brackets, and of the first part that has words."""
    yield _key(name)
    yield _key(_BRACKETS.sub(" ", name))
    yield next((key for key in map(_key, _APART.split(name)) if key), frozenset())


def _direction(name: str) -> tuple[Valence | None, bool]:
    words = _words(name)
    if _DENIED.intersection(words):  # "No barriers"; but "Lack of skill [barrier]"
        said = {_DIRECTIONS[word] for word in _alone(name)}
        return (next(iter(said)), True) if len(said) == 1 else (None, False)
    if _BOTH.search(name):
        return None, True
    found = {_STRONG[word] for word in words if word in _STRONG}
    found |= {_WEAK[word] for word in _set_apart(name, words)}
    sign = _SIGN.search(name.strip())
    # A sign that is stuck to a word counts where the word is a domain: "BaCap-", not "pre-".
    if sign and (not sign[3] or _key(name) in _DOMAIN_KEYS):
        found.add(_SIGNS[sign[1] or sign[2] or sign[3]])
    if len(found) == 1:
        return next(iter(found)), True
    return ("mixed" if "mixed" in found else None), bool(found)


def _set_apart(name: str, words: list[str]) -> Iterator[str]:
    """Weak words that are a part of the name by themselves, or stand beside a domain's name."""
    weak = [word for word in words if word in _WEAK]
    # "Negative emotions" names a kind of emotion, which may help or hinder.
    if weak and (not (key := _key(name)) or _DOMAIN_KEYS.get(key, "Emotion") != "Emotion"):
        yield from weak
    elif weak:
        yield from (word for word in _alone(name) if word in _WEAK)


def _alone(name: str) -> Iterator[str]:
    """Words of direction that are a whole part of the name."""
    for part in _APART.split(name):
        inside = [word for word in _words(part) if word not in _FILLERS]
        if len(inside) == 1 and inside[0] in _DIRECTIONS:
            yield inside[0]


def _component(keys: list[frozenset[str]], above: str) -> tuple[str, ...]:
    """Domains of the COM-B component that a name, alone or with the one above it, stands for."""
    together = [key | _key(above) for key in keys]
    for key in keys + together:
        if key in _COMPONENTS:
            return _COMPONENTS[key]
    return ()


_DIRECTIONS = MappingProxyType({**_STRONG, **_WEAK})
_EXPANDED = MappingProxyType(
    {
        short: frozenset(_SPELLINGS[domain].split(",")[0].split())
        for domain, shorts in _ABBREVIATIONS.items()
        for short in shorts.split()
    }
)
_DOMAIN_KEYS = MappingProxyType(
    {
        frozenset(spelling.split()): domain
        for domain, spellings in _SPELLINGS.items()
        for spelling in spellings.split(",")
    }
)


def _ambiguous() -> Iterator[tuple[frozenset[str], tuple[str, ...]]]:
    """Names of constructs, and names of version 1 that became several."""
    for domain in TDF:
        for construct in domain.constructs:
            key = _key(construct)
            yield key, tuple(one.name for one in TDF if key in map(_key, one.constructs))
    for old, new in V1_TO_V2.items():
        if len(new) > 1:
            yield _key(old), tuple(name for name in DOMAINS if name in new)
    for short in ("bac", "bc", "ba"):
        yield frozenset({short}), ("Beliefs about capabilities", "Beliefs about consequences")


_AMBIGUOUS = MappingProxyType({key: names for key, names in _ambiguous() if key})


def _com_b() -> Iterator[tuple[frozenset[str], tuple[str, ...]]]:
    for component in COM_B:
        kind = component.partition(":")[0]
        yield _key(component), tuple(one.name for one in TDF if component in one.com_b)
        yield (
            _key(kind),
            tuple(one.name for one in TDF if any(each.startswith(kind) for each in one.com_b)),
        )


_COMPONENTS = MappingProxyType(dict(_com_b()))
