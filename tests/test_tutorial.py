"""The tutorial's code runs as it stands."""

import re
from pathlib import Path

import pytest
from conftest import ROOT

PYTHON = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def test_the_tutorial_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "training_data").symlink_to(ROOT / "training_data")
    monkeypatch.chdir(tmp_path)
    code = "\n".join(PYTHON.findall((ROOT / "docs" / "tutorial.md").read_text("utf-8")))
    exec(compile(code, "tutorial.md", "exec"), {})  # noqa: S102 - our own page
    said = capsys.readouterr().out
    assert "6 transcripts," in said and "0 answers hold, 10 rows in the record" in said
    assert "report.docx" in said and "AB" not in said
    page = (tmp_path / "report" / "report.html").read_text("utf-8")
    assert "Bone density scans after a fracture" in page
    assert "Unsure what counts as a reason to refer" in page
