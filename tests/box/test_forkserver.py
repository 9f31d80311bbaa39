"""The processes that start commands: one for each at a time, used again, and replaced when gone."""

import asyncio
import os
import signal
import socket
import sys
from pathlib import Path

import pytest

from bot.box import Choice, Forward, probe
from bot.box.forkserver import MOST_IDLE, SERVERS, Server
from bot.box.landlock import Landlock
from bot.box.leftovers import mark
from bot.box.on_host import OnHost
from bot.box.unboxed import Unboxed
from tests.box.boxed import EACH_LEVEL, appears, beats, boxed, command
from tests.box.test_forward import shouting

BEAT = "while :; do printf x >> beat; sleep 0.02; done"


def _kill(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)
    os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)


def _ended() -> int:
    """A process that is over, and that nobody has heard of yet."""
    pid = os.posix_spawn("/bin/false", ["false"], {})
    os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
    return pid


def _kill_at_once(keeper: int) -> None:
    """Kill the keeper and the server below it so that neither sees the other's end."""
    below = Path(f"/proc/{keeper}/task/{keeper}/children").read_text().split()
    for number in (signal.SIGSTOP, signal.SIGKILL):
        for pid in (keeper, *map(int, below)):
            os.kill(pid, number)


def idle() -> list[int]:
    return [server.pid for server in SERVERS._idle]


@EACH_LEVEL
async def test_one_that_was_killed_while_idle_is_replaced(tmp_path: Path, level: Choice) -> None:
    await boxed(tmp_path / "tree", "true", level)
    for pid in idle():
        _kill(pid)

    outcome = await boxed(tmp_path / "tree", "echo hi", level)

    assert (outcome.exit_code, outcome.output) == (0, "hi\n")


@EACH_LEVEL
async def test_one_that_was_killed_and_is_not_all_gone_yet_is_replaced(
    tmp_path: Path, level: Choice
) -> None:
    """The one below a killed keeper dies a moment later; what it is told meanwhile nobody does."""
    await boxed(tmp_path / "tree", "true", level)
    (real,) = SERVERS._idle[-1:]
    near, far = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    dying = Server(pid=_ended(), line=near, bounds=real.bounds, group=None, mark=mark(4095))
    SERVERS._idle.insert(0, dying)

    outcome = await boxed(tmp_path / "tree", "echo hi", level, seconds=60)

    assert (outcome.exit_code, outcome.output) == (0, "hi\n")
    far.close()


@EACH_LEVEL
async def test_one_killed_at_work_is_a_killed_command(tmp_path: Path, level: Choice) -> None:
    box = await probe(level)

    async with box.open(command(tmp_path / "tree", BEAT)) as process:
        await appears(tmp_path / "tree/beat")
        os.kill(process.pid, signal.SIGKILL)
        code = await process.wait()

    assert code == 128 + 9
    assert not await beats(tmp_path / "tree/beat")
    assert (await box.run(command(tmp_path / "other", "exit 4"))).exit_code == 4


@pytest.mark.parametrize("level", ["landlock", "none"])
@pytest.mark.parametrize("which", ["the server", "its keeper"])
async def test_who_fled_from_a_killed_server_does_not_live_on(
    tmp_path: Path, level: Choice, which: str
) -> None:
    """A process in a session of its own, and a child of a child that is gone."""
    box = await probe(level)
    flee = f"setsid sh -c '{BEAT}' & (setsid sh -c '{BEAT.replace('beat', 'other')}' &) ; wait"

    async with box.open(command(tmp_path / "tree", flee)) as process:
        await appears(tmp_path / "tree/beat")
        await appears(tmp_path / "tree/other")
        below = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
        os.kill(process.pid if which == "its keeper" else int(below[0]), signal.SIGKILL)
        code = await process.wait()

    assert code == 128 + 9
    assert not await beats(tmp_path / "tree/beat")
    assert not await beats(tmp_path / "tree/other")


@pytest.mark.parametrize("kind", [Landlock, Unboxed])
async def test_who_fled_from_both_servers_at_once_does_not_live_on(
    tmp_path: Path, kind: type[OnHost]
) -> None:
    """Where no control group holds them; one has given away its session and its environment."""
    box = Landlock(read=(Path(sys.prefix),)) if kind is Landlock else kind()
    flee = f"env -i setsid sh -c '{BEAT}' & sh -c '{BEAT.replace('beat', 'other')}' & wait"

    async with box.open(command(tmp_path / "tree", flee)) as process:
        await appears(tmp_path / "tree/beat")
        await appears(tmp_path / "tree/other")
        _kill_at_once(process.pid)
        code = await process.wait()

    assert code == 128 + 9
    assert not await beats(tmp_path / "tree/beat")
    assert not await beats(tmp_path / "tree/other")


async def test_what_a_dead_service_left_ends_with_the_next(tmp_path: Path) -> None:
    """Somebody killed the service, too. Any other service on this machine may be the next, those of
    tests beside us as well: whether it lives on until ours begins is not ours to say.
    """
    program = (sys.executable, "-m", "tests.box.doomed_program", str(tmp_path / "tree"))
    doomed = await asyncio.create_subprocess_exec(*program, "with its servers")
    async with asyncio.timeout(150):
        assert await doomed.wait() == -signal.SIGKILL

    again = await asyncio.create_subprocess_exec(*program, "at its end")
    async with asyncio.timeout(150):
        assert await again.wait() == 0

    assert not await beats(tmp_path / "tree/begun")


async def test_nothing_is_said_when_nobody_is_left_to_hear_it(tmp_path: Path) -> None:
    (tmp_path / "tree").mkdir()
    doomed = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.box.doomed_program", str(tmp_path / "tree")),
        stderr=asyncio.subprocess.PIPE,
    )
    async with asyncio.timeout(150):
        _, said = await doomed.communicate()  # to the end of all that have its stderr

    assert (doomed.returncode, said) == (-signal.SIGKILL, b"")


async def test_many_commands_at_once_have_one_each_and_few_stay(tmp_path: Path) -> None:
    box = await probe("landlock")

    outcomes = await asyncio.gather(
        *(box.run(command(tmp_path / f"tree{n}", f"sleep 0.2; exit {n}")) for n in range(10))
    )

    assert [outcome.exit_code for outcome in outcomes] == list(range(10))
    assert len(idle()) <= MOST_IDLE


async def test_a_command_finds_nothing_of_the_one_before(tmp_path: Path) -> None:
    await boxed(tmp_path / "one", "echo hi > $HOME/x; umask 0; exec 9>y; ulimit -f 1", "landlock")

    outcome = await boxed(tmp_path / "two", "ls -A $HOME; umask; ulimit -f", "landlock")

    assert outcome.output.split() == ["0022", str(2**30 // 512)]


@pytest.mark.parametrize("level", ["bubblewrap", "landlock", "none"])
async def test_a_command_has_three_descriptors_and_no_more(tmp_path: Path, level: Choice) -> None:
    async with shouting(tmp_path / "s") as path:
        for forward in ((), (Forward(port=8100, socket=path),)):
            outcome = await boxed(
                tmp_path / "tree",
                "python3 -c 'import os; print(os.listdir(\"/proc/self/fd\"))'",
                level,
                forward=forward,
            )
            assert outcome.output == "['0', '1', '2', '3']\n"  # the last is the directory itself
