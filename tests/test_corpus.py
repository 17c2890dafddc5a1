"""A run over a corpus: the same result however it is cut, and nothing done twice."""

import errno
import json
import pickle
import shutil
import sys
import warnings
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner
from corpora import interview, names, table, write_corpus

from tdfnlp import parallel
from tdfnlp.cli import cli
from tdfnlp.corpus import Corpus, count_identifiers, folder, shards, suggest_corpus
from tdfnlp.embedding import Encoder
from tdfnlp.errors import FormatError, InputError, ModelError, OutputError, WorkerError
from tdfnlp.model import Model
from tdfnlp.parallel import Loading, each, loaded, loading
from tdfnlp.suggest import suggest_codes, unique_name

pytestmark = pytest.mark.usefixtures("small_shards")


@pytest.fixture(scope="module")
def made(tiny: Model, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, Corpus]:
    """A corpus, and an undisturbed run over it that no test touches."""
    place = tmp_path_factory.mktemp("made")
    source = write_corpus(place / "corpus", 40)
    return source, place / "out.parquet", suggest_corpus(source, place / "out.parquet", model=tiny)


@pytest.fixture
def source(made: tuple[Path, Path, Corpus], tmp_path: Path) -> Path:
    return Path(shutil.copytree(made[0], tmp_path / "corpus"))


@pytest.fixture
def output(made: tuple[Path, Path, Corpus], tmp_path: Path) -> Path:
    return Path(shutil.copytree(made[1], tmp_path / "out.parquet"))


def times(output: Path) -> dict[str, int]:
    return {name: (output / name).stat().st_mtime_ns for name in names(output)}


def test_it_is_what_a_single_run_gives_bit_for_bit(
    made: tuple[Path, Path, Corpus], tiny: Model, tmp_path: Path
) -> None:
    source, output, result = made
    single = suggest_codes(source, model=tiny)
    single.save(tmp_path / "single.parquet")
    assert table(output).equals(table(tmp_path / "single.parquet"))
    assert (result.utterances, result.transcripts) == (len(single), 40)
    assert result.decisions == single.decisions() and result.domains == single.domains()
    assert min(result.decisions.values()) > 0
    assert len(list(output.glob("part-*"))) > 2


def test_two_workers_give_the_same_files(
    made: tuple[Path, Path, Corpus], tiny: Model, tmp_path: Path
) -> None:
    seen: list[tuple[str, int, int]] = []
    again = suggest_corpus(
        made[0],
        tmp_path / "out.parquet",
        model=tiny,
        n_jobs=2,
        progress=lambda *args: seen.append(args),
    )
    assert names(again.path) == names(made[1])  # names hold the hash of all bytes
    assert {stage for stage, _, _ in seen} == {"Encoding", "Writing"}
    assert [(done, total) for _, done, total in seen][-1] == (40, 40)
    model = Model.load(tiny.folder)
    single = suggest_codes(made[0], model=model)
    assert suggest_codes(made[0], model=model, n_jobs=2).items == single.items


@pytest.mark.parametrize("size", [1, 1000])
def test_other_shards_give_the_same_suggestions(
    made: tuple[Path, Path, Corpus],
    tiny: Model,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    size: int,
) -> None:
    monkeypatch.setattr(shards, "_MEAN_SIZE", size)
    again = suggest_corpus(made[0], tmp_path / "out.parquet", model=tiny)
    assert table(again.path).equals(table(made[1]))
    assert len(list(again.path.glob("part-*"))) == (40 if size == 1 else 2)


def test_a_second_run_does_nothing(source: Path, output: Path, tiny: Model) -> None:
    before = times(output)
    again = suggest_corpus(source, output, model=tiny)
    assert again.written == 0 and again.utterances == table(output).num_rows
    after = times(output)
    assert {name for name in before if before[name] != after[name]} <= {
        "_tdfnlp/manifest.json",
        "_tdfnlp/lock",
    }


def test_a_changed_file_is_encoded_anew_and_no_other(
    source: Path, output: Path, tiny: Model, tmp_path: Path
) -> None:
    before = names(output / "_tdfnlp" / "vectors")
    (source / "north" / "P2.txt").write_text(interview(99, 5), "utf-8")
    suggest_corpus(source, output, model=tiny)
    after = names(output / "_tdfnlp" / "vectors")
    assert len(after - before) == len(before - after) == 1
    fresh = suggest_corpus(source, tmp_path / "fresh.parquet", model=tiny)
    assert names(output) == names(fresh.path)
    assert "stop" not in (output / "_tdfnlp/manifest.json").read_text()


def test_one_file_more_and_one_less(
    source: Path, output: Path, tiny: Model, tmp_path: Path
) -> None:
    before = names(output / "_tdfnlp" / "vectors")
    (source / "north" / "A new one.txt").write_text(interview(100), "utf-8")
    (source / "south" / "P6.txt").unlink()
    suggest_corpus(source, output, model=tiny)
    assert len(names(output / "_tdfnlp" / "vectors") - before) <= 3
    fresh = suggest_corpus(source, tmp_path / "fresh.parquet", model=tiny)
    assert table(output).equals(table(fresh.path))


def test_another_model_is_written_over_the_old_with_the_same_vectors(
    source: Path, output: Path, tiny: Model, tmp_path: Path
) -> None:
    assert tiny.folder
    shutil.copytree(tiny.folder, tmp_path / "other")
    other = replace(tiny, folder=None, facts={"other": 1}).save(tmp_path / "other")
    vectors = times(output / "_tdfnlp" / "vectors")
    again = suggest_corpus(source, output, model=str(tmp_path / "other"))
    assert set(table(output)["model"].to_pylist()) == {other.id}
    assert again.written == len(list(output.glob("part-*")))
    assert times(output / "_tdfnlp" / "vectors") == vectors


def test_the_manifest_says_what_is_there_and_nothing_that_was_said(
    made: tuple[Path, Path, Corpus],
) -> None:
    text = (made[1] / "_tdfnlp" / "manifest.json").read_text("utf-8")
    facts = json.loads(text)
    assert len(facts["files"]) == 40 and facts["files"][0]["group"] in ("north", "south")
    assert {part["file"] for part in facts["parts"]} == {one.name for one in made[1].glob("part*")}
    assert sum(part["utterances"] for part in facts["parts"]) == facts["utterances"]
    assert "rook" not in text and "harbour" not in text


def test_what_a_worker_hands_back_does_not_grow_with_the_talk(tiny: Model, tmp_path: Path) -> None:
    sizes = []
    what, _ = parallel.load(tiny, "auto")
    for turns in (2, 200):
        file = tmp_path / f"{turns:03d}.txt"
        file.write_text(interview(1, turns), "utf-8")
        done = shards.encode(shards.EncodeTask(((file, None),), tmp_path / "vectors", what))
        sizes.append(len(pickle.dumps(done)))
    assert sizes[1] < sizes[0] + 50


def test_shards_depend_on_the_names_around_them_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shards, "_MEAN_SIZE", 16)
    files = [(Path(f"/x/P{number}.txt"), None) for number in range(1000)]
    whole = list(shards.cut(files))
    assert [file for shard in whole for file in shard] == files
    assert 8 < len(files) / len(whole) < 20 and max(map(len, whole)) <= 32
    assert len(set(whole) - set(shards.cut(files[:500] + files[501:]))) <= 2


def test_names_are_told_apart_in_linear_time() -> None:
    taken: dict[str, int] = {}
    given = [unique_name("P1", taken) for _ in range(20_000)]
    assert given[:3] == ["P1", "P1 (2)", "P1 (3)"] and len(set(given)) == 20_000
    assert unique_name("P1 (2)", taken) == "P1 (2) (2)"
    taken = {}
    assert [unique_name(one, taken) for one in ("P1 (2)", "P1", "P1")][2] == "P1 (3)"


def test_no_more_workers_than_shards(source: Path, tiny: Model, tmp_path: Path) -> None:
    for file in source.rglob("P[1-9]*.txt"):
        file.unlink()
    (source / "south" / "P0.txt").write_text(
        "I: What of it then?\nP: My name is Ana Roe, hive smoke.\n", "utf-8"
    )
    result = suggest_corpus(source, tmp_path / "out.parquet", model=tiny, n_jobs=7)
    assert result.notes[0] == "7 workers asked for, 1 used: one a shard."
    assert "1 name" in result.identifiers.summary()
    assert count_identifiers(source) == result.identifiers


@pytest.mark.parametrize("n_jobs", [0, -2])
def test_a_number_of_workers_that_is_none(source: Path, tmp_path: Path, n_jobs: int) -> None:
    for call in (
        lambda: suggest_corpus(source, tmp_path / "out.parquet", n_jobs=n_jobs),
        lambda: suggest_codes(source, n_jobs=n_jobs),
        lambda: count_identifiers(source, n_jobs=n_jobs),
    ):
        with pytest.raises(InputError, match=f"1 or more, or -1 .* not {n_jobs}"):
            call()
    assert not (tmp_path / "out.parquet").exists()


def a_file(output: Path) -> None:
    shutil.rmtree(output)
    output.write_text("mine")


def foreign_files(output: Path) -> None:
    for name in ("thesis.docx", "b.csv", "c.csv", "d.csv"):
        (output / name).write_text("mine")


def another_data_set(output: Path) -> None:
    shutil.rmtree(output / "_tdfnlp")


def another_version(output: Path) -> None:
    (output / "_tdfnlp" / "manifest.json").write_text('{"format": 99}')


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (a_file, r"out\.parquet is a file"),
        (foreign_files, r"did not write: b\.csv, c\.csv, d\.csv and 1 more"),
        (another_data_set, r"did not write: part-"),
        (another_version, r"in format 99, this tdfnlp writes 2"),
    ],
)
def test_a_folder_that_is_not_a_corpus_runs_is_left_alone(
    source: Path, output: Path, tiny: Model, spoil: Callable[[Path], None], says: str
) -> None:
    spoil(output)
    before = names(output)
    with pytest.raises(InputError, match=says):
        suggest_corpus(source, output, model=tiny)
    assert names(output) == before


def test_a_damaged_manifest_is_written_anew(source: Path, output: Path, tiny: Model) -> None:
    file = output / "_tdfnlp" / "manifest.json"
    whole = file.read_text("utf-8")
    file.write_text("{", "utf-8")
    (output / ".DS_Store").write_text("not ours, and no matter")
    suggest_corpus(source, output, model=tiny)
    assert json.loads(file.read_text("utf-8"))["parts"] == json.loads(whole)["parts"]
    assert (output / ".DS_Store").is_file()


def test_two_runs_do_not_share_a_folder(source: Path, output: Path, tiny: Model) -> None:
    with folder.opened(output), pytest.raises(InputError, match="Another run is writing to out"):
        suggest_corpus(source, output, model=tiny)


def test_a_disk_or_a_system_without_locks_does_not_stop_a_run(
    source: Path, output: Path, tiny: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr("fcntl.flock", refuse)
    assert suggest_corpus(source, output, model=tiny).written == 0
    monkeypatch.setitem(sys.modules, "fcntl", None)
    assert suggest_corpus(source, output, model=tiny).written == 0


def test_a_folder_that_cannot_be_looked_into(
    source: Path, output: Path, tiny: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = Path.iterdir

    def refuse(path: Path) -> Iterator[Path]:
        if path == output:
            raise PermissionError(errno.EACCES, "Permission denied")
        return real(path)

    monkeypatch.setattr(Path, "iterdir", refuse)
    with pytest.raises(OutputError, match="cannot be looked into: Permission denied"):
        suggest_corpus(source, output, model=tiny)


def test_nothing_to_say_and_nothing_to_read(tiny: Model, tmp_path: Path) -> None:
    (tmp_path / "silent.txt").write_text("Interviewer: Hello there you?\n", "utf-8")
    (tmp_path / "bad.docx").write_bytes(b"no zip")
    with pytest.raises(InputError, match=r"No participant speech was found\. bad\.docx"):
        suggest_corpus(tmp_path, tmp_path / "out.parquet", model=tiny)
    with pytest.raises(InputError, match="Nothing to read"):
        suggest_corpus([], tmp_path / "out.parquet", model=tiny)
    with pytest.raises(InputError, match=r"must end in \.parquet"):
        suggest_corpus(tmp_path, tmp_path / "out.csv", model=tiny)


def test_code_exports_are_named_and_left_out(source: Path, tiny: Model, tmp_path: Path) -> None:
    (source / "Knowledge.txt").write_text(
        "<Internals\\P1> - § 1 reference coded  [2.00% Coverage]\n\n"
        "Reference 1 - 2.00% Coverage\n\nhive smoke taught\n",
        "utf-8",
    )
    result = suggest_corpus(source, tmp_path / "out.parquet", model=tiny)
    assert result.transcripts == 40
    (failure,) = result.failures
    assert failure.startswith("Knowledge.txt: holds coded passages")
    assert failure.endswith("hand it in without workers.")


def test_workers_load_what_the_run_began_with(
    tiny: Model, encoder: Encoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    what, own = parallel.load(tiny, "f32")
    assert loaded(what)[0].id == tiny.id and what.precision == "f32"
    with pytest.raises(ModelError, match=r"A worker has model .* install the same versions"):
        loaded(replace(what, id="other-1"))
    monkeypatch.setattr(parallel, "has_bf16", lambda: False)
    with pytest.raises(ModelError, match="no bfloat16"):
        loaded(replace(what, precision="bf16"))
    assert parallel.load(tiny, "auto")[0].precision == "f32"
    with pytest.raises(InputError, match=f"save {tiny.id} first"):
        loading(replace(tiny, folder=None), own)
    shipped = Model.load()
    assert loading(shipped, encoder).model == "default"
    assert isinstance(what, Loading) and Path(what.model) == tiny.folder


def fail(number: int) -> int:
    if number == 3:
        raise FormatError("bad.txt", "is no good.", hint="Mend it.")
    return number * number


def test_an_error_of_the_work_itself_comes_through_with_its_place() -> None:
    found = []
    with pytest.raises(FormatError, match=r"bad\.txt: is no good\. Mend it") as caught:
        for one in each(fail, range(5), 1):
            found.append(one)
    assert found == [0, 1, 4]
    assert "in fail" in caught.value.__notes__[0]


def run(*arguments: object) -> tuple[int, str]:
    done = CliRunner().invoke(cli, [str(one) for one in arguments])
    return done.exit_code, done.output


def test_the_command_line(source: Path, tiny: Model, tmp_path: Path) -> None:
    (source / "bad.docx").write_bytes(b"no zip")
    (source / "named.txt").write_text("I: Who are you then?\nP: My name is Ana Roe.\n", "utf-8")
    out = tmp_path / "new" / "out.parquet"
    call = ("suggest", source, "-o", out, "--model", tiny.folder, "--workers", 1)
    code, text = run(*call, "--fail-on-identifiers")
    assert code == 2 and "1 name" in text and "Nothing was suggested" in text and not out.exists()
    code, text = run(*call)
    assert code == 1 and text.count("bad.docx") == 1
    assert "41 transcripts" in text and "people decide" in text and str(out) in text
    (source / "bad.docx").unlink()
    assert run(*call, "-q") == (0, "")
    code, text = run(*call[:4], "--model", tiny.folder)
    assert code == 2 and "out.parquet is a folder. Add --workers" in text
    code, text = run(*call, "--study", tmp_path / "study.db")
    assert code == 2 and "--workers is for results in files" in text
    for wrong in (0, -1):
        code, text = run(*call[:-1], wrong)
        assert code == 2 and f"{wrong} is not in the range" in text


def test_many_notes_are_counted_and_a_stop_says_how_to_go_on(
    made: tuple[Path, Path, Corpus], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    result = replace(made[2], notes=tuple(f"note {number}" for number in range(30)))
    monkeypatch.setattr("tdfnlp.corpus.suggest_corpus", lambda *_, **__: result)
    call = ("suggest", made[0], "-o", tmp_path / "out.parquet", "--workers", 1)
    code, text = run(*call)
    assert code == 0 and "note 19" in text and "note 20" not in text
    assert "10 more notes in _tdfnlp/manifest.json" in text

    def warn(*_: object, **__: object) -> Corpus:
        warnings.warn("A worker stopped while some jobs were given to the executor.", stacklevel=1)
        return made[2]

    monkeypatch.setattr("tdfnlp.corpus.suggest_corpus", warn)
    assert run(*call, "-q") == (0, "")

    def stop(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("tdfnlp.corpus.suggest_corpus", stop)
    code, text = run(*call)
    assert code == 130 and "Run the same again" in text


def test_what_each_says_when_there_is_no_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    class Refusing:
        def __init__(self, **_: object) -> None:
            raise TimeoutError("no worker after 10 seconds\nmore")

    monkeypatch.setattr("joblib.Parallel", Refusing)
    with pytest.raises(WorkerError, match=r"\(TimeoutError: no worker after 10 seconds\)"):
        list(each(fail, [1], None))
