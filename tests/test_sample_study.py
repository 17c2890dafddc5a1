"""The sample study: its project says what its gold says."""

import json
from collections import Counter

from conftest import ROOT

from tdfnlp.formats import read

SAMPLE = ROOT / "training_data" / "sample_study"


def test_the_coded_project_holds_the_gold() -> None:
    study = read(SAMPLE / "coded.qdpx")
    texts = {one.id: one.text for one in study.transcripts}
    found = Counter(
        (one.transcript, texts[one.transcript][one.start : one.end], one.code, one.coder)
        for one in study.codings
    )
    lines = (SAMPLE / "gold.jsonl").read_text("utf-8").splitlines()
    gold = Counter(
        (row["transcript"], row["text"], (domain, f"{domain}: {valence}"), "writer")
        for row in map(json.loads, lines)
        for domain, valence in row["domains"].items()
    )
    assert found == gold and len(gold) > 300
