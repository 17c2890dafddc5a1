"""What goes into a study: a model's suggestions, and codings made elsewhere."""

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner
from refi import STYLES, coded
from studies import CHILD, CULTURE, predictions, talk, with_own

from tdfnlp import intake
from tdfnlp.cli import cli
from tdfnlp.codebook import Code
from tdfnlp.coding import Coding, Study
from tdfnlp.embedding import Encoder
from tdfnlp.errors import InputError
from tdfnlp.exchange import write
from tdfnlp.formats import read
from tdfnlp.intake import fill, import_codings, refresh
from tdfnlp.landing import directed, undirected
from tdfnlp.mapping import apply, tie
from tdfnlp.model import Model
from tdfnlp.segmentation import segment
from tdfnlp.store import Added, Answer, Given, Label, Settings, Store
from tdfnlp.transcript import Transcript, Turn

TALK = talk("N1", ["Nobody showed us how.", "There is no time for it.", "My manager decides."])
MODELS = Path(__file__).parent.parent / "models"
OWN = Code(("Skills", "Charts"), "Skills")
CODES = (Code(("Skills",), "Skills"), OWN, Code(("Humour",)))


@pytest.fixture
def file(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path / "study.db") as store:
        yield store


def at(words: str, code: str | tuple[str, ...] = "Skills", **about: str) -> Coding:
    start = TALK.text.index(words)
    path = (code,) if isinstance(code, str) else code
    return replace(Coding("N1", start, start + len(words), path, "Ana"), **about)  # type: ignore[arg-type]


def study(*codings: Coding) -> Study:
    return Study((TALK,), codings, codes=CODES)


def said(store: Store) -> dict[tuple[str, str], Answer]:
    texts = {one.id: one.utterance.text.split()[0] for one in store.units()}
    return {(one.coder, texts[one.utterance]): one for one in store.answers()}


def test_a_study_is_filled_and_filled_again(file: Store, model: Model, encoder: Encoder) -> None:
    first = fill(
        file, replace(study(), codes=(Code(("Motivation", "Goals")),)), model, encoder=encoder
    )
    assert first.added == Added(1, 0) and len(first.result) == 3
    assert file.codes()[-1] == Code(("Motivation", "Goals"), "Goals")
    other = talk("N2", ["We all forget it."])
    again = fill(file, Study((TALK, other)), model, encoder=encoder)
    assert again.added == Added(1, 1) and len(again.result) == 4 and file.count() == 4
    assert [one.model for one in file.runs()] == [model.id] * 2
    ids = [one.id for one in file.units()]
    found = file.predictions(ids)
    assert found is not None and found.decisions == tuple(one.decision for one in again.result)
    assert [one.domains for one in refresh(file, model, encoder=encoder)] == [
        one.domains for one in again.result
    ]
    assert len(file.runs()) == 3


def test_codings_become_answers_of_their_coders(store: Store) -> None:
    done = import_codings(
        store,
        study(
            at("Nobody showed", OWN.path, valence="barrier", note="see P2", when="2026-03-01T1:0"),
            at("showed us how.", OWN.path, valence="facilitator", note="see P2"),
            at("Nobody showed us how.", "Humour", note="twice", when="2026-03-02T01:00:00+02:00"),
            at("There is no time", coder=" - ", when="0001-01-01T00:00:00+02:00"),
            at("How is that"),
        ),
    )  # fmt: skip
    assert (done.added, done.coders, done.answers) == (Added(1, 0), ("Ana", "unknown"), 2)
    assert done.notes == (
        "1 codings are on no participant's speech and were left out.",
        "1 codings are of codes without a domain (1 of them): kept as codes outside the framework, "
        "which agreement and all figures on domains leave out.",
    )
    answers = said(store)
    own = answers["Ana", "Nobody"]
    assert own.labels == (Label(("Humour",), None), Label(OWN.path, "Skills", "mixed"))
    assert (own.how, own.verdict, own.note) == ("imported", "code", "see P2\ntwice")
    assert own.when == "2026-03-01T23:00:00.000000Z"
    assert answers["unknown", "There"].labels == (Label(("Skills",), "Skills"),)
    assert len(answers) == 2 and [one.path for one in store.codes()[-1:]] == [("Humour",)]


def test_a_project_of_another_framework_comes_in_as_it_is(store: Store, tmp_path: Path) -> None:
    paths = (CULTURE.path, ("Inner setting", "Resources"))
    codings = [at("Nobody showed us how.", paths[0]), at("My manager decides.", paths[1])]
    codes = tuple(map(Code, (paths[0][:1], *paths)))
    write(tmp_path / "cfir.qdpx", Study((TALK,), tuple(codings), codes=codes))
    back = read(tmp_path / "cfir.qdpx")
    tied = tie(back.codes)
    assert {one.path for one in tied.unmapped} == {paths[0][:1], *paths}
    done = import_codings(store, apply(back, tied), complete=True)
    assert (done.answers, done.empty) == (3, 1) and "2 codings are of codes" in done.notes[-1]
    labels = {one.labels: one.verdict for one in store.answers()}
    assert labels == {(Label(path, None),): "code" for path in paths} | {(): "none"}
    assert {one.path for one in store.codes() if not one.domain} == {paths[0][:1], *paths}
    assert not import_codings(store, apply(back, tied), complete=True).answers


def test_what_a_model_knows_can_be_chosen(
    file: Store, model: Model, encoder: Encoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    file.add_transcripts([TALK], segment([TALK]))
    file.add_codes([Code(CULTURE.path, "Social influences", "as we mean it")])
    found = with_own(predictions(["Goals"] * 3), [[0.6, 0.3, 0.1]] * 3)
    monkeypatch.setattr(intake, "predict", lambda *_, **__: found)
    items = refresh(file, model, encoder=encoder)
    assert [one.code for one in items] == [CHILD.path] * 3
    codes = {one.path: (one.domain, one.definition) for one in file.codes()}
    assert codes[CHILD.path] == ("Knowledge", "")
    assert codes[CULTURE.path] == ("Social influences", "as we mean it")  # the study's own word
    kept = file.predictions([1])
    assert kept is not None and kept.own is not None and kept.own.codes == (CHILD, CULTURE)


def test_the_same_again_adds_nothing_and_a_change_is_one_more(store: Store) -> None:
    first = study(at("Nobody showed us how."), at("My manager decides."))
    assert import_codings(store, first).answers == 2
    again = import_codings(store, first)
    assert (again.added, again.answers, again.known) == (Added(0, 1), 0, 2)
    other = study(at("Nobody showed us how.", "Humour"), at("My manager decides."))
    for codings, labels in ((other, ("Humour",)), (first, ("Skills",)), (other, ("Humour",))):
        changed = import_codings(store, codings)
        assert (changed.answers, changed.known) == (1, 1)
        assert said(store)["Ana", "Nobody"].labels[0].code == labels
    assert len(store.record()) == 5


def test_what_a_coder_said_here_stays(store: Store) -> None:
    import_codings(store, study(at("Nobody showed us how.")))
    units = store.units()
    store.answer("Ana", Given(units[0].id, token="here"), Given(units[1].id, skip=True, token="2"))
    store.answer("Ana", Given(units[2].id, token="3", how="adjudication"))
    done = import_codings(store, study(*(at(one.utterance.text) for one in units)))
    assert (done.answers, done.kept) == (1, 2)
    assert said(store)["Ana", "Nobody"].verdict == "none"
    store.undo("Ana", "u1")
    store.undo("Ana", "u2")
    store.undo("Ana", "u3")
    assert said(store)["Ana", "Nobody"].verdict == "code"  # what was imported stands again


@pytest.mark.parametrize(
    ("start", "end", "lands"),
    [
        ("Nobody", "how.", ["Nobody"]),
        ("Nobody", "Nobody", ["Nobody"]),
        ("how.", "There is no time for it.", ["There"]),
        ("Nobody", "My man", ["Nobody", "There"]),
        ("Nobody", "decides.", ["Nobody", "There", "My"]),
        ("That", "that for you?", []),
    ],
)
def test_where_a_coding_lands(file: Store, start: str, end: str, lands: list[str]) -> None:
    first = TALK.text.find(start) if start != "That" else TALK.text.index("How is that")
    last = TALK.text.index(end) + len(end)
    one = Coding("N1", first, last, ("Skills",), "Ana")
    done = import_codings(file, study(one, at("My manager decides.", coder="Ben")))
    assert [word for coder, word in said(file) if coder == "Ana"] == lands
    assert len(done.notes) == (not lands)


def test_complete_coding_says_what_was_left(store: Store) -> None:
    other = talk("N2", ["We all forget it."])
    codings = (at("Nobody showed us how."), at("My manager decides.", coder="Ben"))
    both = replace(study(*codings), transcripts=(TALK, other))
    done = import_codings(store, both, complete=True)
    assert done.answers == 6
    assert {key: one.verdict for key, one in said(store).items()} == {
        ("Ana", "Nobody"): "code", ("Ana", "There"): "none", ("Ana", "My"): "none",
        ("Ben", "Nobody"): "none", ("Ben", "There"): "none", ("Ben", "My"): "code",
    }  # fmt: skip
    assert import_codings(store, both, complete=True).answers == 0


def test_machines_are_no_coders(file: Store) -> None:
    machines = [at("Nobody", coder=name) for name in ("tdfnlp m-1", "NVivo", "NV")]
    with pytest.raises(InputError, match="no codings of people"):
        import_codings(file, study(*machines, at("Nobody", how="suggested")))
    assert not file.transcripts()
    suggested = Code(("tdfnlp suggestions", "Skills (suggested)"), "Skills")
    some = replace(study(*machines, at("Nobody showed")), codes=(*CODES, suggested))
    done = import_codings(file, some)
    assert done.notes == ("3 codings of machine users were left out.",) and done.coders == ("Ana",)
    assert suggested.path not in {code.path for code in file.codes()}


def test_quotes_and_other_readings_land_in_the_studys_own_text(file: Store) -> None:
    first = import_codings(file, study(at("My manager decides.")))
    assert first.answers == 1
    text = TALK.text.replace("\n", "\r\n")
    start = text.index("There is no time")
    other = Transcript("N1", text, (Turn(0, len(text)),))
    reread = Study((other,), (Coding("N1", start, start + 16, ("Skills",), "Ben"),), codes=CODES)
    done = import_codings(file, reread)
    assert done.added == Added(0, 0) and ("Ben", "There") in said(file)
    assert any("1 of 1 quotes were found in N1" in note for note in done.notes)
    quote = "Nobody showed us how."
    quotes = Study(
        (Transcript("Internals\\N1", quote, (Turn(0, len(quote)),)),),
        (Coding("Internals\\N1", 0, len(quote), ("Skills",), "Cy"),),
        codes=CODES, excerpts=True,
    )  # fmt: skip
    import_codings(file, quotes)
    assert ("Cy", "Nobody") in said(file) and len(file.transcripts()) == 1


def test_quotes_without_a_transcript_stand_in(file: Store) -> None:
    quote = "Elsewhere nobody was asked at all."
    one = Transcript("N9", quote, (Turn(0, len(quote), "P"),))
    quotes = Study((one,), (Coding("N9", 0, len(quote), ("Skills",)),), codes=CODES, excerpts=True)
    import_codings(file, study(at("My manager decides.")))
    done = import_codings(file, quotes)
    assert done.added.new == 1 and ("unknown", "Elsewhere") in said(file)


def test_codes_that_have_another_domain_are_said(file: Store) -> None:
    import_codings(file, study(at("Nobody", OWN.path)))
    other = replace(study(at("My manager decides.", OWN.path)), codes=(Code(OWN.path, "Goals"),))
    done = import_codings(file, other)
    assert (
        done.notes[0].startswith("1 codes have another domain")
        and "'Skills > Charts'" in done.notes[0]
    )
    assert said(file)["Ana", "My"].labels == (Label(OWN.path, "Skills"),)


def test_a_skipped_passage_is_not_one_without_a_code(file: Store) -> None:
    import_codings(file, study(at("Nobody")))
    unit = next(one.id for one in file.units() if one.utterance.text.startswith("My"))
    file.answer("Ana", Given(unit, skip=True, token="skip"))
    done = import_codings(file, study(at("Nobody")), complete=True)
    assert (done.answers, done.empty, done.known, done.kept) == (1, 1, 1, 1)
    assert said(file)["Ana", "My"].verdict == "skip"


def test_codes_that_only_say_a_direction_are_directions(file: Store) -> None:
    path = directed(("Skills",), "barrier")
    import_codings(file, replace(study(at("Nobody", path)), codes=(*CODES, Code(path, "Skills"))))
    assert said(file)["Ana", "Nobody"].labels == (Label(("Skills",), "Skills", "barrier"),)
    assert path not in {code.path for code in file.codes()}


def test_a_text_that_is_there_under_another_name_is_said(file: Store, model: Model) -> None:
    import_codings(file, study(at("Nobody")))
    again = replace(TALK, id="N1 final")
    coded = Study((again,), (replace(at("Nobody"), transcript="N1 final"),), codes=CODES)
    done = import_codings(file, coded)
    assert done.added.new == 1 and "'N1 final' has the very text of 'N1'" in done.notes[0]
    assert import_codings(file, coded).notes == ()
    both = Study((replace(TALK, id="A", text=TALK.text + " "), talk("B", ["Two."])))
    assert fill(file, both, model).notes == ()
    third = Study((replace(TALK, id="C"), TALK))
    assert [one.split()[0] for one in fill(file, third, model).notes] == ["'C'"]


def test_a_direction_goes_out_as_a_code_and_comes_back() -> None:
    for valence in ("barrier", "facilitator", "mixed", "neutral"):
        assert undirected(directed(("A", "B"), valence)) == (("A", "B"), valence)
    for path in (("B: barrier",), ("A", "B: barrier"), ("A", "A")):
        assert undirected(path) == (path, None)


def run(*arguments: object) -> tuple[int, str]:
    done = CliRunner().invoke(cli, [str(one) for one in arguments])
    return done.exit_code, done.output


def test_suggest_fills_a_study_file(tmp_path: Path) -> None:
    (tmp_path / "N1.txt").write_text(TALK.text, "utf-8")
    study, out = tmp_path / "s" / "study.db", tmp_path / "out.csv"
    code, text = run("suggest", tmp_path / "N1.txt", "--study", study)
    assert code == 0 and f"tdfnlp review {study}" in text and "1 transcripts were added" in text
    (tmp_path / "N2.txt").write_text("I: Why is that?\nP: We all forget it.\n", "utf-8")
    code, text = run("suggest", tmp_path, "--study", study, "-o", out)
    assert code == 0 and "1 were in it already" in text and "4 utterances" in text and out.is_file()
    assert run("suggest", tmp_path, "--study", study, "-q") == (0, "")
    with Store.open(study) as store:
        assert store.count() == 4 and len(store.runs()) == 3
    mine = shutil.copytree(MODELS / "default", tmp_path / "models" / "mine")
    one = tmp_path / "N2.txt"
    for wish, model in ((("--model", mine), "mine"), ((), "mine"), (("--model", "default"), "def")):
        assert run("suggest", one, "--study", study, "-q", *wish) == (0, "")
        with Store.open(study) as store:  # what was chosen last stays in use
            assert store.runs()[-1].model.startswith(model)
    code, text = run("suggest", tmp_path)
    assert code == 2 and "--study" in text
    (tmp_path / "N1.txt").write_text("P: Something else.", "utf-8")
    code, text = run("suggest", tmp_path, "--study", study)
    assert code == 2 and "another name" in text


def test_import_and_export_from_the_command_line(tmp_path: Path) -> None:
    project = coded(STYLES["nvivo"]).write(tmp_path / "study.qdpx")
    mapping = tmp_path / "mapping.csv"
    mapping.write_text("code,domain\nTime,Environmental context and resources\n", "utf-8")
    study, out = tmp_path / "study.db", tmp_path / "out.csv"
    code, text = run("import", study, project, "--mapping", mapping)
    assert code == 0 and "Answers added: 6 (" in text and "), 0 of them" in text, text
    assert "No domain: level 0" in text and "No domain: Time" not in text
    assert text.startswith("possible identifiers")
    code, text = run("import", study, project, "--mapping", mapping, "--complete")
    assert code == 0 and "Answers added: 4 (" in text
    assert "), 4 of them that no code applies; there already: 6;" in text
    code, text = run("export", study, "-o", out)
    assert code == 0 and f"Written: {out}" in text
    assert len(out.read_text("utf-8-sig").splitlines()) >= 11
    code, text = run("export", study, "-o", project)
    assert code == 2 and "another name" in text
    code, text = run("export", study, "-o", tmp_path / "new.qdpx")
    assert code == 0 and "Note: 4 answers without a code" in text
    for wrong in (("export", tmp_path / "no.db", "-o", out), ("export", study, "-o", "a.pdf")):
        assert run(*wrong)[0] == 2
    assert not (tmp_path / "no.db").exists()
    (tmp_path / "N1.txt").write_text(TALK.text, "utf-8")
    code, text = run("import", tmp_path / "no.db", tmp_path / "N1.txt")
    assert code == 2 and "no codings of people" in text and not (tmp_path / "no.db").exists()
    (tmp_path / "bad.docx").write_bytes(b"PK")
    code, text = run("import", tmp_path / "two.db", project, tmp_path / "bad.docx")
    assert code == 1 and "Not read: bad.docx" in text


def test_settings_are_shown_and_changed(tmp_path: Path) -> None:
    study = tmp_path / "study.db"
    assert run("settings", study)[0] == 2 and not study.exists()
    Store.open(study).close()
    code, text = run("settings", study)
    assert code == 0 and text.splitlines() == [
        "Random and blind: 20% of questions.",
        "Coded twice: 10% of passages.",
        "A question stays with its coder for 30 minutes.",
    ]
    wishes = ("--audit-share", "0.3", "--double-share", "1", "--lease-minutes", "7.5")
    assert "30% of questions.\nCoded twice: 100% of" in run("settings", study, *wishes)[1]
    with Store.open(study) as store:
        assert store.settings() == Settings(0.3, 1.0, 7.5)
    code, text = run("settings", study, "--audit-share", "20")
    assert code == 2 and "between 0 and 1" in text
