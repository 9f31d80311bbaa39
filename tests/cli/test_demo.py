"""`coppice demo` as a person or a program starts it: forge, service, run, report, clean end."""

import json
import os
import pty
import select
import signal
import subprocess
import time
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from tests.cli.shell import COMMAND, coppice, environment, git, played

pytestmark = pytest.mark.slow

KEYS = {
    *("run", "agent", "model", "status", "error", "box", "attempts", "state_dir", "repository"),
    *("issue_url", "pull_request", "check_runs", "verify", "comments", "effects", "timings"),
}
DELIVERY_KEYS = {
    *("guid", "event", "action", "repository", "received_at", "attempts", "decision"),
    *("reason", "runs", "source"),
}
ISSUE = "# add() subtracts\n\n`add(2, 3)` answers -1.\n"
TEST = "from calc import add\n\n\ndef test_add():\n    assert add(2, 3) == 5\n"
WRONG, RIGHT = "    return b - a\n", "    return a + b\n"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Somebody's own repository, on a branch that is not `main`, with a failing test."""
    folder = tmp_path / "calc"
    folder.mkdir()
    git(folder, "init", "-q", "-b", "trunk")
    (folder / "calc.py").write_text("def add(a, b):\n    return a - b\n")
    (folder / "test_calc.py").write_text(TEST)
    git(folder, "add", ".")
    git(folder, "commit", "-q", "-m", "Begin")
    return folder


def patch(folder: Path, line: str, file: Path) -> str:
    source = folder / "calc.py"
    before = source.read_text()
    source.write_text("def add(a, b):\n" + line)
    file.write_text(git(folder, "diff") + "\n")
    source.write_text(before)
    return str(file)


def test_the_demo_grows_a_draft_pull_request_at_the_second_attempt(tmp_path: Path) -> None:
    code, found = played("--state", str(tmp_path / "state"))

    assert (code, found["status"], found["error"]) == (0, "done", None), found
    assert set(found) == KEYS
    assert (found["agent"], found["attempts"]) == ("scripted", 2)
    assert found["pull_request"]["draft"] is True
    by_attempt = {n: [v for v in found["verify"] if v["attempt"] == n] for n in (1, 2)}
    assert any(each["exit_code"] != 0 for each in by_attempt[1])
    assert {each["exit_code"] for each in by_attempt[2]} == {0}
    conclusions = {each["name"]: each["conclusion"] for each in found["check_runs"]}
    assert conclusions == dict.fromkeys(
        ("Coppice", "Coppice / verify", "Coppice / rules"), "success"
    )
    assert found["comments"] == 1
    assert found["effects"] >= 7
    assert all(isinstance(each, int) and each >= 0 for each in found["timings"].values())

    head = git(Path(found["repository"]), "rev-parse", found["pull_request"]["head"])
    assert head == found["pull_request"]["head_sha"]
    facts = json.loads((tmp_path / "state" / "forge.json").read_text())
    assert facts["clone_url"].endswith(f"{facts['repository']}.git")


def test_a_story_is_told_step_by_step(tmp_path: Path) -> None:
    code, found = played("--story", "fix", "--state", str(tmp_path / "state"))

    assert (code, found["story"]) == (0, "fix")
    assert [(each["did"], each["ok"]) for each in found["steps"]] == [
        ("put the label `coppice` on the issue", True),
        ("attempt 1", True),
        ("attempt 2", True),
        ("publish", True),
    ]


def test_in_a_terminal_it_stays_and_shows_what_people_do_next(tmp_path: Path) -> None:
    screen, terminal = pty.openpty()
    with subprocess.Popen(
        [*COMMAND, "demo", "--state", str(tmp_path / "state")],
        env=environment(),
        stdin=terminal,
        stdout=terminal,
        stderr=terminal,
    ) as demo:
        os.close(terminal)
        shown = _read_until(screen, "Ctrl-C ends it")
        facts = json.loads((tmp_path / "state" / "forge.json").read_text())
        _label(facts, 2)
        later = _read_until(screen, "#2   comment")
        demo.send_signal(signal.SIGINT)
        demo.wait(timeout=150)
    os.close(screen)

    assert demo.returncode == 0
    for word in ("label", "reaction on the issue", "exit 1", "attempt 2", "exit 0", "pull request"):
        assert word in shown
    assert f"{facts['html_url']}/{facts['repository']}/issues/1" in shown
    assert "#2   label                  by marta" in later


def _read_until(screen: int, word: str) -> str:
    shown, patience = "", time.monotonic() + 90
    while word not in shown:
        ready, _, _ = select.select([screen], [], [], max(0.0, patience - time.monotonic()))
        assert ready, f"{word!r} never came:\n{shown}"
        shown += os.read(screen, 65536).decode(errors="replace")
    return shown


def _label(facts: dict[str, Any], issue: int) -> None:
    request = urllib.request.Request(
        f"{facts['api_url']}/repos/{facts['repository']}/issues/{issue}/labels",
        data=b'{"labels": ["coppice"]}',
        headers={"Authorization": f"token {facts['users']['maintainer']['token']}"},
    )
    urllib.request.urlopen(request).close()


def test_what_it_did_can_be_listed_and_applied_afterwards(project: Path, tmp_path: Path) -> None:
    file = tmp_path / "issue.md"
    file.write_text(ISSUE)
    wrong = patch(project, WRONG, tmp_path / "wrong.diff")
    right = patch(project, RIGHT, tmp_path / "right.diff")
    before = git(project, "status", "--porcelain", "--branch"), git(project, "rev-parse", "HEAD")
    code, found = played(
        *("--repo", str(project), "--issue", str(file), "--patch", wrong, "--patch", right),
        *("--verify", "test=python3 -m pytest -q", "--state", str(tmp_path / "state")),
    )

    assert (code, found["attempts"], found["pull_request"]["base"]) == (0, 2, "trunk"), found
    assert [v["name"] for v in found["verify"]] == ["test", "test"]
    bare = Path(found["repository"])
    work = git(bare, "show", f"{found['pull_request']['head_sha']}:calc.py")
    assert work == "def add(a, b):\n    return a + b"
    after = git(project, "status", "--porcelain", "--branch"), git(project, "rev-parse", "HEAD")
    assert after == before

    data_dir = tmp_path / "state" / "coppice"
    listed = json.loads(coppice("runs", "--json", DATA_DIR=data_dir).stdout)
    assert [(each["id"], each["status"]) for each in listed] == [(found["run"], "done")]
    deliveries = json.loads(coppice("deliveries", "--json", DATA_DIR=data_dir).stdout)
    starts = [each for each in deliveries if found["run"] in each["runs"]]
    assert [(each["event"], each["action"], each["decision"]) for each in starts] == [
        ("issues", "labeled", "start")
    ]
    assert set(starts[0]) == DELIVERY_KEYS
    guid = starts[0]["guid"]
    assert coppice("redeliver", guid, DATA_DIR=data_dir).returncode == 0
    again = json.loads(coppice("deliveries", guid, "--json", DATA_DIR=data_dir).stdout)
    assert [each["decision"] for each in again] == ["pending"]
    mail = coppice("patch", found["run"], "--mbox", DATA_DIR=data_dir).stdout
    subprocess.run(
        ["git", "-c", "user.name=a", "-c", "user.email=a@b", "-C", project, "am", "-q"],
        input=mail,
        text=True,
        check=True,
    )
    assert (project / "calc.py").read_text().endswith(RIGHT)


def test_work_that_never_passes_is_failed_and_exits_1(project: Path, tmp_path: Path) -> None:
    wrong = patch(project, WRONG, tmp_path / "wrong.diff")

    code, found = played(
        *("--repo", str(project), "--patch", wrong, "--verify", "python3 -m pytest -q"),
        *("--state", str(tmp_path / "state")),
    )

    assert (code, found["status"], found["pull_request"]) == (1, "failed", None), found
    assert found["error"]["stage"] == "verify"
    assert {each["name"] for each in found["verify"]} == {"verify-1"}


def test_without_a_script_the_run_is_blocked(project: Path, tmp_path: Path) -> None:
    code, found = played("--repo", str(project), "--state", str(tmp_path / "state"))

    assert (code, found["status"]) == (1, "blocked"), found
    assert found["error"]["message"] == "there is no script for this issue"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_everything_that_it_started(tmp_path: Path, number: int) -> None:
    state = tmp_path / "state"
    with subprocess.Popen(
        [*COMMAND, "demo", "--state", str(state)],
        env=environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as demo:
        patience = time.monotonic() + 150
        while not (children := _children(demo.pid)) and time.monotonic() < patience:
            time.sleep(0.1)
        time.sleep(1)
        children = _children(demo.pid)
        os.kill(demo.pid, number)
        demo.wait(timeout=150)

    assert demo.returncode == 130
    assert children
    assert [pid for pid in children if Path(f"/proc/{pid}").exists()] == []


def _children(pid: int) -> list[int]:
    listed = Path(f"/proc/{pid}/task/{pid}/children")
    return [int(child) for child in listed.read_text().split()] if listed.exists() else []
