"""A study coded to another framework, from its project to its report, and without a wrong word."""

import csv
import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from studies import CULTURE, predictions, run_of, talk, with_own

import tdfnlp
from tdfnlp.cli import cli
from tdfnlp.codebook import Code
from tdfnlp.coding import Coding, Study
from tdfnlp.exchange import write
from tdfnlp.queue import advice
from tdfnlp.report import build_report
from tdfnlp.store import Given, Label, Store

RESOURCES = Code(("Inner setting", "Available resources"))
SAID = ("Nobody here questions the old way.", "There are two tablets for thirty nurses.", "Hm so.")


@pytest.fixture
def study(tmp_path: Path) -> Path:
    """Two coders of four interviews, who mean different codes by the second passage."""
    talks = tuple(talk(f"N{number}", SAID, "Nurses") for number in range(4))
    codings = [
        Coding(one.id, start := one.text.index(words), start + len(words), code.path, coder)
        for one in talks
        for coder, codes in (("Ana", (CULTURE, RESOURCES)), ("Ben", (CULTURE, CULTURE)))
        for words, code in zip(SAID, codes, strict=False)
    ]
    codes = (Code(CULTURE.path[:1]), CULTURE, RESOURCES)
    write(tmp_path / "cfir.qdpx", Study(talks, tuple(codings), codes=codes))
    said = run("import", tmp_path / "study.db", tmp_path / "cfir.qdpx", "--complete")
    assert "Answers added: 24 (Ana, Ben), 8 of them that no code applies" in said
    assert "Note: 16 codings are of codes without a domain (2 of them)" in said
    return tmp_path / "study.db"


def run(*arguments: object) -> str:
    done = CliRunner().invoke(cli, [str(one) for one in arguments])
    assert done.exit_code == 0, done.output
    return done.output


def test_the_queue_says_nothing_of_domains(study: Path) -> None:
    said = run("queue", study, "--coder", "Cem", "-n", "2")
    assert "2 questions for Cem." in said
    assert "No passage has a domain; 8 have codes outside the framework." in said
    assert "Every passage has an answer." in said
    assert not any(words in said for words in ("No code is confirmed", "how often suggestions"))
    with Store.open(study) as store:
        ids = [one.id for one in store.units()]
        for model in ("m-1", "m-2"):  # alike in their domains, which nobody asked for
            own = with_own(predictions(["Goals"] * len(ids)), [[0.1, 0.8, 0.1]] * len(ids))
            store.add_run(run_of(model), ids, own)
        found = advice(store)
        assert found.stability == 1 and not any("hardly" in one for one in found.sentences)
        store.answer("Cem", Given(ids[2], (Label(("Goals",), "Goals"),), token="c", how="page"))
        store.answer("Ana", Given(ids[2], (Label(("Goals",), "Goals"),), token="a", how="page"))
        store.answer("Ben", Given(ids[2], (Label(("Goals",), "Goals"),), token="b", how="page"))
        assert any("hardly" in one for one in advice(store).sentences)


def test_agreement_on_no_domain_is_not_called_agreement(study: Path) -> None:
    alone = "No answer has a domain of the framework; 16 have codes outside it."
    said = run("agreement", study)
    assert said.startswith(alone) and said.count("\n") == 1
    with Store.open(study) as store:
        assert tdfnlp.agree(store).comparisons == ()
        unit = store.units()[0].id
        store.answer("Ana", Given(unit, (Label(("Goals",), "Goals"),), token="a"))
        found = tdfnlp.agree(store)
        assert found.comparisons and not found.elsewhere and found.outside == 15
        assert any(one.startswith("15 answers have nothing but") for one in found.sentences())
        store.undo("Ana", "u")
        assert tdfnlp.agree(store).sentences()[0].startswith(alone)


def test_the_report_counts_its_codes_and_claims_no_more(study: Path) -> None:
    with Store.open(study) as store:
        made = build_report(store)
    (domains,) = [one for one in made.sections if one.title == "Domains"]
    assert "they are counted under 'Outside the framework'" in str(domains.parts)
    assert not any(one.title.startswith("Capability") for one in made.sections)
    (outside,) = [one for one in made.tables() if one.name == "outside"]
    assert outside.rows == ((" > ".join(RESOURCES.path), 4, 4), (" > ".join(CULTURE.path), 4, 8))
    lists = [one for one in made.tables() if one.name in ("COREQ", "SRQR", "JARS-Qual")]
    told = " ".join(str(row) for one in lists for row in one.rows)
    assert len(lists) == 3 and "2 coders" in told
    assert not any(words in told for words in ("Theoretical Domains", "themes", "Agreement"))


def test_it_comes_out_as_it_came_in(study: Path, tmp_path: Path) -> None:
    run("export", study, "-o", tmp_path / "out.csv")
    with (tmp_path / "out.csv").open(encoding="utf-8-sig", newline="") as stream:
        rows = list(csv.DictReader(stream))
    coded = [one for one in rows if one["verdict"] == "code"]
    assert len(rows) == 24 and len(coded) == 16
    assert {one["domains"] for one in coded} == {"none"}
    assert {one["consensus"] for one in rows} == {"settled"}
    run("export", study, "-o", tmp_path / "out.qdpx")
    back = tdfnlp.read(tmp_path / "out.qdpx")
    assert {one.code for one in back.codings} == {CULTURE.path, RESOURCES.path}
    assert len(back.codings) == 16
    run("export", study, "-o", tmp_path / "out.jsonl")
    first = json.loads((tmp_path / "out.jsonl").read_text("utf-8").splitlines()[0])
    assert first["codes"] == [list(CULTURE.path)] and first["domains"] == [None]
