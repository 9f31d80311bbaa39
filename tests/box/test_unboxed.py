"""COPPICE_BOX=none: nothing is confined, but the environment is empty and the end is an end."""

import asyncio
import contextlib
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from bot.box import GIT, Command, Mount, Outcome, probe
from bot.errors import OperatorError
from tests.box.boxed import appears, command, falls_silent


async def unboxed(tree: Path, script: str, **options: Any) -> Outcome:
    box = await probe("none")
    return await box.run(command(tree, script, **options))


def alive(pid_file: Path) -> bool:
    return Path(f"/proc/{pid_file.read_text().strip()}").exists()


async def test_it_works_where_the_tree_lies_on_the_host(tmp_path: Path) -> None:
    outcome = await unboxed(tmp_path / "tree", "pwd; exit 3")

    assert (outcome.exit_code, outcome.output) == (3, f"{tmp_path}/tree\n")


async def test_the_environment_is_empty_and_home_is_fresh(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CANARY", "secret")

    outcome = await unboxed(tmp_path / "tree", "env | cut -d= -f1 | sort; ls -A $HOME; echo $HOME")

    *names, home = outcome.output.split()
    assert names == ["HOME", "LANG", "PATH", "PWD", "TMPDIR"]
    assert not Path(home).exists()


async def test_words_that_are_paths_of_the_box_are_replaced(tmp_path: Path) -> None:
    (tmp_path / "tree").mkdir()
    (tmp_path / "tree/file").write_text("hi")
    box = await probe("none")
    mounts = (Mount(source=tmp_path / "tree", target="/tree", writable=True),)

    outcome = await box.run(Command(argv=("cat", "/tree/file"), mounts=mounts, seconds=60))

    assert outcome.output == "hi"


async def test_git_works_on_the_throwaway_directory(tmp_path: Path) -> None:
    git = tmp_path / "git"
    await unboxed(tmp_path, f"git init -q --bare {git} && git -C {git} config core.worktree /tree")
    mount = Mount(source=git, target=GIT, writable=True)

    outcome = await unboxed(tmp_path / "tree", "touch new; git status --porcelain", mounts=(mount,))

    assert outcome.output == "?? new\n"


async def test_a_daemon_that_left_its_group_ends_with_the_command(tmp_path: Path) -> None:
    daemon = "setsid sh -c 'echo $$ > pid; exec sleep 100' &"

    outcome = await unboxed(tmp_path / "tree", f"{daemon} until [ -s pid ]; do :; done; exit 4")

    assert (outcome.exit_code, outcome.problem) == (4, None)
    assert not alive(tmp_path / "tree/pid")


async def test_the_time_limit_ends_all_of_it(tmp_path: Path) -> None:
    script = "trap '' TERM; setsid sh -c 'echo $$ > pid; exec sleep 100' & sleep 100; sleep 100"

    outcome = await unboxed(tmp_path / "tree", script, seconds=3)

    assert (outcome.exit_code, outcome.problem) == (None, "time limit of 3 s")
    assert outcome.seconds < 20
    assert not alive(tmp_path / "tree/pid")


async def test_a_command_that_signals_its_whole_group_ends_only_itself(tmp_path: Path) -> None:
    outcome = await unboxed(tmp_path / "tree", "kill -TERM 0; echo survived")

    assert outcome.exit_code == 128 + 15


async def test_cancelling_ends_all_of_it(tmp_path: Path) -> None:
    task = asyncio.ensure_future(unboxed(tmp_path / "tree", "echo $$ > pid; sleep 100"))
    await appears(tmp_path / "tree/pid")

    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task

    assert not alive(tmp_path / "tree/pid")


async def test_when_coppice_is_killed_all_of_it_ends(tmp_path: Path) -> None:
    script = "(setsid sh -c 'while :; do printf x >> beat; sleep 0.02; done' &); sleep 100"
    program = (
        "import asyncio, pathlib, sys; from tests.box.test_unboxed import unboxed;"
        f"asyncio.run(unboxed(pathlib.Path(sys.argv[1]), {script!r}))"
    )
    coppice = subprocess.Popen([sys.executable, "-c", program, str(tmp_path / "tree")])
    await appears(tmp_path / "tree/beat")

    coppice.kill()
    coppice.wait()

    assert await falls_silent(tmp_path / "tree/beat")


async def test_a_missing_program_and_a_missing_tree_are_told(tmp_path: Path) -> None:
    box = await probe("none")
    mounts = (Mount(source=tmp_path / "absent", target="/tree"),)

    with pytest.raises(OperatorError, match="absent"):
        await box.run(Command(argv=("true",), mounts=mounts, seconds=60))
    outcome = await box.run(Command(argv=("no-such-program",), cwd="/", seconds=60))

    assert outcome.exit_code == 127
    assert outcome.output == "no-such-program: No such file or directory\n"


async def test_no_descriptor_is_left_behind(tmp_path: Path) -> None:
    await unboxed(tmp_path / "tree", "true")
    before = set(os.listdir("/proc/self/fd"))

    await unboxed(tmp_path / "tree", "yes", output_limit=1000)

    assert set(os.listdir("/proc/self/fd")) == before
