"""What a user installs with tdfnlp: licences, and known vulnerabilities where they can be asked.

Run by ``make audit``. Ends with 1 where a licence is unknown or not allowed, or a vulnerability is
known. Where no database of vulnerabilities can be reached it says so, and that is no failure.
"""

import json
import re
import subprocess
import sys
from dataclasses import dataclass
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from importlib.util import find_spec
from typing import Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

EXTRAS = ("int8", "postgres", "dask")
"""Those that a user may install; "dev" and "bench" are for us."""

ALLOWED = (
    "0BSD", "Apache", "BSD", "CC0", "CNRI", "HPND", "ISC", "MIT", "MPL", "Mozilla Public",
    "PSF", "Python Software Foundation", "Python-2.0", "Unlicense", "Zlib", "LGPL", "BSL", "Boost",
    "Lesser General Public", "OFL", "Bitstream", "Public Domain",
)  # fmt: skip
"""LGPL libraries are used as they come, unchanged and separately installed."""

_FORBIDDEN = re.compile(r"\bA?GPL|(?<!Lesser )General Public|Proprietary|SSPL|Commons Clause", re.I)


@dataclass(frozen=True, slots=True)
class Package:
    """One package and the licence that it states."""

    name: str
    version: str
    licence: str

    @property
    def fault(self) -> str:
        """What is wrong with its licence, "" where nothing is."""
        # "A or B" may be taken as either; each part of "A and B" must be allowed.
        choices = re.split(r"\s+OR\s+", self.licence) or [self.licence]
        if any(_allowed(choice) for choice in choices):
            return ""
        return "forbidden" if _FORBIDDEN.search(self.licence) else "unknown"


def _allowed(licence: str) -> bool:
    stated = re.sub(r"\s+WITH\s+[\w.-]+", "", licence)  # an exception only ever grants more
    parts = re.split(r"\s+AND\s+|\s*;\s*", stated.strip(" ()"))
    known = [any(name.lower() in part.lower() for name in ALLOWED) for part in parts]
    bad = [_FORBIDDEN.search(part) for part in parts if "LGPL" not in part]
    return bool(parts) and all(known) and not any(bad)


def licence_of(found: Distribution) -> str:
    """Read a licence: SPDX expression, else classifiers, else the first line of the text."""
    facts: Any = found.metadata
    if expression := facts.get("License-Expression"):
        return str(expression)
    stated = [
        one.split("::")[-1].strip()
        for one in facts.get_all("Classifier") or []
        if one.startswith("License ::") and one.count("::") > 1
    ]
    if stated:
        return "; ".join(stated)
    return next(iter(str(facts.get("License") or "").strip().splitlines()), "")[:60]


def packages(root: str = "tdfnlp", extras: tuple[str, ...] = EXTRAS) -> list[Package]:
    """List what is installed with a package, to the bottom."""
    seen: dict[str, Package] = {}
    queue = [(root, ("", *extras))]
    while queue:
        name, wanted = queue.pop()
        key = canonicalize_name(name)
        if key in seen:
            continue
        try:
            found = distribution(name)
        except PackageNotFoundError:  # for another platform, or an extra that is not installed
            continue
        seen[key] = Package(found.metadata["Name"], found.version, licence_of(found))
        for line in found.requires or []:
            need = Requirement(line)
            if need.marker is None or any(need.marker.evaluate({"extra": one}) for one in wanted):
                queue.append((need.name, ("", *need.extras)))
    return sorted(seen.values(), key=lambda one: one.name.lower())


def vulnerabilities() -> tuple[str, bool]:
    """Ask pip-audit; a sentence on what came of it, and whether something was found."""
    unknown = "Vulnerabilities were NOT checked: "
    if find_spec("pip_audit") is None:
        return unknown + "pip-audit is not installed (pip install pip-audit).", False
    command = [sys.executable, "-m", "pip_audit", "--format", "json", "--progress-spinner", "off"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    try:
        entries = json.loads(done.stdout)["dependencies"]
    except (ValueError, KeyError):
        reason = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        return f"{unknown}no database could be reached ({reason[:200]}).", False
    asked = [one for one in entries if "vulns" in one]  # others it skips, and counts as good
    if not asked:
        return f"{unknown}no database knows any of the {len(entries)} packages.", False
    known = [
        f"{one['name']} {one['version']}: {', '.join(found['id'] for found in one['vulns'])}"
        for one in asked
        if one["vulns"]
    ]
    if known:
        return "Known vulnerabilities:\n" + "\n".join(known), True
    return f"No known vulnerability in {len(asked)} of {len(entries)} packages.", False


def report() -> tuple[list[str], bool]:
    """Give lines to print, and whether anything is wrong."""
    listed = packages()
    bad = [one for one in listed if one.fault]
    said, found = vulnerabilities()
    lines = [
        f"{one.name:26} {one.version:16} {one.licence or '-':60.60} {one.fault}".rstrip()
        for one in listed
    ]
    lines.append(f"{len(listed)} packages at run time, {len(bad)} with a licence not allowed.")
    return [*lines, said], bool(bad) or found


if __name__ == "__main__":
    said, wrong = report()
    sys.stdout.write("\n".join(said) + "\n")
    sys.exit(int(wrong))
