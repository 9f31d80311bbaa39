"""A built wheel holds all that the repository's folders hold, and works without the repository."""

import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[1]
FOLDERS = ("bot", "handlers", "prompts")
FILES = ("pyproject.toml", "README.md", "LICENSE", "app.yaml")


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build a wheel from a copy, so that no `build/` of ours is in it, and unpack it."""
    source, target = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("installed")
    for folder in FOLDERS:
        leftovers = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / folder, source / folder, symlinks=True, ignore=leftovers)
    for file in FILES:
        shutil.copy(ROOT / file, source)
    options = ("--quiet", "--no-deps", "--no-build-isolation", "--no-index")
    command = (sys.executable, "-m", "pip", "wheel", *options, "-w", str(source), str(source))
    subprocess.run(command, check=True, stdout=sys.stderr)
    with zipfile.ZipFile(next(source.glob("*.whl"))) as wheel:
        wheel.extractall(target)
    return target


def test_it_holds_every_file(installed: Path) -> None:
    ours = {
        str(file.relative_to(ROOT))
        for folder in FOLDERS
        for file in (ROOT / folder).rglob("*")
        if file.is_file() and "__pycache__" not in file.parts
    }
    its = {str(file.relative_to(installed)) for file in installed.rglob("*") if file.is_file()}

    assert {name for name in its if ".dist-info/" not in name} == ours
    assert (installed / "bot/cli/app.yaml").read_text() == (ROOT / "app.yaml").read_text()


def test_its_demo_grows_a_pull_request(installed: Path, tmp_path: Path) -> None:
    done = subprocess.run(
        (sys.executable, "-m", "bot", "demo", "--once", "--json", "--state", tmp_path / "state"),
        env={"PATH": os.environ["PATH"], "HOME": str(tmp_path), "PYTHONPATH": str(installed)},
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        check=False,
    )

    found = json.loads(done.stdout)
    assert (found["status"], found["attempts"]) == ("done", 2), found
