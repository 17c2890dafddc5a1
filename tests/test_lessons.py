"""What counts as confirmed, whatever it comes from."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from tdfnlp.codebook import Code
from tdfnlp.coding import Coding, Study
from tdfnlp.confirmed import tied
from tdfnlp.errors import CodebookError, FormatError, InputError
from tdfnlp.exchange import write
from tdfnlp.formats.conventions import MACHINE
from tdfnlp.intake import import_codings
from tdfnlp.lessons import counts, is_study, read_lessons
from tdfnlp.retraining import train_model
from tdfnlp.segmentation import segment
from tdfnlp.store import Given, Label, Store
from tdfnlp.store.assigning import Wanted
from tdfnlp.transcript import Role, Transcript, Turn

LINES = ("How is that?", "Nobody showed me the kettle.", "We just get on.", "The weather is mild.")
WHO = ("Interviewer", "P1", "P2", "P1")
TEXT = "\n".join(f"{who}: {line}" for who, line in zip(WHO, LINES, strict=True))
ROLES: tuple[Role, ...] = ("interviewer", "participant", "participant", "participant")
TURNS = tuple(
    Turn(TEXT.index(line), TEXT.index(line) + len(line), who, role)
    for line, who, role in zip(LINES, WHO, ROLES, strict=True)
)
KNOWLEDGE, SKILLS = Label(("Knowledge",), "Knowledge", "barrier"), Label(("Skills",), "Skills")


def transcript(name: str = "T1") -> Transcript:
    return Transcript(name, TEXT, TURNS)


def coding(line: int, code: str, coder: str = "Ana", **more: str) -> Coding:
    start = TEXT.index(LINES[line])
    return Coding("T1", start, start + len(LINES[line]), (code,), coder, **more)  # type: ignore[arg-type]


def study(*codings: Coding) -> Study:
    names = dict.fromkeys(one.code[0] for one in codings)
    return Study((transcript(),), codings, codes=tuple(Code((name,)) for name in names))


@pytest.fixture
def store(tmp_path: Path) -> Store:
    opened = Store.open(tmp_path / "s.db")
    opened.add_transcripts([transcript()], segment([transcript()]))
    return opened


def test_a_study_file_gives_what_is_settled(store: Store) -> None:
    one, two, three = (unit.id for unit in store.units())
    store.answer("Ana", Given(one, (KNOWLEDGE,), token="a"), Given(two, token="b"))
    store.answer("Ben", Given(one, (KNOWLEDGE,), token="c"), Given(two, (SKILLS,), token="d"))
    store.answer("Ana", Given(three, token="e"))
    lessons = read_lessons(store)
    assert [(unit.text, unit.domains) for unit in lessons.units] == [
        (LINES[1], (("Knowledge", "barrier"),)),
        (LINES[3], ()),
    ]
    assert {unit.person for unit in lessons.units} == {"T1\x1fP1"}
    assert lessons.units[0].question == LINES[0]
    assert lessons.units[0].when > "2020"
    assert lessons.speech == (LINES[1:],)
    assert "1 units on which coders differ" in lessons.notes[0]
    assert counts(lessons)["Knowledge"] == (1, 1) and counts(lessons)["Goals"] == (0, 0)


def test_answers_in_the_name_of_a_program_do_not_count(store: Store) -> None:
    one, two, _ = (unit.id for unit in store.units())
    for number, name in enumerate(("NVivo", "NV", f"{MACHINE}default-1a")):
        store.answer(name, Given(one, (SKILLS,), token=str(number)))
    with pytest.raises(InputError, match="nothing that people confirmed"):
        read_lessons(store)
    store.answer("Ana", Given(two, (SKILLS,), token="x"))
    assert len(read_lessons(store).units) == 1


def test_a_code_outside_the_framework_is_no_domain(store: Store) -> None:
    one = store.units()[0].id
    odd = Label(("Covid",), None)
    child = Label(("Knowledge", "kettles"), "Knowledge", "facilitator")
    store.answer("Ana", Given(one, (odd,), token="a"))
    assert read_lessons(store).units[0].domains == ()
    store.answer("Ana", Given(one, (odd, child, KNOWLEDGE), token="b"))
    assert read_lessons(store).units[0].domains == (("Knowledge", "mixed"),)


def test_a_study_file_by_its_path_is_known_by_its_content(store: Store, tmp_path: Path) -> None:
    store.answer("Ana", Given(1, (SKILLS,), token="a"))
    store.close()
    other = tmp_path / "renamed.jsonl"
    (tmp_path / "s.db").rename(other)
    assert is_study(other) and is_study("postgresql://host/name")
    assert not is_study(tmp_path / "none.db")
    assert len(read_lessons([other]).units) == 1


def test_coded_material_gives_only_what_is_coded_unless_it_was_coded_whole() -> None:
    coded = study(
        coding(1, "Knowledge"), coding(2, "ECR", MACHINE), coding(2, "Skills", how="suggested")
    )
    lessons = read_lessons(coded)
    assert [unit.domains for unit in lessons.units] == [(("Knowledge", None),)]
    assert any("2 codings of machine users" in note for note in lessons.notes)
    whole = read_lessons(coded, complete=True)
    assert [len(unit.domains) for unit in whole.units] == [1, 0, 0]


def test_codes_without_a_domain_say_nothing_of_domains_unless_mapped() -> None:
    coded = study(coding(1, "Knowledge"), coding(2, "Kettle talk"))
    lessons = read_lessons(coded, complete=True)
    assert [(unit.codes, unit.untied) for unit in lessons.units] == [
        ((), False),
        ((("Kettle talk",),), True),
        ((), False),
    ]
    assert [unit.text for unit in tied(lessons).units] == [LINES[1], LINES[3]]
    assert lessons.codes == (Code(("Kettle talk",)),)
    assert any("1 codes are tied to no domain" in note for note in lessons.notes)
    mapped = read_lessons(coded, mapping={"Kettle talk": "Skills | barrier"})
    assert mapped.units[1].domains == (("Skills", "barrier"),)
    none = read_lessons(coded, mapping={"Kettle talk": "none"})
    assert (none.units[1].domains, none.units[1].untied) == ((), False)


def test_a_project_on_disk_gives_the_same(tmp_path: Path) -> None:
    coded = study(coding(1, "Knowledge"), coding(2, "Skills"))
    write(tmp_path / "coded.qdpx", coded)
    (tmp_path / "broken.qdpx").write_bytes(b"PK no more")
    lessons = read_lessons([tmp_path / "coded.qdpx", tmp_path / "broken.qdpx"])
    assert {unit.domains[0][0] for unit in lessons.units} == {"Knowledge", "Skills"}
    assert any("broken.qdpx" in note for note in lessons.notes)


def test_it_says_what_a_study_file_says_of_the_same_codings(store: Store) -> None:
    coded = study(coding(1, "Knowledge"), coding(2, "Skills", "Ben"), coding(2, "Goals"))
    mapping = {"Knowledge": "Knowledge | barrier"}
    import_codings(store, coded)
    assert {one.text for one in read_lessons(store).units} == {
        one.text for one in read_lessons(coded, mapping=mapping).units
    }


def lines(tmp_path: Path, *records: object) -> Path:
    file = tmp_path / "units.jsonl"
    texts = [one if isinstance(one, str) else json.dumps(one) for one in records]
    file.write_text("\n".join(texts) + "\n\n", "utf-8")
    return file


def test_lines_of_json(tmp_path: Path) -> None:
    file = lines(
        tmp_path,
        {"text": "a\u2028b", "domains": {"Skills": "barrier"}, "speaker": "P1", "transcript": "T"},
        {"text": "c", "domains": ["Goals", "Skills"], "valence": "mixed", "question": "Q?"},
        {"text": "d", "domains": []},
    )
    one, two, three = read_lessons(file).units
    assert (one.text, one.domains, one.person) == ("a\u2028b", (("Skills", "barrier"),), "T\x1fP1")
    assert (two.question, two.domains) == ("Q?", (("Goals", "mixed"), ("Skills", "mixed")))
    assert three.domains == ()


@pytest.mark.parametrize(
    ("record", "error", "says"),
    [
        ("{", FormatError, "line 2.*not a unit"),
        ({"text": "secret"}, FormatError, "line 2"),
        ({"text": 3, "domains": []}, FormatError, "line 2"),
        ({"text": " ", "domains": []}, FormatError, "line 2"),
        ({"text": "secret", "domains": "Skills"}, CodebookError, "line 2"),
        ({"text": "secret", "domains": ["Kettles"]}, CodebookError, "line 2: 'Kettles' is no"),
        ({"text": "secret", "domains": {"Skills": "bad"}}, CodebookError, "'bad' is no direction"),
    ],
)
def test_a_bad_line_is_named_and_not_quoted(
    tmp_path: Path, record: object, error: type[Exception], says: str
) -> None:
    file = lines(tmp_path, {"text": "good", "domains": []}, record)
    with pytest.raises(error, match=says) as caught:
        read_lessons(file)
    assert "secret" not in str(caught.value)


def test_a_file_of_nothing_and_no_file(tmp_path: Path) -> None:
    (tmp_path / "units.jsonl").write_text("\n")
    with pytest.raises(FormatError, match="no unit"):
        read_lessons(tmp_path / "units.jsonl")
    with pytest.raises(FormatError, match="cannot be read"):
        read_lessons(tmp_path / "none.jsonl")


def test_studies_are_joined_and_their_people_kept_apart(tmp_path: Path) -> None:
    coded = study(coding(1, "Knowledge"))
    file = lines(tmp_path, {"text": "a", "domains": ["Goals"], "transcript": "T1", "speaker": "P1"})
    lessons = read_lessons([read_lessons(coded), coded, file])
    assert [unit.study for unit in lessons.units] == [0, 1, 2]
    assert len({unit.person for unit in lessons.units}) == 3
    assert len(lessons.speech) == 3


LONG = "We were never shown where the kettle is kept at night."


def said(tmp_path: Path, name: str, *records: dict[str, object]) -> Path:
    file = lines(tmp_path, *({"text": LONG, "domains": ["Skills"], **one} for one in records))
    return file.rename(tmp_path / name)


def test_what_came_in_twice_counts_once_and_as_one_person(tmp_path: Path) -> None:
    one = said(
        tmp_path,
        "a.jsonl",
        {"speaker": "A", "domains": {"Skills": "barrier"}},
        {"speaker": "A", "text": "Short words."},
        {"speaker": "B", "text": "Short words."},
    )
    other = said(
        tmp_path,
        "b.jsonl",
        {"speaker": "Z", "text": LONG.upper().replace(" ", "  "), "domains": {"Skills": "mixed"}},
        {"speaker": "Z", "text": "Something else."},
    )
    lessons = read_lessons([one, other])
    assert [unit.text for unit in lessons.units] == [
        LONG,
        "Short words.",
        "Short words.",
        "Something else.",
    ]
    assert lessons.units[0].domains == (("Skills", None),)  # the directions differ
    assert len({unit.person for unit in lessons.units}) == 2  # A is Z
    assert lessons.units[0].person == lessons.units[3].person
    assert "1 passages came in more than once" in lessons.notes[-1]
    assert read_lessons([one]).notes == ()


def test_what_came_in_twice_with_other_domains_is_left_out(tmp_path: Path) -> None:
    file = said(
        tmp_path,
        "a.jsonl",
        {"transcript": "T1"},
        {"transcript": "T2", "domains": []},
        {"transcript": "T2", "text": "Something else."},
    )
    lessons = read_lessons(file)
    assert [unit.text for unit in lessons.units] == ["Something else."]
    assert "1 of them were left out" in lessons.notes[-1]


def test_the_first_time_counts_for_what_a_model_may_know(store: Store) -> None:
    one = store.units()[0].id
    store.answer("Ana", Given(one, (SKILLS,), token="a", when="2026-01-01T00:00:00.000000Z"))
    store.answer("Ana", Given(one, (KNOWLEDGE,), token="b", when="2026-03-01T00:00:00.000000Z"))
    (unit,) = read_lessons(store).units
    assert unit.domains == (("Knowledge", "barrier"),)
    assert (unit.since[:7], unit.when[:7]) == ("2026-01", "2026-03")


def test_it_is_known_what_a_strategy_asked_for(store: Store) -> None:
    numbers = [unit.id for unit in store.units()]
    for number, strategy in zip(numbers, ("margin", "random", "audit"), strict=True):
        wanted = Wanted(number, strategy=strategy, blind=strategy == "audit")
        store.assign("Ana", [wanted], 1)
        store.answer("Ana", Given(number, (SKILLS,), token=strategy))
    units = read_lessons(store).units
    assert [(unit.sought, unit.audit) for unit in units] == [
        (True, False),
        (False, False),
        (False, True),
    ]


def test_times_of_other_zones_are_compared_as_times(tmp_path: Path) -> None:
    early = coding(1, "Knowledge", when="2026-01-01T23:30:00+05:00")
    late = coding(2, "Skills", when="2026-01-01T20:00:00Z")
    one, two = read_lessons(study(early, late)).units
    assert one.when < two.when and one.when.endswith("Z")
    file = said(tmp_path, "a.jsonl", {"when": "2026-01-01T23:30:00+05:00", "speaker": 0})
    (unit,) = read_lessons(file).units
    assert unit.when == unit.since == one.when and unit.person.endswith("0")


def test_a_codebook_says_the_domains(tmp_path: Path) -> None:
    from tdfnlp.codebook import Codebook

    coded = study(coding(1, "Kettle talk"))
    book = Codebook((Code(("Kettle talk",), "Skills"), Code(("Folder",), codable=False)))
    with pytest.raises(InputError, match="1 units are confirmed"):
        train_model(coded, codebook=book)
    with pytest.raises(InputError, match=r"1 units are confirmed.* Confirm 29 more\.$"):
        train_model(coded)  # no number of codes would do


CHILD = Label(("Knowledge", "kettles"), "Knowledge", "barrier")


def test_own_codes_come_with_their_domains(store: Store) -> None:
    one, two, three = (unit.id for unit in store.units())
    odd = Label(("CFIR", "Culture"), None)
    store.answer("Ana", Given(one, (CHILD, KNOWLEDGE), token="a"), Given(two, (odd,), token="b"))
    store.answer("Ben", Given(one, (KNOWLEDGE,), token="c"), Given(three, token="d"))
    lessons = read_lessons(store)
    assert [(unit.codes, unit.untied) for unit in lessons.units] == [
        ((CHILD.code,), False),
        ((odd.code,), False),  # elsewhere domains were used: none applies here
        ((), False),
    ]
    assert lessons.codes == (Code(odd.code), Code(CHILD.code, "Knowledge"))


def test_a_study_file_of_another_framework_says_nothing_of_domains(store: Store) -> None:
    one, two, _ = (unit.id for unit in store.units())
    odd = Label(("CFIR", "Culture"), None)
    store.answer("Ana", Given(one, (odd,), token="a"), Given(two, token="b"))
    assert [unit.untied for unit in read_lessons(store).units] == [True, True]


def test_domains_in_other_words_and_directions_are_no_own_codes() -> None:
    text = transcript()
    codings = tuple(
        Coding("T1", TEXT.index(LINES[line]), TEXT.index(LINES[line]) + 9, path, "Ana")
        for line, path in [
            (1, ("TDF", "1. Knowledge (barriers)")),
            (2, ("Skills", "Skills: barrier")),
            (2, ("Skills", "kettles", "kettles: barrier")),
            (3, ("Other",)),
        ]
    )
    lessons = read_lessons(Study((text,), codings))
    assert [unit.codes for unit in lessons.units] == [(), (("Skills", "kettles"),), ()]
    assert lessons.units[1].domains == (("Skills", "barrier"),)


def test_who_named_only_codes_without_a_domain_contradicts_nobody() -> None:
    coded = study(coding(1, "Knowledge"), coding(1, "Kettles", "Ben"), coding(2, "Kettles", "Ben"))
    one, two = read_lessons(coded).units
    assert (one.domains, one.codes, one.untied) == ((("Knowledge", None),), (("Kettles",),), False)
    assert (two.domains, two.codes, two.untied) == ((), (("Kettles",),), True)
    differing = study(coding(1, "Goals"), coding(1, "Skills", "Ben"), coding(1, "Kettles", "Cy"))
    with pytest.raises(InputError, match="1 units on which coders differ"):
        read_lessons(differing)


def test_lines_name_codes_by_their_paths(tmp_path: Path) -> None:
    file = lines(
        tmp_path,
        {"text": "a", "domains": ["Knowledge"], "codes": ["Knowledge > kettles", "Knowledge"]},
        {"text": "b", "codes": [["CFIR", "a > b"]]},
        {"text": "c", "domains": [], "codes": []},
    )
    lessons = read_lessons(file)
    assert [(unit.codes, unit.untied) for unit in lessons.units] == [
        ((CHILD.code,), False),
        ((("CFIR", "a > b"),), True),
        ((), False),
    ]
    assert lessons.codes == (Code(("CFIR", "a > b")), Code(CHILD.code, "Knowledge"))
    mapped = read_lessons(file, mapping={"CFIR": "Skills"})
    assert mapped.codes[0].domain == "Skills"


@pytest.mark.parametrize(
    "codes",
    ["Kettles", 3, {"a": 1}, [3], [{"a": 1}], [[]], ["a > "], [[""]], ["\ud800"]],
)
def test_codes_that_are_none_are_refused(tmp_path: Path, codes: object) -> None:
    file = lines(tmp_path, {"text": "secret", "domains": [], "codes": codes})
    with pytest.raises(FormatError, match=r"line 1.*not a unit"):
        read_lessons(file)


def test_two_frameworks_on_the_same_words_come_together(tmp_path: Path) -> None:
    told = said(tmp_path, "a.jsonl", {"speaker": "A"}, {"speaker": "A", "text": "Short words."})
    untied = lines(tmp_path, {"text": LONG, "codes": ["Culture"], "speaker": "Z"})
    lessons = read_lessons([told, untied])
    assert [(unit.domains, unit.codes, unit.untied) for unit in lessons.units] == [
        ((("Skills", None),), (("Culture",),), False),
        ((("Skills", None),), (), False),
    ]
    assert lessons.units[0].study == 1  # only there people used codes of their own
    assert lessons.units[0].person == lessons.units[1].person


def test_lines_with_codes_alone(tmp_path: Path) -> None:
    file = lines(
        tmp_path,
        {"text": "a", "codes": ["CFIR > Culture"]},
        {"text": "b", "codes": []},
        {"text": "c", "codes": ["Knowledge"]},
        {"text": "d", "domains": ["Skills"]},
    )
    lessons = read_lessons(file)
    assert [(unit.codes, unit.untied) for unit in lessons.units] == [
        ((("CFIR", "Culture"),), True),
        ((), True),
        ((), True),
        ((), False),
    ]
    assert lessons.notes == (
        '1 names under "codes" are no codes of your own: domains belong under "domains".',
    )


def test_all_components_of_com_b_are_own_codes() -> None:
    names = ("Physical capability", "Psychological capability")
    lessons = read_lessons(study(coding(1, names[0]), coding(2, names[1])))
    assert [unit.codes for unit in lessons.units] == [((name,),) for name in names]
    assert [[domain for domain, _ in unit.domains] for unit in lessons.units] == [["Skills"], []]


def test_only_codes_in_use_are_counted_as_tied_to_nothing() -> None:
    made = study(coding(1, "Kettle talk"))
    made = replace(made, codes=(Code(("Folder",)), Code(("Ladders",)), Code(("Kettle talk",))))
    assert any(note.startswith("1 codes are tied") for note in read_lessons(made).notes)
