"""The list of licences, and what is said where vulnerabilities cannot be asked for."""

import json
import subprocess
from email.message import Message
from typing import Any

import audit
import pytest
from audit import Package


@pytest.mark.parametrize(
    ("licence", "fault"),
    [
        ("MIT", ""),
        ("BSD License; MIT License", ""),
        ("BSD-3-Clause AND 0BSD AND CC0-1.0", ""),
        ("Apache-2.0 WITH LLVM-exception AND MIT", ""),
        ("GPL-3.0-only OR MIT", ""),
        ("LGPL-3.0-only", ""),
        ("GNU Lesser General Public License v3 (LGPLv3)", ""),
        ("GPL-2.0-or-later", "forbidden"),
        ("MIT AND GPL-3.0-only", "forbidden"),
        ("GNU Affero General Public License v3", "forbidden"),
        ("AGPL-3.0", "forbidden"),
        ("Proprietary", "forbidden"),
        ("", "unknown"),
        ("Whatever I like", "unknown"),
    ],
)
def test_licences(licence: str, fault: str) -> None:
    assert Package("a", "1", licence).fault == fault


def test_where_a_licence_is_read() -> None:
    def found(**facts: str | list[str]) -> Any:
        message = Message()
        for name, values in facts.items():
            for value in [values] if isinstance(values, str) else values:
                message[name.replace("_", "-")] = value
        return type("Found", (), {"metadata": message})()

    classifiers = ["License :: OSI Approved :: MIT License", "Topic :: Software"]
    assert audit.licence_of(found(License_Expression="ISC", Classifier=classifiers)) == "ISC"
    assert audit.licence_of(found(Classifier=classifiers, License="x")) == "MIT License"
    assert audit.licence_of(found(License="BSD\nall of its text")) == "BSD"
    assert audit.licence_of(found(Name="a")) == ""


def test_all_that_is_installed_at_run_time_may_be_used() -> None:
    listed = {one.name: one for one in audit.packages()}
    assert {"tdfnlp", "openvino", "torch", "numpy", "distributed"} <= set(listed)
    assert "pytest" not in listed
    assert [one for one in listed.values() if one.fault] == []


def entry(*found: str) -> dict[str, Any]:
    return {"name": "a", "version": "1", "vulns": [{"id": one} for one in found]}


@pytest.mark.parametrize(
    ("answer", "says", "wrong"),
    [
        (None, "NOT checked: no database could be reached (no route to host)", False),
        ([{"name": "a", "skip_reason": "not found"}], "NOT checked: no database knows any", False),
        ([entry(), {"name": "b", "skip_reason": "x"}], "No known vulnerability in 1 of 2", False),
        ([entry("CVE-1", "CVE-2")], "a 1: CVE-1, CVE-2", True),
    ],
)
def test_what_is_said_of_vulnerabilities(
    monkeypatch: pytest.MonkeyPatch, answer: object, says: str, wrong: bool
) -> None:
    out = "" if answer is None else json.dumps({"dependencies": answer})
    done = subprocess.CompletedProcess([], 1, out, "begun\nno route to host\n")
    monkeypatch.setattr(audit, "find_spec", lambda _: object())
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: done)
    said, found = audit.vulnerabilities()
    assert says in said and found == wrong


def test_without_pip_audit_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit, "find_spec", lambda _: None)
    lines, wrong = audit.report()
    assert "NOT checked: pip-audit is not installed" in lines[-1] and not wrong
    assert "0 with a licence not allowed" in lines[-2]
