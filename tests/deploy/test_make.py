"""What `make` does on a machine on which something is missing."""

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.cli.shell import ROOT

NEEDED = ("Makefile", "pyproject.toml", "requirements.txt", "requirements-dev.txt")
TOOLS = ("sh", "make", "env", "mkdir", "touch", "rm", "cat", "sed", "dirname", "command")


def program(folder: Path, name: str, text: str) -> None:
    (folder / name).write_text(f"#!/bin/sh\n{text}\n")
    (folder / name).chmod(0o755)


@pytest.fixture
def bare(tmp_path: Path) -> Path:
    """A clone, and in its `bin` a machine without bubblewrap, Python and root."""
    for name in NEEDED:
        shutil.copy(ROOT / name, tmp_path)
    tools = tmp_path / "bin"
    tools.mkdir()
    for name in TOOLS:
        if found := shutil.which(name):
            (tools / name).symlink_to(found)
    program(tools, "id", "echo 1000")
    return tmp_path


def make(bare: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["make", *arguments],
        cwd=bare,
        env={"PATH": str(bare / "bin")},
        capture_output=True,
        text=True,
        check=False,
        timeout=150,
    )


def test_without_root_the_one_line_to_type_is_said(bare: Path) -> None:
    done = make(bare, "machine")

    assert (done.returncode, done.stdout) == (2, "")
    line = "coppice: something is missing. Type: sudo apt-get install -y bubblewrap"
    assert done.stderr.splitlines()[0] == line


def test_root_gets_it_from_apt_and_stdout_stays_empty(bare: Path) -> None:
    program(bare / "bin", "id", "echo 0")
    program(bare / "bin", "apt-get", 'echo "$@"; echo "$@" >> asked')

    done = make(bare, "machine")

    assert (done.returncode, done.stdout) == (0, "")
    asked = (bare / "asked").read_text().splitlines()
    assert [line.split()[0] for line in asked] == ["update", "install"]
    assert asked[1].endswith(" bubblewrap")


@pytest.mark.parametrize("box", ["none", "landlock"])
def test_who_needs_no_bubblewrap_is_not_asked_for_it(bare: Path, box: str) -> None:
    assert make(bare, "machine", f"COPPICE_BOX={box}").returncode == 0


@pytest.mark.parametrize(
    ("python", "said"),
    [
        ("exit 1", "coppice: needs Python 3.11 or newer."),
        ('case "$2" in *venv*) exit 1 ;; esac', "sudo apt-get install -y python3-venv"),
    ],
)
def test_a_python_that_will_not_do_is_named(bare: Path, python: str, said: str) -> None:
    for name in ("python3", "python3.14", "python3.13", "python3.12", "python3.11"):
        program(bare / "bin", name, python)

    done = make(bare, "demo")

    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr.splitlines()[0]
