"""`coppice demo` where something goes wrong that nobody foresaw, or before it has begun."""

import json
import os
import shlex
import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests.cli.shell import COMMAND, coppice, environment, git

pytestmark = pytest.mark.slow
SMALL = 16  # blocks of 512 bytes


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    git(folder, "init", "-q", "-b", "main")
    (folder / "a.txt").write_text("a\n")
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", "Begin")
    return folder


def without_room(project: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Play on an issue that is larger than any file that may be written."""
    issue = project.parent / "issue.md"
    issue.write_text(f"# Much\n\n{'word ' * 4000}\n")
    command = (*COMMAND, "demo", "--repo", project, "--issue", issue, *arguments)
    return subprocess.run(
        ["/bin/sh", "-c", f"ulimit -f {SMALL}; exec {shlex.join(map(str, command))}"],
        # Python would leave the byte code that it cannot write whole, cut off, for everybody else
        env=environment() | {"TMPDIR": str(project.parent), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )


def test_an_error_that_nobody_foresaw_is_one_line_and_the_object_is_whole(project: Path) -> None:
    state = project.parent / "state"

    done = without_room(project, "--json", "--state", str(state))

    found, traceback = json.loads(done.stdout), state / "logs" / "traceback.txt"
    said = f"internal error, OSError: [Errno 27] File too large; its traceback is in {traceback}"
    assert (done.returncode, done.stderr) == (1, f"coppice: {said}\n")
    assert found["error"] == {"stage": None, "class": "internal_error", "message": said}
    assert (found["status"], found["run"], found["state_dir"]) == ("failed", None, str(state))
    assert traceback.read_text().startswith("Traceback (most recent call last):\n")


def test_people_are_told_of_it_in_one_line_and_the_traceback_stays(project: Path) -> None:
    done = without_room(project)

    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1)
    traceback = Path(done.stderr.rpartition(" is in ")[2].strip())
    assert traceback.is_relative_to(project.parent)
    assert "OSError" in traceback.read_text()


def test_a_signal_leaves_a_whole_object_too(tmp_path: Path) -> None:
    state = tmp_path / "state"
    with subprocess.Popen(
        [*COMMAND, "demo", "--json", "--state", str(state)],
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as demo:
        while not (state / "forge.json").exists() and demo.poll() is None:
            time.sleep(0.05)
        demo.send_signal(signal.SIGTERM)
        said, complained = demo.communicate(timeout=150)

    found = json.loads(said)
    assert (demo.returncode, found["status"], complained) == (130, "cancelled", "")
    assert found["error"]["class"] == "interrupted"


def test_a_machine_without_git_is_told_so(project: Path, tmp_path: Path) -> None:
    for arguments in (("demo", "--json"), ("demo", "--repo", str(project)), ("forge",)):
        done = subprocess.run(
            [*COMMAND, *arguments],
            env=environment() | {"PATH": str(tmp_path)},
            capture_output=True,
            text=True,
            check=False,
        )

        said = "coppice: git is missing. Type: apt-get install -y git\n"
        assert (done.returncode, done.stdout, done.stderr) == (2, "", said)


def test_a_patch_may_come_through_a_pipe(project: Path) -> None:
    """As the shell's `--patch <(git diff)` gives it: it can be read but once."""
    diff = "--- a/a.txt\n+++ b/a.txt\n@@ -1 +1 @@\n-a\n+b\n"
    pipe = project.parent / "pipe"
    os.mkfifo(pipe)
    with subprocess.Popen(["/bin/sh", "-c", 'printf %s "$0" > "$1"', diff, pipe]):
        done = coppice(
            *("demo", "--json", "--state", str(project.parent / "state")),
            *("--repo", str(project), "--patch", str(pipe), "--verify", "grep b a.txt"),
        )

    assert (done.returncode, json.loads(done.stdout)["status"]) == (0, "done"), done.stderr
