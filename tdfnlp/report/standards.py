"""Reporting standards: which items the program can answer, and which are for the authors.

COREQ: Tong A, Sainsbury P, Craig J. Int J Qual Health Care 2007;19:349-357. SRQR: O'Brien BC,
Harris IB, Beckman TJ, et al. Acad Med 2014;89:1245-1251. JARS-Qual: Levitt HM,
Bamberg M, Creswell JW, et al. Am Psychol 2018;73:26-46. Items are named in short.
"""

from collections.abc import Mapping

from .. import __version__
from .evidence import Evidence
from .methods import in_sight, second_coded, undecided
from .parts import Cell, Table
from .saturation import Saturation, reportable, sentence
from .text import listed, many

AUTHORS = "for the authors"

_COREQ = (
    "Interviewer or facilitator",
    "Credentials",
    "Occupation",
    "Gender",
    "Experience and training",
    "Relationship established",
    "Participants' knowledge of the interviewer",
    "Interviewer characteristics",
    "Methodological orientation and theory",
    "Sampling",
    "Method of approach",
    "Sample size",
    "Non-participation",
    "Setting of data collection",
    "Presence of non-participants",
    "Description of the sample",
    "Interview guide",
    "Repeat interviews",
    "Audio or visual recording",
    "Field notes",
    "Duration",
    "Data saturation",
    "Transcripts returned",
    "Number of data coders",
    "Description of the coding tree",
    "Derivation of themes",
    "Software",
    "Participant checking",
    "Quotations presented",
    "Data and findings consistent",
    "Clarity of major themes",
    "Clarity of minor themes",
)
_SRQR = (
    "Title",
    "Abstract",
    "Problem formulation",
    "Purpose or research question",
    "Qualitative approach and research paradigm",
    "Researcher characteristics and reflexivity",
    "Context",
    "Sampling strategy",
    "Ethical issues pertaining to human subjects",
    "Data collection methods",
    "Data collection instruments and technologies",
    "Units of study",
    "Data processing",
    "Data analysis",
    "Techniques to enhance trustworthiness",
    "Synthesis and interpretation",
    "Links to empirical data",
    "Integration with prior work, implications, transferability",
    "Limitations",
    "Conflicts of interest",
    "Funding",
)
_JARS = (
    "Title page",
    "Abstract",
    "Problem, objectives and approach to inquiry",
    "Research design overview",
    "Researcher description",
    "Participants or other data sources",
    "Researcher-participant relationship",
    "Participant recruitment and selection",
    "Data collection",
    "Recording and transforming the data",
    "Data-analytic strategies",
    "Methodological integrity",
    "Findings",
    "Discussion",
)


# What does not hold of a study that was coded to another framework alone.
_OF_DOMAINS = ("theory", "codes", "themes", "quotes", "links", "major", "minor", "trust")


def standards(evidence: Evidence, saturated: Saturation) -> tuple[Table, Table, Table]:
    """Give the checklists of COREQ, SRQR and JARS-Qual, filled where the program can."""
    facts = _facts(evidence)
    elsewhere = bool(evidence.outside) and not evidence.passages
    if elsewhere:
        facts |= dict.fromkeys(_OF_DOMAINS, "")
    coreq = {
        9: facts["theory"],
        12: facts["sample"],
        16: facts["groups"],
        24: facts["coders"],
        25: facts["codes"],
        26: facts["themes"],
        27: facts["software"],
        29: facts["quotes"],
        30: facts["links"],
        31: facts["major"],
        32: facts["minor"],
    }
    if reportable(saturated) and not elsewhere:
        coreq[22] = sentence(saturated)
    srqr = {
        5: facts["theory"],
        12: facts["sample"],
        13: facts["processing"],
        14: facts["themes"],
        15: facts["trust"],
        16: facts["major"],
        17: facts["links"],
        19: _limits(evidence),
    }
    jars = {
        4: facts["theory"],
        6: facts["sample"],
        10: facts["processing"],
        11: f"{facts['coders']} {facts['themes']}".strip(),
        12: f"{facts['trust']} {facts['links']}".strip(),
        13: facts["major"],
    }
    return (
        _checklist("COREQ", _COREQ, coreq),
        _checklist("SRQR", _SRQR, srqr, "S"),
        _checklist("JARS-Qual", _JARS, jars),
    )


def _facts(evidence: Evidence) -> dict[str, str]:
    coders = _coders(evidence)
    groups = "; ".join(f"{name}: {len(people)}" for name, people in evidence.people.items())
    return {
        "theory": "Theoretical Domains Framework, version 2 (Cane et al. 2012), deductive; COM-B.",
        "sample": f"{many(len(evidence.everybody), 'participant')}, "
        f"{many(len(evidence.transcripts), 'transcript')}.",
        "groups": f"Participants by group: {groups}. Anything else is {AUTHORS}.",
        "coders": f"{many(len(coders), 'coder')}; see 'Answers of each coder'.",
        "codes": f"14 domains and {many(evidence.codes, 'further code')}; see the themes in the "
        "results and the sheet 'themes'.",
        "themes": "Domains given beforehand; themes inside them from the data; see 'Methods'.",
        "software": f"tdfnlp {__version__}, "
        + (
            "with the models under 'Models that made suggestions'."
            if evidence.runs
            else "no model."
        ),
        "quotes": "Quotes with speaker, transcript and position stand under each theme.",
        "links": "Every count leads to its passages: see 'Passages behind each theme' in "
        "report.html, and the sheet 'passages'.",
        "major": "Domains by relevance under a stated rule; themes with counts of people.",
        "minor": "Themes are listed down to a single passage; directions that differ are counted.",
        "processing": f"{many(len(evidence.units), 'passage')} cut by rule from the transcripts; "
        f"the transcription itself is {AUTHORS}.",
        "trust": _trust(evidence),
    }


def _coders(evidence: Evidence) -> set[str]:
    return {one.coder for one in evidence.answers}


def _audited(evidence: Evidence) -> int:
    return sum(one.how == "blind audit" for one in evidence.answers)


def _trust(evidence: Evidence) -> str:
    """Name what was done, and nothing else."""
    audited = _audited(evidence)
    done = ["Agreement of coders" if second_coded(evidence.answers) else "One coder a passage"]
    if audited:
        done.append(f"a blind random audit of the machine ({many(audited, 'answer')})")
    return f"{listed([*done, 'a log of every answer'])}."


def _limits(evidence: Evidence) -> str:
    seen = in_sight(evidence.answers)
    found = []
    if seen:
        known = (
            "the blind audit says how often those are wrong"
            if _audited(evidence)
            else "no blind audit says how often those are wrong"
        )
        found.append(
            f"{many(seen, 'answer')} may have been led by a machine's suggestion; {known}."
        )
    if not second_coded(evidence.answers):
        found.append("No passage had a second coder.")
    found += [text for text in [undecided(evidence)] if text]
    return " ".join([*found, f"Others are {AUTHORS}."])


def _checklist(
    name: str, items: tuple[str, ...], answers: Mapping[int, str], mark: str = ""
) -> Table:
    rows: list[tuple[Cell, ...]] = [
        (f"{mark}{number}", item, answers[number])
        for number, item in enumerate(items, start=1)
        if answers.get(number)
    ]
    left = [
        f"{mark}{number} {item}"
        for number, item in enumerate(items, start=1)
        if not answers.get(number)
    ]
    return Table(
        name,
        f"{name} items that the study file answers",
        ("Item", "Topic", "Answer"),
        tuple(rows),
        (f"For the authors: {'; '.join(left)}.",),
        widths=(0.5, 2, 4),
    )
