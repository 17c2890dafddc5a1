"""The Theoretical Domains Framework as data: versions 1 and 2, their constructs, COM-B.

Sources
-------
Version 2: Cane J, O'Connor D, Michie S. Validation of the theoretical domains framework for use in
behaviour change and implementation research. Implementation Science 2012;7:37. Domain and construct
names are theirs; the wording of the definitions is ours.
Version 1: Michie S, Johnston M, Abraham C, et al. Making psychological theory useful for
implementing evidence based practice. Quality and Safety in Health Care 2005;14:26-33.
COM-B: Michie S, Atkins L, West R. The Behaviour Change Wheel. Silverback 2014. Three domains have
two legitimate components, so a domain has a set of them.
"""

from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

Valence = Literal["barrier", "facilitator", "mixed", "neutral"]
VALENCES: tuple[Valence, ...] = ("barrier", "facilitator", "mixed", "neutral")

COM_B: tuple[str, ...] = (
    "Capability: physical",
    "Capability: psychological",
    "Opportunity: physical",
    "Opportunity: social",
    "Motivation: reflective",
    "Motivation: automatic",
)
_PHYSICAL, _PSYCHOLOGICAL, _SETTING, _SOCIAL, _REFLECTIVE, _AUTOMATIC = COM_B


@dataclass(frozen=True, slots=True)
class Domain:
    """One domain of the framework.

    Attributes
    ----------
    name : str
        Canonical name, as Cane 2012 prints it.
    definition : str
        What belongs here, in our words.
    constructs : tuple of str
        Its constructs, as Cane 2012 prints them. Some stand in two domains.
    com_b : frozenset of str
        The COM-B components it belongs to, out of ``COM_B``.
    """

    name: str
    definition: str
    constructs: tuple[str, ...]
    com_b: frozenset[str]


TDF: tuple[Domain, ...] = (
    Domain(
        "Knowledge",
        "Being aware that something exists or how it is done: the condition and the reasons for "
        "acting, the procedure, and what the place of work or home has to offer.",
        (
            "Knowledge (including knowledge of condition/scientific rationale)",
            "Procedural knowledge",
            "Knowledge of task environment",
        ),
        frozenset({_PSYCHOLOGICAL}),
    ),
    Domain(
        "Skills",
        "An ability or proficiency that people acquire by practising, of hand, mind or dealing "
        "with others.",
        (
            "Skills",
            "Skills development",
            "Competence",
            "Ability",
            "Interpersonal skills",
            "Practice",
            "Skill assessment",
        ),
        frozenset({_PHYSICAL, _PSYCHOLOGICAL}),
    ),
    Domain(
        "Social/professional role and identity",
        "How people see themselves, and what they show of it, in their work or community: whose "
        "job it is, where its limits are, and whom they belong to.",
        (
            "Professional identity",
            "Professional role",
            "Social identity",
            "Identity",
            "Professional boundaries",
            "Professional confidence",
            "Group identity",
            "Leadership",
            "Organisational commitment",
        ),
        frozenset({_REFLECTIVE, _AUTOMATIC}),
    ),
    Domain(
        "Beliefs about capabilities",
        "What people hold to be true of their own ability to do it: confidence, control, and how "
        "hard or easy it is for them.",
        (
            "Self-confidence",
            "Perceived competence",
            "Self-efficacy",
            "Perceived behavioural control",
            "Beliefs",
            "Self-esteem",
            "Empowerment",
            "Professional confidence",
        ),
        frozenset({_REFLECTIVE}),
    ),
    Domain(
        "Optimism",
        "A general trust that things will turn out well and aims be reached, or the lack of it.",
        ("Optimism", "Pessimism", "Unrealistic optimism", "Identity"),
        frozenset({_REFLECTIVE, _AUTOMATIC}),
    ),
    Domain(
        "Beliefs about consequences",
        "What people hold to be true of what follows from doing it or leaving it: benefits, harms, "
        "how likely, how soon and for whom.",
        (
            "Beliefs",
            "Outcome expectancies",
            "Characteristics of outcome expectancies",
            "Anticipated regret",
            "Consequents",
        ),
        frozenset({_REFLECTIVE}),
    ),
    Domain(
        "Reinforcement",
        "Rewards, payments, praise, penalties and other returns that depend on the behaviour and "
        "make it more or less likely next time.",
        (
            "Rewards",
            "Incentives",
            "Punishment",
            "Consequents",
            "Reinforcement",
            "Contingencies",
            "Sanctions",
        ),
        frozenset({_AUTOMATIC}),
    ),
    Domain(
        "Intentions",
        "A conscious decision to do it, or not to: how firm it is and how far people have got "
        "in making up their minds.",
        ("Stability of intentions", "Stages of change model", "Transtheoretical model"),
        frozenset({_REFLECTIVE}),
    ),
    Domain(
        "Goals",
        "The ends that people want to reach: aims, targets, what comes first when several things "
        "compete, and the plan towards them.",
        (
            "Goals (distal/proximal)",
            "Goal priority",
            "Goal/target setting",
            "Goals (autonomous/controlled)",
            "Action planning",
            "Implementation intention",
        ),
        frozenset({_REFLECTIVE}),
    ),
    Domain(
        "Memory, attention and decision processes",
        "Keeping things in mind, noticing what matters, and choosing between courses of action, "
        "also when tired or overloaded.",
        (
            "Memory",
            "Attention",
            "Attention control",
            "Decision making",
            "Cognitive overload/tiredness",
        ),
        frozenset({_PSYCHOLOGICAL}),
    ),
    Domain(
        "Environmental context and resources",
        "Anything in the situation or surroundings that helps or hinders: time, money, staff, "
        "equipment, space, rules and systems, the climate of the organisation, events.",
        (
            "Environmental stressors",
            "Resources/material resources",
            "Organisational culture/climate",
            "Salient events/critical incidents",
            "Person x environment interaction",
            "Barriers and facilitators",
        ),
        frozenset({_SETTING}),
    ),
    Domain(
        "Social influences",
        "What other people do to our thoughts, feelings and actions: support, pressure, norms, "
        "example, power, conflict, being left out.",
        (
            "Social pressure",
            "Social norms",
            "Group conformity",
            "Social comparisons",
            "Group norms",
            "Social support",
            "Power",
            "Intergroup conflict",
            "Alienation",
            "Group identity",
            "Modelling",
        ),
        frozenset({_SOCIAL}),
    ),
    Domain(
        "Emotion",
        "Feelings, bodily and in the mind, with which people meet what matters to them: fear, "
        "stress, low mood, joy, exhaustion.",
        (
            "Fear",
            "Anxiety",
            "Affect",
            "Stress",
            "Depression",
            "Positive/negative affect",
            "Burn-out",
        ),
        frozenset({_AUTOMATIC}),
    ),
    Domain(
        "Behavioural regulation",
        "Ways of managing or changing what is actually done: keeping track, making or breaking a "
        "habit, prompts, routines and plans for the doing.",
        ("Self-monitoring", "Breaking habit", "Action planning"),
        frozenset({_PSYCHOLOGICAL}),
    ),
)

DOMAINS: tuple[str, ...] = tuple(domain.name for domain in TDF)
"""The 14 names of version 2, in Cane's order. Arrays over domains have this order."""

STUDIES_NAMING: MappingProxyType[str, int] = MappingProxyType(
    dict.fromkeys(DOMAINS, 0)
    | {
        "Environmental context and resources": 13,
        "Knowledge": 12,
        "Beliefs about consequences": 12,
        "Social influences": 9,
        "Memory, attention and decision processes": 8,
        "Social/professional role and identity": 6,
        "Behavioural regulation": 3,
        "Beliefs about capabilities": 2,
        "Skills": 2,
        "Goals": 2,
    }
)
"""Of 25 studies, how many found the domain important (review in PMC7336619). A review of 50 papers
(Mosavianpour et al. 2016) has the same three in front: 84, 74 and 66 %."""

V1_TO_V2: MappingProxyType[str, frozenset[str]] = MappingProxyType(
    {
        "Knowledge": frozenset({"Knowledge"}),
        "Skills": frozenset({"Skills"}),
        "Social/professional role and identity": frozenset(
            {"Social/professional role and identity"}
        ),
        "Beliefs about capabilities": frozenset({"Beliefs about capabilities", "Optimism"}),
        "Beliefs about consequences": frozenset({"Beliefs about consequences", "Reinforcement"}),
        "Motivation and goals": frozenset({"Intentions", "Goals"}),
        "Memory, attention and decision processes": frozenset(
            {"Memory, attention and decision processes"}
        ),
        "Environmental context and resources": frozenset({"Environmental context and resources"}),
        "Social influences": frozenset({"Social influences"}),
        "Emotion": frozenset({"Emotion"}),
        "Behavioural regulation": frozenset({"Behavioural regulation"}),
        "Nature of the behaviours": frozenset(),
    }
)
"""Version 1 domain to the version 2 domains it may stand for.

Lossy both ways: a set of two needs a person to re-code, an empty set has no successor.
"""

DOMAINS_V1: tuple[str, ...] = tuple(V1_TO_V2)
"""The 12 names of version 1 (Michie 2005)."""
