"""Attacks on processes from the box: the host's, other runs' and those that would outlive it.

security.md rows 2, 6, 13 and 33.
"""

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from bot.box import Choice, probe
from bot.box.bubblewrap import Bubblewrap
from bot.box.probe import installed
from bot.box.surroundings import Limits
from tests.box.boxed import (
    AS_ROOT,
    EACH_LEVEL,
    PYTHON,
    appears,
    beats,
    boxed,
    command,
    falls_silent,
)

BEAT = "while :; do printf x >> beat; sleep 0.02; done"


@EACH_LEVEL
async def test_environments_of_the_host_cannot_be_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, level: Choice
) -> None:
    monkeypatch.setenv("COPPICE_WEBHOOK_SECRET", "canary-7f3a")
    holder = subprocess.Popen(["sleep", "60"])

    outcome = await boxed(
        tmp_path / "tree",
        f"cat /proc/*/environ /proc/{os.getpid()}/environ /proc/{holder.pid}/environ"
        "; env" + ("; cat /proc/*/cmdline; ps auxeww" if level == "bubblewrap" else ""),
        level=level,
    )

    holder.kill()
    holder.wait()
    assert "canary" not in outcome.output
    assert "COPPICE" not in outcome.output


async def test_only_its_own_processes_are_there(tmp_path: Path) -> None:
    outcome = await boxed(tmp_path / "tree", "ls /proc | grep -E '^[0-9]+$' | wc -l")

    assert int(outcome.output) <= 6


async def test_paths_of_the_host_are_on_no_command_line(tmp_path: Path) -> None:
    outcome = await boxed(tmp_path / "tree", "cat /proc/*/cmdline | tr '\\0' '\\n'")

    assert str(tmp_path) not in outcome.output


async def test_killing_everything_kills_nothing_of_the_host(tmp_path: Path) -> None:
    holder = subprocess.Popen(["sleep", "60"])

    outcome = await boxed(tmp_path / "tree", f"kill -9 {holder.pid}; kill -9 -1; exit 3")

    assert outcome.exit_code in (3, 128 + 9)
    assert holder.poll() is None
    holder.kill()
    holder.wait()


@EACH_LEVEL
async def test_a_daemon_that_holds_the_output_ends_with_the_command(
    tmp_path: Path, level: Choice
) -> None:
    script = f"(setsid sh -c '{BEAT}' &); until [ -s beat ]; do :; done; echo started; exit 4"

    outcome = await boxed(tmp_path / "tree", script, level=level)

    assert (outcome.exit_code, outcome.output) == (4, "started\n")
    assert outcome.seconds < 15
    assert not await beats(tmp_path / "tree/beat")


@EACH_LEVEL
async def test_a_command_that_never_ends_and_takes_no_signal_is_killed(
    tmp_path: Path, level: Choice
) -> None:
    script = f"trap '' TERM INT HUP; (setsid sh -c '{BEAT}' &); {BEAT}"

    outcome = await boxed(tmp_path / "tree", script, seconds=3, level=level)

    assert (outcome.exit_code, outcome.problem) == (None, "time limit of 3 s")
    assert not await beats(tmp_path / "tree/beat")


@EACH_LEVEL
async def test_cancelling_kills_everything(tmp_path: Path, level: Choice) -> None:
    task = asyncio.ensure_future(
        boxed(tmp_path / "tree", f"(setsid sh -c '{BEAT}' &); {BEAT}", level=level)
    )
    await appears(tmp_path / "tree/beat")

    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task

    assert not await beats(tmp_path / "tree/beat")


@pytest.mark.parametrize("wait", [0, 0.001, 0.003, 0.006, 0.009, 0.012])
async def test_cancelling_while_the_box_is_set_up_leaves_nothing(
    tmp_path: Path, wait: float
) -> None:
    box = await probe("auto")
    task = asyncio.ensure_future(box.run(command(tmp_path / "tree", BEAT)))
    await asyncio.sleep(wait)

    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task

    beat = tmp_path / "tree/beat"
    assert not beat.exists() or await falls_silent(beat)


@EACH_LEVEL
async def test_when_coppice_is_killed_the_box_dies_with_it(tmp_path: Path, level: Choice) -> None:
    program = (
        "import asyncio, pathlib, sys; from tests.box.boxed import EACH_LEVEL, boxed;"
        f"asyncio.run(boxed(pathlib.Path(sys.argv[1]), {BEAT!r}, {level!r}))"
    )
    coppice = subprocess.Popen([sys.executable, "-c", program, str(tmp_path / "tree")])
    await appears(tmp_path / "tree/beat")

    coppice.send_signal(signal.SIGKILL)
    coppice.wait()

    assert await falls_silent(tmp_path / "tree/beat")


async def test_a_run_finds_nothing_of_another(tmp_path: Path) -> None:
    box = await probe("auto")
    script = (
        "echo canary > /tmp/a; echo canary > $HOME/b; echo canary > /dev/shm/c;"
        f"exec {PYTHON} -c 'import socket, time; s = socket.socket(socket.AF_UNIX);"
        's.bind("\\0canary"); s.listen(); print(1, flush=True); time.sleep(60)\''
    )
    look = (
        "cat /tmp/* $HOME/* /dev/shm/*; ls /proc | grep -c '^[0-9]';"
        f"{PYTHON} -c 'import socket; socket.socket(socket.AF_UNIX).connect(\"\\0canary\")'"
    )

    async with box.open(command(tmp_path / "one", script)) as other:
        await other.stdout.readline()
        outcome = await boxed(tmp_path / "two", look)

    assert "canary\n" not in outcome.output
    assert "ConnectionRefusedError" in outcome.output


# The kernel holds root to no number of processes: `test_box_unprivileged` runs this one then.
if not AS_ROOT:

    async def test_a_fork_bomb_comes_to_an_end(tmp_path: Path) -> None:
        box = Bubblewrap(await installed(), read=(), limits=Limits(processes=50))

        outcome = await box.run(command(tmp_path / "tree", "while :; do sleep 100 & done"))

        assert outcome.problem is None
        assert "ork" in outcome.output  # dash: Cannot fork, bash: fork: retry
