"""Promises that span the project: public names, documents, the data's rules."""

import json
import re
from pathlib import Path

import pytest
from conftest import INTERVIEWS, ROOT

import tdfnlp
from tdfnlp.formats import find, read
from tdfnlp.framework import DOMAINS
from tdfnlp.items import item_files, read_items


def test_public_names_are_all_there() -> None:
    for name in tdfnlp.__all__:
        assert getattr(tdfnlp, name) is not None
    with pytest.raises(AttributeError, match="nothing_like_it"):
        tdfnlp.nothing_like_it  # noqa: B018


def test_changelog_has_this_version_on_top() -> None:
    found = re.search(r"^## \[(\d[^\]]*)\]", (ROOT / "CHANGELOG.md").read_text("utf-8"), re.M)
    assert found and found[1] == tdfnlp.__version__


def test_readme_code_runs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    blocks = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text("utf-8"), re.S)
    assert blocks
    monkeypatch.chdir(tmp_path)
    (tmp_path / "training_data").symlink_to(ROOT / "training_data")
    for block in blocks:
        exec(compile(block, "README.md", "exec"), {})  # noqa: S102


EVALUATION = ROOT / "training_data" / "interviews"


def test_gold_codes_slice_back_into_the_evaluation_interviews() -> None:
    texts = {
        one.id: one.text
        for file, _ in find([EVALUATION / "transcripts"])
        for one in read(file).transcripts
    }
    gold = (EVALUATION / "gold.jsonl").read_text("utf-8").splitlines()
    assert len(texts) == 12
    for record in map(json.loads, gold):
        assert texts[record["transcript"]][record["start"] : record["end"]] == record["text"]
        assert set(record["domains"]) <= set(DOMAINS)


def test_gold_codes_slice_back_into_the_sample_study() -> None:
    texts = {
        one.id: one
        for file, group in find([INTERVIEWS])
        for one in read(file, group=group).transcripts
    }
    gold = (INTERVIEWS.parent / "gold.jsonl").read_text("utf-8").splitlines()
    assert len(gold) > 300
    for record in map(json.loads, gold):
        assert texts[record["transcript"]].text[record["start"] : record["end"]] == record["text"]
        assert set(record["domains"]) <= set(DOMAINS)
    assert all(len(one.text.split()) >= 2500 for one in texts.values())
    assert {one.group for one in texts.values()} == {"Fracture clinic", "Primary care"}


def test_no_evaluation_passage_is_in_a_training_file() -> None:
    gold = [
        line
        for folder in (INTERVIEWS.parent, EVALUATION)
        for line in (folder / "gold.jsonl").read_text("utf-8").splitlines()
    ]
    passages = {json.loads(line)["text"] for line in gold if len(json.loads(line)["text"]) > 40}
    for file in item_files(ROOT / "training_data"):
        for item in read_items(file):
            assert item.text not in passages
            assert "bone density" not in item.topic


def test_training_topics_are_crossed_with_domains() -> None:
    crossed = read_items(ROOT / "training_data" / "crossed.jsonl")
    cells = {(item.topic, domain) for item in crossed for domain, _ in item.domains}
    topics = {item.topic for item in crossed}
    assert len(cells) == len(topics) * len(DOMAINS)


def test_no_path_of_a_machine_and_no_pickle_in_the_tree() -> None:
    for file in [*ROOT.glob("models/**/*"), *ROOT.glob("training_data/**/*")]:
        assert file.suffix not in {".pkl", ".pickle", ".joblib", ".pt", ".bin"}
        if file.suffix in {".md", ".json", ".jsonl"}:
            assert not re.search(r"/(home|root|work|tmp)/\w", file.read_text("utf-8"))
