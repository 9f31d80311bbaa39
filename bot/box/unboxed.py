"""COPPICE_BOX=none: an empty environment, limits and a clean end, but nothing is confined.

There are no mounts: paths of the box that a command is given (its working directory, words of its
argument list, values of its environment) are replaced by their sources, so the worktree is where it
lies on the host and not at ``/tree``. A path inside a shell script is not replaced.
"""

import asyncio
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import PurePosixPath

from bot.box import unboxed_program
from bot.box.command import BoxLevel, Command, Outcome
from bot.box.memory import memory_file
from bot.box.mount import GIT, TREE, Mount
from bot.box.process import BoxedProcess, Spawn
from bot.box.supervise import opened, supervised
from bot.box.surroundings import Limits, environment

PATIENCE_SECONDS = 5


class Unboxed:
    def __init__(self, *, limits: Limits | None = None) -> None:
        self._limits = limits or Limits()

    @property
    def level(self) -> BoxLevel:
        return BoxLevel.NONE

    async def run(self, command: Command) -> Outcome:
        with memory_file(command.stdin) as stdin:
            process = self._start(command, stdin=stdin, stderr=subprocess.STDOUT)
            return await supervised(process, command)

    @asynccontextmanager
    async def open(self, command: Command) -> AsyncIterator[BoxedProcess]:
        process = self._start(command, stdin=subprocess.PIPE, stderr=subprocess.PIPE)
        async with opened(process, command):
            yield process

    def _start(self, command: Command, *, stdin: int, stderr: int) -> "UnboxedProcess":
        limits = [f"{name}={value}" for name, value in self._limits.resources()]
        spawn = Spawn(
            argv=(
                *(sys.executable, "-I", "-S", unboxed_program.__file__),
                *(str(os.getpid()), tempfile.gettempdir(), *limits, "--"),
                *(on_host(word, command.mounts) for word in command.argv),
            ),
            env=_environment(command),
            cwd=on_host(command.cwd, command.mounts),
            stdin=stdin,
            stderr=stderr,
        )
        return UnboxedProcess(spawn())


class UnboxedProcess(BoxedProcess):
    async def _end(self) -> None:
        """Let the program kill what it started; it can find it, its process group cannot."""
        self._signal(signal.SIGTERM)
        with suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE_SECONDS):
                await self.wait()
        self._signal(signal.SIGKILL)
        await self.wait()


def on_host(word: str, mounts: tuple[Mount, ...]) -> str:
    """Replace a path in the box by what is mounted there; other words stay."""
    for mount in reversed(mounts):
        if PurePosixPath(word).is_relative_to(mount.target):
            return str(mount.source / PurePosixPath(word).relative_to(mount.target))
    return word


def _environment(command: Command) -> Mapping[str, str]:
    given = {name: on_host(value, command.mounts) for name, value in command.env.items()}
    return {**environment(), **_git(command), **given}


def _git(command: Command) -> Mapping[str, str]:
    """Point git to the throwaway directory: the tree's own pointer names a path of the box."""
    sources = {mount.target: str(mount.source) for mount in command.mounts}
    if GIT not in sources or TREE not in sources:
        return {}
    return {"GIT_DIR": sources[GIT], "GIT_WORK_TREE": sources[TREE]}
