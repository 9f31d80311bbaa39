"""Projects that people use, from one release to the next, over a wrong turn.

The base is one version with the tests of the next one. The first patch is a fix that stops half
way, the second is what the next version's source says.
"""

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from tests.cli.shell import git
from tests.real.sdists import Release, unpack

VERIFY = "test=python3 -m pytest -q -p no:cacheprovider"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """From one release to the next one."""

    old: Release
    new: Release
    tests: str
    """Where its tests lie."""
    wrong: tuple[str, str, str]
    """A file, words in it, and what somebody in a hurry would put in their place."""


STEPS = (
    Step(
        old=Release(
            project="parse",
            version="1.20.1",
            sha256="09002ca350ad42e76629995f71f7b518670bcf93548bdde3684fd55d2be51975",
        ),
        new=Release(
            project="parse",
            version="1.20.2",
            sha256="b41d604d16503c79d81af5165155c0b20f6c8d6c559efa66b4b695c3e5a0a0ce",
        ),
        tests="tests",
        wrong=("parse.py", r"{\w*(?:\.\w+|", r"{[\w-]*(?:\.[\w-]+|"),
    ),
    Step(
        old=Release(
            project="sqlparse",
            version="0.4.2",
            sha256="0c00730c74263a94e5a9919ade150dfc3b19c574389985446148402998287dae",
        ),
        new=Release(
            project="sqlparse",
            version="0.4.3",
            sha256="69ca804846bb114d2ec380e4360a8a340db83f0ccf3afceeb1404df028f57268",
        ),
        tests="tests",
        wrong=(
            "sqlparse/engine/grouping.py",
            "tmp_token.value == 'CREATE'",
            "tmp_token.value.upper() == 'CREATE'",
        ),
    ),
    Step(
        old=Release(
            project="voluptuous",
            version="0.14.1",
            sha256="7b6e5f7553ce02461cce17fedb0e3603195496eb260ece9aca86cc4cc6625218",
        ),
        new=Release(
            project="voluptuous",
            version="0.14.2",
            sha256="533e36175967a310f1b73170d091232bf881403e4ebe52a9b4ade8404d151f5d",
        ),
        tests="voluptuous/tests",
        wrong=(
            "voluptuous/validators.py",
            "must be one of {}'.format(sorted(self.container))",
            "must be one of {}'.format(sorted(self.container, key=str))",
        ),
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """Somebody's repository at the base, the two patches, and the tree that is wanted."""

    step: Step
    folder: Path
    issue: Path
    wrong: Path
    right: Path
    tree: str


def prepare(step: Step, tmp_path: Path) -> Project:
    """Lay out the repository and both patches; skip the test where pip cannot fetch a release."""
    (tmp_path / "releases").mkdir()
    old, new = (unpack(release, tmp_path / "releases") for release in (step.old, step.new))
    shutil.rmtree(old / step.tests)
    shutil.copytree(new / step.tests, old / step.tests)
    folder = tmp_path / step.old.project
    folder.mkdir()
    git(folder, "init", "-q", "-b", "main")
    _lay(old, folder)
    git(folder, "commit", "-q", "-m", f"{step.old.name} with the tests of {step.new.version}")

    _lay(new, folder)
    right = _patch(folder, tmp_path / "right.diff")
    tree = git(folder, "write-tree")
    git(folder, "reset", "-q", "--hard")
    name, words, instead = step.wrong
    source = (folder / name).read_text()
    assert source.count(words) == 1
    (folder / name).write_text(source.replace(words, instead))
    git(folder, "add", "-A")
    wrong = _patch(folder, tmp_path / "wrong.diff")
    git(folder, "reset", "-q", "--hard")
    issue = tmp_path / "issue.md"
    issue.write_text(f"# Do what {step.new.name} does\n\nIts tests are here already.\n")
    return Project(step=step, folder=folder, issue=issue, wrong=wrong, right=right, tree=tree)


def _lay(tree: Path, folder: Path) -> None:
    """Stage a tree in the place of what is there."""
    git(folder, "rm", "-r", "-q", "--force", "--ignore-unmatch", ".")
    shutil.copytree(tree, folder, dirs_exist_ok=True)
    git(folder, "add", "-A", "--force")


def _patch(folder: Path, file: Path) -> Path:
    command = ("git", "-C", str(folder), "diff", "--cached", "--binary", "--full-index")
    file.write_bytes(subprocess.run(command, check=True, capture_output=True).stdout)
    return file


def working_below(folder: Path) -> list[str]:
    """List the processes that still work in a folder."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if Path(os.readlink(process / "cwd")).is_relative_to(folder):
                found.append((process / "cmdline").read_text())
        except OSError:
            continue  # it has ended, or it is somebody else's
    return found
