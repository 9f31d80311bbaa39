"""The processes that start commands: one for each at a time, used again, and replaced when gone."""

import asyncio
import os
import signal
from pathlib import Path

from bot.box import Choice, probe
from bot.box.forkserver import MOST_IDLE, SERVERS
from tests.box.boxed import EACH_LEVEL, appears, beats, boxed, command

BEAT = "while :; do printf x >> beat; sleep 0.02; done"


def idle() -> list[int]:
    return [server.pid for server in SERVERS._idle]


@EACH_LEVEL
async def test_one_that_was_killed_while_idle_is_replaced(tmp_path: Path, level: Choice) -> None:
    await boxed(tmp_path / "tree", "true", level)
    for pid in idle():
        os.kill(pid, signal.SIGKILL)

    outcome = await boxed(tmp_path / "tree", "echo hi", level)

    assert (outcome.exit_code, outcome.output) == (0, "hi\n")


@EACH_LEVEL
async def test_one_that_is_killed_at_work_is_a_killed_command(
    tmp_path: Path, level: Choice
) -> None:
    box = await probe(level)

    async with box.open(
        command(tmp_path / "tree", f"(setsid sh -c '{BEAT}' &) ; {BEAT}")
    ) as process:
        await appears(tmp_path / "tree/beat")
        os.kill(process.pid, signal.SIGKILL)
        code = await process.wait()

    assert code == 128 + 9
    if level == "bubblewrap":
        assert not await beats(tmp_path / "tree/beat")
    assert (await box.run(command(tmp_path / "other", "exit 4"))).exit_code == 4


async def test_many_commands_at_once_have_one_each_and_few_stay(tmp_path: Path) -> None:
    box = await probe("landlock")

    outcomes = await asyncio.gather(
        *(box.run(command(tmp_path / f"tree{n}", f"sleep 0.2; exit {n}")) for n in range(10))
    )

    assert [outcome.exit_code for outcome in outcomes] == list(range(10))
    assert len(idle()) <= MOST_IDLE


async def test_a_command_finds_nothing_of_the_one_before(tmp_path: Path) -> None:
    await boxed(tmp_path / "one", "echo hi > $HOME/x; cd $HOME; umask 0; exec 9>y", "landlock")

    outcome = await boxed(
        tmp_path / "two", "ls -A $HOME; umask; ls /proc/self/fd | wc -l; ulimit -c", "landlock"
    )

    assert outcome.output.split() == ["0022", "4", "0"]
