"""What a command of the repository may do wrong: it is ended, named, and leaves nothing behind."""

import asyncio
import os
import subprocess

import pytest

from tests.service.world import Json, World

pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="module")]

CONFIG = """
verify:
  test: if test -f check.sh; then sh ./check.sh; fi
limits: {attempts: 1, command_seconds: 15, open_pull_requests: 100}
"""


def nap(number: int) -> str:
    """A command that nobody else on this machine runs at the same time."""
    return f"sleep 360{number}.{os.getpid():07}"


async def judged(town: World, check: str) -> tuple[Json, str]:
    """Let this script be the repository's command; answer the run and its one comment."""
    await town.write_file(".github/coppice.yml", CONFIG)
    issue = await town.issue()
    town.script(issue, [{"write": "check.sh", "text": check}])
    await town.label(issue)
    run = await town.ended(issue)
    comment, *_ = await town.said(issue)
    return run, comment


async def test_a_command_that_never_ends(town: World) -> None:
    run, comment = await judged(town, f"trap '' TERM INT HUP; {nap(1)} & wait; {nap(2)}\n")

    assert (run["status"], run["error"]["class"]) == ("failed", "test:limit")
    assert "time limit of 15 s" in comment
    check = (await town.checks(f"coppice/{run['issue']}-{run['id'][:6]}"))["Coppice"]
    assert check["conclusion"] == "timed_out"
    assert [nap(n) for n in (1, 2) if nap(n) in processes()] == []


async def test_a_daemon_ends_with_its_command(town: World) -> None:
    run, _ = await judged(town, f"setsid {nap(3)} >/dev/null 2>&1 &\nexit 0\n")

    assert run["status"] == "done", run["error"]
    assert nap(3) not in processes()


async def test_a_daemon_that_holds_the_output_does_not_hold_the_run(town: World) -> None:
    run, _ = await judged(town, f"setsid {nap(4)} &\necho started\n")

    assert run["status"] == "done", run["error"]
    assert nap(4) not in processes()


async def test_a_gigabyte_of_output(town: World) -> None:
    run, comment = await judged(town, "head -c 1000000000 /dev/zero | tr '\\0' x\n")

    assert (run["status"], run["error"]["class"]) == ("failed", "test:limit")
    assert "output limit of 64 MB" in comment
    assert len(comment) < 5000


async def test_invalid_utf8_becomes_text(town: World) -> None:
    run, comment = await judged(town, "printf 'E   \\377\\376 \\033[31mred\\n'; exit 3\n")

    assert (run["status"], run["error"]["class"]) == ("failed", "test:exit 3")
    assert "\x1b" not in comment


async def test_a_command_that_asks_gets_no_answer(town: World) -> None:
    run, comment = await judged(town, "read -r answer || { echo nobody is there; exit 4; }\n")

    assert (run["status"], run["error"]["class"]) == ("failed", "test:exit 4")
    assert "time limit" not in comment


async def test_a_command_that_deletes_the_worktree(town: World) -> None:
    run, _ = await judged(town, "rm -rf ./* .[!.]* 2>/dev/null; test ! -e check.sh\n")
    assert run["status"] == "done", run["error"]

    # The work is what was captured before, and the worktree serves the next run.
    pull = await town.repo("GET", f"/pulls/{run['pull_request']}/files")
    assert [file["filename"] for file in pull] == ["check.sh"]
    again, _ = await judged(town, "test -f README.md\n")
    assert again["status"] == "done", again["error"]


async def test_a_command_that_is_not_there(town: World) -> None:
    run, comment = await judged(town, "no-such-program --at-all\n")

    assert (run["status"], run["error"]["class"]) == ("failed", "test:shell.command_not_found")
    assert "Left out" not in comment
    assert "No further attempt would mend that" in comment
    check = (await town.checks(f"coppice/{run['issue']}-{run['id'][:6]}"))["Coppice"]
    assert "no-such-program: not found" in check["output"]["text"]


async def test_stop_ends_a_command_at_once(town: World) -> None:
    await town.write_file(".github/coppice.yml", CONFIG.replace("seconds: 15", "seconds: 600"))
    issue = await town.issue()
    town.script(issue, [{"write": "check.sh", "text": f"{nap(5)}\n"}])
    await town.label(issue)
    await town.at(issue, "verify")
    await asyncio.sleep(0.5)

    await town.comment(issue, "/coppice stop")

    assert (await town.ended(issue))["status"] == "cancelled"
    assert nap(5) not in processes()


def processes() -> str:
    return subprocess.run(["ps", "axo", "args"], capture_output=True, text=True, check=True).stdout
