"""The Word file as LibreOffice prints it, and the web page as a browser shows it."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from matplotlib.image import imread
from test_report import study

from tdfnlp import build_report

REQUIRED = os.environ.get("TDFNLP_REQUIRE_ALL") == "1"


def program(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        reason = f"{name} is not installed: the Word file cannot be printed."
        (pytest.fail if REQUIRED else pytest.skip)(reason)
    return str(found)


@pytest.fixture(scope="module")
def printed(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    office, painter = program("soffice"), program("pdftoppm")
    folder = tmp_path_factory.mktemp("print")
    with study(folder / "falls.db") as store:
        build_report(store).save(folder)
    profile = f"-env:UserInstallation=file://{folder}/profile"
    order = [office, profile, "--headless", "--convert-to", "pdf", "--outdir", str(folder)]
    subprocess.run([*order, str(folder / "report.docx")], check=True, capture_output=True)
    pages = [painter, "-r", "40", "-png", str(folder / "report.pdf"), str(folder / "page")]
    subprocess.run(pages, check=True, capture_output=True)
    return sorted(folder.glob("page-*.png"))


def test_the_word_file_prints_and_no_page_is_blank(printed: list[Path]) -> None:
    assert 6 <= len(printed) <= 30
    for page in printed:
        ink = (imread(page)[..., :3] < 0.6).mean()
        assert ink > 0.001, f"{page.name} is blank"


def test_figures_are_printed_in_colour(printed: list[Path]) -> None:
    def coloured(page: Path) -> bool:
        pixels = imread(page)[..., :3]
        return bool(((pixels.max(axis=2) - pixels.min(axis=2)) > 0.4).mean() > 0.005)

    assert any(coloured(page) for page in printed)
