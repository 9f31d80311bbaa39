"""`coppice demo` on projects that people use: from one release to the next, over a wrong turn."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.cli.shell import COMMAND, environment, git
from tests.real.projects import VERIFY, Project, working_below

pytestmark = pytest.mark.slow


def _play(project: Project, state: Path, scratch: Path) -> tuple[int, dict[str, Any], str]:
    arguments = (
        *("demo", "--once", "--json", "--state", state, "--repo", project.folder),
        *("--base", "main", "--issue", project.issue, "--verify", VERIFY),
        *("--patch", project.wrong, "--patch", project.right),
    )
    done = subprocess.run(
        [*COMMAND, *map(str, arguments)],
        env=environment() | {"TMPDIR": str(scratch)},
        capture_output=True,
        text=True,
        check=False,
        timeout=180,
    )
    return done.returncode, json.loads(done.stdout), done.stderr


def test_the_second_patch_ends_as_the_next_release(project: Project, tmp_path: Path) -> None:
    state, scratch = tmp_path / "state", tmp_path / "scratch"
    scratch.mkdir()
    before = _look(project.folder)

    code, found, said = _play(project, state, scratch)

    assert (code, found["status"], found["error"], said) == (0, "done", None, ""), found
    assert found["attempts"] == 2
    first, second = found["verify"]
    assert (first["attempt"], first["exit_code"]) == (1, 1)
    assert (second["attempt"], second["exit_code"]) == (2, 0)
    head = found["pull_request"]["head_sha"]
    assert git(Path(found["repository"]), "rev-parse", f"{head}^{{tree}}") == project.tree
    assert git(Path(found["repository"]), "rev-parse", f"{head}^") == before[-1]

    assert _look(project.folder) == before
    assert list(scratch.iterdir()) == []
    assert working_below(tmp_path) == []
    assert [lock.name for lock in state.rglob("*.lock")] == ["service.lock"]


def _look(folder: Path) -> tuple[str, str, str]:
    """Everything in a repository that somebody could have touched."""
    status = git(folder, "status", "--porcelain", "--ignored")
    return status, git(folder, "show-ref"), git(folder, "rev-parse", "HEAD")
