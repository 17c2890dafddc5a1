"""A study's codes and the framework: spellings, inheritance, directions, mapping files."""

import time
from pathlib import Path

import pytest

from tdfnlp.codebook import TDF_CODEBOOK, Code
from tdfnlp.coding import Coding, Study
from tdfnlp.errors import CodebookError
from tdfnlp.framework import DOMAINS, VALENCES
from tdfnlp.mapping import apply, read_mapping, tie

ECR = "Environmental context and resources"
SPRI = "Social/professional role and identity"
MADP = "Memory, attention and decision processes"
BCAP, BCON = "Beliefs about capabilities", "Beliefs about consequences"
BR = "Behavioural regulation"


def domains(*paths: tuple[str, ...], mapping: dict[str, str] | None = None) -> list[str | None]:
    return [code.domain for code in tie([Code(path) for path in paths], mapping).codebook.codes]


@pytest.mark.parametrize(
    ("name", "domain"),
    [
        ("ECR", ECR),
        ("Env context & resources", ECR),
        ("ENVIRONMENTAL CONTEXT AND RESOURCES (barriers)", ECR),
        ("11. Environmental context/resources", ECR),
        ("ECR - Environmental context and resources", ECR),
        ("Enviro. context + resources", ECR),
        ("BCap", BCAP),
        ("Beliefs re capabilities", BCAP),
        ("Belief about one's capability", BCAP),
        ("Beliefs about capabilities (self-efficacy)", BCAP),
        ("BaCap-", BCAP),
        ("BCon", BCON),
        ("BaCon+", BCON),
        ("Beliefs - consequences", BCON),
        ("SPRI", SPRI),
        ("Social & professional role & identity", SPRI),
        ("Professional role and identity", SPRI),
        ("MADP", MADP),
        ("Memory, attention & decision making", MADP),
        ("Memory/attention/decision process", MADP),
        ("Behavioral regulation", BR),
        ("Behaviour Regulation", BR),
        ("3. Skills", "Skills"),
        ("TDF 3: Skills", "Skills"),
        ("D3 Skills", "Skills"),
        ("tdf2_skills", "Skills"),
        ("Skill", "Skills"),
        ("1.1 Knowledge", "Knowledge"),
        ("2.10.3 Knowledge (lack of)", "Knowledge"),
        ("Skills (suggested)", "Skills"),
        ("Emotions", "Emotion"),
        ("Barriers: Knowledge", "Knowledge"),
        ("Knowledge: has not heard of the pathway", "Knowledge"),
        ("Social influence (norms)", "Social influences"),
        ("Goal", "Goals"),
        ("Intention", "Intentions"),
        ("Réinforcement", "Reinforcement"),
        ("Optimism/pessimism", "Optimism"),
    ],
)
def test_usual_spellings(name: str, domain: str) -> None:
    assert domains((name,)) == [domain]


@pytest.mark.parametrize("domain", DOMAINS)
@pytest.mark.parametrize("valence", VALENCES)
def test_suggested_codes_are_tied_to_what_they_say(domain: str, valence: str) -> None:
    outer, inner = f"{domain} (suggested)", f"{domain}: {valence} (suggested)"
    found = tie([Code(("tdfnlp suggestions", outer)), Code((inner,))]).codebook.codes
    assert [(one.domain, one.valence) for one in found] == [(domain, None), (domain, valence)]


@pytest.mark.parametrize("domain", DOMAINS)
@pytest.mark.parametrize(
    "form", ["{}", "7) {}", "TDF: {}", "Domain 4 - {}", "{} - barrier", "{} as an enabler"]
)
def test_every_domain_in_every_form(domain: str, form: str) -> None:
    for name in (domain, domain.upper(), domain.replace(" and ", " & ").replace("/", " / ")):
        assert domains((form.format(name),)) == [domain]


@pytest.mark.parametrize(
    "name",
    [
        "Beliefs", "Identity", "Motivation", "Motivation and goals", "Social", "Role", "Context",
        "Barriers and facilitators", "Self-efficacy", "Practice", "Leadership", "Lack of knowledge",
        "Knowledge and skills", "Goals of care and treatment", "Memory clinic", "Stress", "BAC",
        "Emotional labour of nurses", "Skills mix", "Social worker", "Decision aid", "Capability",
        "Bacon",
        "", "2", "x" * 100_000,
    ],
)  # fmt: skip
def test_what_could_mean_several_or_something_else_is_not_tied(name: str) -> None:
    tied = tie([Code((name,))])
    assert [code.domain for code in tied.codebook.codes] == [None]
    assert len(tied.unmapped) == 1


def test_notes_name_the_candidates() -> None:
    tied = tie([Code(("Beliefs",)), Code(("Motivation and goals",)), Code(("Kettles",)),
                Code(("Knowlege",)), Code(("COM-B", "Motivation: automatic"))])  # fmt: skip
    assert len(tied.unmapped) == 5
    assert tied.notes == (
        f"Not tied, say in the mapping whether {BCAP} or {BCON} is meant: 'Beliefs'.",
        "Not tied, say in the mapping whether Intentions or Goals is meant: "
        "'Motivation and goals'.",
        "Not tied, say in the mapping whether Knowledge is meant: 'Knowlege'.",
        f"Not tied, say in the mapping whether {SPRI} or Optimism or Reinforcement or Emotion is "
        "meant: 'COM-B > Motivation: automatic'.",
    )


def test_themes_inherit_from_the_nearest_code_that_has_a_domain() -> None:
    found = domains(
        ("TDF",), ("TDF", "Skills"), ("TDF", "Skills", "Drilling"), ("TDF", "Skills", "Other"),
        ("TDF", "Skills", "Drilling", "Knowledge"),
        ("TDF", "Skills", "Drilling", "Knowledge", "of drills"),
        ("Other",), ("Nature of the behaviours", "Opening hours"),
        ("ECR", "no code stands for the one above"),
    )  # fmt: skip
    assert found[:4] == [None, "Skills", "Skills", "Skills"]
    assert found[4:] == ["Knowledge", "Knowledge", None, None, ECR]
    # Order does not matter, and "other" says that there is none: a decision, not a gap.
    tied = tie([Code(("Skills", "Drilling")), Code(("Skills",)), Code(("Other",)),
                Code(("Folder",), codable=False)])  # fmt: skip
    assert [code.domain for code in tied.codebook.codes] == ["Skills", "Skills", None, None]
    assert not tied.unmapped


def test_components_of_com_b_with_one_domain() -> None:
    assert domains(
        ("Opportunity: social", "Colleagues"), ("Physical opportunity",),
        ("Capability", "Physical", "Lifting"), ("Opportunity (social)", "ECR"),
        ("Capability: psychological", "Recall"), ("Opportunity", "Timing"),
    ) == ["Social influences", ECR, "Skills", ECR, None, None]  # fmt: skip


@pytest.mark.parametrize(
    ("path", "valence"),
    [
        (("Barriers", "Knowledge", "Not told"), "barrier"),
        (("Knowledge", "Facilitators"), "facilitator"),
        (("Barriers", "Knowledge as an enabler"), "facilitator"),
        (("Barriers and facilitators", "Knowledge"), None),
        (("Barriers", "Knowledge +/-"), None),
        (("ECR", "Obstacles: parking"), "barrier"),
        (("BaCap-",), "barrier"),
        (("BaCap –", "Rushed"), "barrier"),
        (("ECR (+)",), "facilitator"),
        (("ECR +",), "facilitator"),
        (("Staffing (positive)",), "facilitator"),
        (("Skills - negative",), "barrier"),
        (("Key drivers",), None),
        (("Drivers", "Skills"), "facilitator"),
        (("Knowledge", "mixed"), "mixed"),
        (("Knowledge (neutral)",), "neutral"),
        (("Knowledge", "Positive test result"), None),
        (("Knowledge", "Taxi drivers"), None),
        (("Knowledge", "No barriers"), None),
        (("Knowledge", "Lack of it [barrier]"), "barrier"),
        (("Knowledge", "No time (positive)"), "facilitator"),
        (("Facilitators", "Negative emotions"), "facilitator"),
        (("Mixed emotions",), None),
        (("Emotion (negative)",), "barrier"),
        (("Knowledge", "follow-"), None),
        (("Knowledge", "C++"), None),
        (("Knowledge",), None),
    ],
)
def test_directions(path: tuple[str, ...], valence: str | None) -> None:
    codes = [Code(path[:depth]) for depth in range(1, len(path) + 1)]
    assert tie(codes).codebook.codes[-1].valence == valence


def test_a_mapping_goes_first() -> None:
    codes = [Code(("Skills",)), Code(("Skills", "Tea")), Code(("Skills", "Tea", "cups")),
             Code(("Money", "Tea")), Code(("Gone",))]  # fmt: skip
    tied = tie(codes, {
        "skills  > TEA": "ecr", "Tea": "Emotion | barrier", "Gone": "none | mixed", "Lost": "none",
    })  # fmt: skip
    found = [(code.domain, code.valence) for code in tied.codebook.codes]
    assert found == [
        ("Skills", None), (ECR, None), (ECR, None), ("Emotion", "barrier"), (None, "mixed"),
    ]  # fmt: skip
    assert not tied.unmapped
    assert tied.notes == ("The mapping names codes that the study does not have: 'Lost'.",)


def test_what_a_code_already_has_is_kept() -> None:
    assert tie(TDF_CODEBOOK.codes).codebook == TDF_CODEBOOK
    code = Code(("Skills (barrier)",), "Emotion", valence="mixed")
    assert tie([code, code]).codebook.codes == (code, code)
    assert tie([code], {"skills (barrier)": "Goals"}).codebook.codes[0].domain == "Goals"


def test_apply_brings_directions_to_codings() -> None:
    path = ("Barriers", "Tea")
    study = Study((), (
        Coding("P1", 0, 4, path), Coding("P1", 0, 4, path, valence="mixed"),
        Coding("P1", 2, 3, ("Elsewhere",)),
    ), ("a note",), (Code(path),))  # fmt: skip
    tied = tie(study.codes, {"Tea": "Goals"})
    after = apply(study, tied)
    assert [coding.valence for coding in after.codings] == ["barrier", "mixed", None]
    assert [coding.code for coding in after.codings] == [path, path, ("Elsewhere",)]
    assert after.codes == tied.codebook.codes
    assert after.codes[0].domain == "Goals"
    assert after.notes == study.notes


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text, "utf-8-sig")
    return path


def test_mapping_files(tmp_path: Path) -> None:
    expected = {"A > b": ECR, "c, d": "Skills | barrier", "E": "none"}
    assert read_mapping(write(tmp_path, "a.json", (
        '{"A > b": "ECR", "c, d": " skills| Barrier ", "E": "NONE"}'
    ))) == expected  # fmt: skip
    assert read_mapping(write(tmp_path, "a.csv", (
        'Code,Domain,Valence,why\nA > b,environmental context & resources\n\n'
        '"c, d",Skills,barrier,so\nE,none,,\n'
    ))) == expected  # fmt: skip
    assert read_mapping(write(tmp_path, "b.csv", "domain;code\nECR;A > b\n")) == {"A > b": ECR}
    assert read_mapping(write(tmp_path, "c.csv", (
        "SEP=;\r\ncode;domain\r\nA, b;Memory, attention and decision processes\r\na, B;madp\r\n"
    ))) == {"A, b": MADP}  # fmt: skip
    (tmp_path / "d.csv").write_bytes("code\tdomain\nCafé\tSkills\n".encode("utf-16"))
    assert read_mapping(tmp_path / "d.csv") == {"Café": "Skills"}


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("a.csv", "code,domain\nA,Skills\nB,Knowlege\n", "'Knowlege' in a.csv, line 3.*: Knowl"),
        ("a.csv", "code,domain\nA,\n", "in a.csv, line 2 is empty: write 'none'"),
        ("a.csv", "code,domain,valence\nA,Skills,good\n", "'good' in a.csv, line 2.*barrier, fac"),
        ("a.csv", "code,domain\nA,Beliefs\n", "line 2 is no TDF domain"),
        ("a.csv", "code,domain\nA,Skills (barrier)\n", "line 2 is no TDF domain"),
        ("a.csv", "code,domain\nA b,Skills\na  B,Goals\n",
         r"'A b' \(in a.csv, line 2\) and 'a  B' \(in a.csv, line 3\) are one code"),
        ("a.csv", "sep=;\ncode;domain\nA;Joy\n", "'Joy' in a.csv, line 3"),
        ("a.csv", "name,domain\n", "columns code and domain"),
        ("a.csv", 'code,domain\n"A' + "a" * 200_000, "line 2: is no table"),
        ("a.json", '{"A": 3}', "must be an object"),
        ("a.json", '{"A": "Joy"}', "'Joy' in a.json, code 'A'"),
        ("a.json", "[" * 100_000, "JSON"),
        ("a.txt", "", "ends in .csv or .json"),
    ],
)  # fmt: skip
def test_bad_mapping_files(tmp_path: Path, name: str, text: str, message: str) -> None:
    with pytest.raises(CodebookError, match=message):
        read_mapping(write(tmp_path, name, text))


def test_a_mapping_file_that_is_not_there_or_no_text(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(b"code,domain\n\xff\xfe")
    for name in ("a.csv", "b.json"):
        with pytest.raises(CodebookError, match=f"{name}: cannot be read"):
            read_mapping(tmp_path / name)


def test_a_bad_mapping_in_a_call() -> None:
    with pytest.raises(CodebookError, match="'Joy' of 'A' is no TDF domain"):
        tie([], {"A": "Joy"})
    with pytest.raises(CodebookError, match=r"'Tea'.* and 'tea'.* are one code"):
        tie([], {"Tea": "Skills", "tea": "Goals"})


def test_long_names_and_many_codes_take_no_time() -> None:
    codes = [Code((f"Theme {at % 500}", f"{'(' * 90}+ {at} - " * 3)) for at in range(2_000)]
    began = time.process_time()
    tie(codes)
    assert time.process_time() - began < 5
