"""The loop on projects that people use: it reads, edits, is told that the tests fail, and mends.

The model is a script; the way is the real one, from the label to the draft pull request.
"""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.cli.shell import COMMAND, environment, git
from tests.real.projects import VERIFY, Project, working_below

pytestmark = pytest.mark.slow

TEST = VERIFY.partition("=")[2]
ACTIONS = {"A": "add", "M": "change", "D": "delete", "T": "change"}


def scenario(project: Project) -> dict[str, Any]:
    """Plan what the next release changed; go the wrong way, see it fail, and go the right one."""
    file, words, instead = project.step.wrong
    steps = [
        {"read": file},
        {"say": "That looks like a small thing."},
        {"edit": file, "old": words, "new": instead},
        {"shell": TEST, "expect": r"\d+ failed"},
        {"say": "It was not enough: I go back and do what the failures ask for."},
        {"edit": file, "old": instead, "new": words},
        {"patch": project.right.read_text()},
        {"shell": TEST, "expect": r"\d+ passed"},
    ]
    plan = {
        "summary": "The tests of the next release are here, its source is not.",
        "steps": [{"description": "Write what the tests ask for."}],
        "files": list(_files(project)),
    }
    return {
        "plays": [
            {"match": "You review a change", "answers": [{"findings": []}]},
            {"match": "You plan a change", "steps": [{"read": file}], "answers": [plan]},
            {"match": "You change files", "steps": steps, "final": "Mended."},
        ]
    }


def _files(project: Project) -> Iterator[dict[str, str]]:
    listed = git(project.folder, "diff", "--no-renames", "--name-status", "HEAD", project.tree)
    for line in listed.splitlines():
        letter, path = line.split("\t")
        yield {"glob": path, "action": ACTIONS[letter[0]], "purpose": "as the next release has it"}


@contextmanager
def served(scenario: dict[str, Any], folder: Path) -> Iterator[str]:
    file = folder / "scenario.yaml"
    file.write_text(yaml.safe_dump(scenario))
    command = (sys.executable, "-m", "bot.scripted_model", "--scenario", str(file))
    options = ("--log", str(folder / "calls.log"))
    with subprocess.Popen([*command, *options], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        yield json.loads(process.stdout.readline())["url"]
        process.terminate()


def test_the_loop_goes_from_one_release_to_the_next(project: Project, tmp_path: Path) -> None:
    with served(scenario(project), tmp_path) as url:
        code, found, said = _play(project, tmp_path / "state", url)
    calls = [json.loads(line) for line in (tmp_path / "calls.log").read_text().splitlines()]

    assert (code, found["status"], found["error"], said) == (0, "done", None, ""), found
    assert (found["agent"], found["attempts"]) == ("loop", 1)
    assert [each["exit_code"] for each in found["verify"]] == [0]
    head = found["pull_request"]["head_sha"]
    assert git(Path(found["repository"]), "rev-parse", f"{head}^{{tree}}") == project.tree
    tools = [each["called"] for each in calls]
    worked = ["read", "edit", "run", "edit", "patch", "run", "finish"]
    assert tools == ["read", "finish", *worked, "finish"]
    assert working_below(tmp_path) == []


def _play(project: Project, state: Path, url: str) -> tuple[int, dict[str, Any], str]:
    arguments = (
        *("demo", "--once", "--json", "--agent", "loop", "--state", state),
        *("--repo", project.folder, "--base", "main", "--issue", project.issue),
        *("--verify", VERIFY),
    )
    model = {"COPPICE_MODEL_URL": url, "COPPICE_MODEL": "scripted-model"}
    done = subprocess.run(
        [*COMMAND, *map(str, arguments)],
        env=environment() | model,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    return done.returncode, json.loads(done.stdout), done.stderr
