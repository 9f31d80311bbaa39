"""Run git: argument lists, a clean environment, a time limit; its helpers end with it."""

import asyncio
import contextlib
import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from subprocess import PIPE

from bot.box.child import Child
from bot.worktree.directory import free_lock, free_locks
from bot.worktree.failures import failure
from bot.worktree.remote import LOCAL, Remote

SECONDS = 120.0
OUTPUT = 256 * 1024 * 1024  # bytes that one command may say; more is an attack or a mistake
KILLED = 128 + signal.SIGKILL
TRIES = 3  # of a command that somebody kills: the kernel when memory is short, an operator
PATIENCE = 2.0  # seconds from SIGTERM, at which git removes its lock files, to SIGKILL

# What a repository's own files can have git run (hooks, filters, monitors) is off, always.
CONFIG = (
    ("core.hooksPath", "/dev/null"),
    ("core.fsmonitor", "false"),
    ("core.attributesFile", "/dev/null"),
    ("core.excludesFile", "/dev/null"),
    ("core.autocrlf", "false"),
    ("core.untrackedCache", "false"),
    ("core.protectNTFS", "false"),  # else `git~1` is left out without a word
    ("core.logAllRefUpdates", "false"),
    ("submodule.recurse", "false"),
    ("gc.auto", "0"),
    ("maintenance.auto", "false"),
    ("checkout.workers", "0"),
    ("fetch.unpackLimit", "1"),
)

ENVIRONMENT = {
    "HOME": "/nonexistent",
    "LANG": "C.UTF-8",
    "LC_ALL": "C.UTF-8",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_ATTR_NOSYSTEM": "1",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_ALLOW_PROTOCOL": "http:https",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_PAGER": "cat",
    "GIT_EDITOR": "false",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Git:
    """git on one git directory, which is always named: none is ever looked for."""

    directory: Path
    work_tree: Path | None = None
    index: Path | None = None
    objects: Path | None = None
    """Where new objects go; None: into the git directory."""
    alternates: tuple[Path, ...] = ()
    """Further object directories to read from."""
    settings: tuple[tuple[str, str], ...] = ()
    """Configuration besides the one for all."""

    async def run(
        self,
        *arguments: str,
        stdin: bytes = b"",
        environment: Mapping[str, str] | None = None,
        remote: Remote = LOCAL,
        seconds: float = SECONDS,
    ) -> bytes:
        """Return what git prints; raises GitError with git's own word, credentials masked."""
        env = self._environment(remote) | dict(environment or {})
        said = await self._say(arguments, env, stdin, seconds)
        if said.exit_code or said.problem:
            told = (said.errors + said.output[-4000:]).decode(errors="replace")
            problem = said.problem or remote.mask(told)
            raise failure(arguments[0], said.exit_code, problem)
        return said.output

    async def warnings(self, *arguments: str, stdin: bytes = b"", seconds: float = SECONDS) -> str:
        """Return what git says beside its answer, when it succeeds."""
        said = await self._say(arguments, self._environment(LOCAL), stdin, seconds)
        told = said.errors.decode(errors="replace")
        if said.exit_code or said.problem:
            raise failure(arguments[0], said.exit_code, said.problem or told)
        return told

    async def answer(self, *arguments: str, codes: Sequence[int] = (0, 1)) -> tuple[int, bytes]:
        """Return exit code and output of a command whose exit code says something."""
        said = await self._say(arguments, self._environment(LOCAL), b"", SECONDS)
        if said.exit_code not in codes or said.problem:
            told = (said.errors + said.output[-4000:]).decode(errors="replace")
            raise failure(arguments[0], said.exit_code, said.problem or told)
        return said.exit_code, said.output

    async def text(self, *arguments: str) -> str:
        """Return what git prints as one line of text."""
        return os.fsdecode((await self.run(*arguments)).strip())

    async def _say(
        self, arguments: tuple[str, ...], env: Mapping[str, str], stdin: bytes, seconds: float
    ) -> "Said":
        """Run a command; again where it was killed from outside, which says nothing about it."""
        for _ in range(TRIES - 1):
            said = await self._once(arguments, env, stdin, seconds)
            if not said.killed:
                return said
            self._free(arguments)
        return await self._once(arguments, env, stdin, seconds)

    async def _once(
        self, arguments: tuple[str, ...], env: Mapping[str, str], stdin: bytes, seconds: float
    ) -> "Said":
        process = self._start(arguments, env)
        try:
            return await _converse(process, stdin, seconds)
        finally:
            process.close()

    def _free(self, arguments: tuple[str, ...]) -> None:
        """Remove the locks of a killed command, where no other git can have taken them."""
        if arguments[0] == "fetch":
            free_locks(self.directory)
        elif arguments[0] == "bundle":
            for path in filter(os.path.isabs, arguments):
                free_lock(Path(path))
        elif self.index is not None or self.work_tree is not None:
            free_lock(self.index or self.directory / "index")

    def _start(self, arguments: tuple[str, ...], env: Mapping[str, str]) -> Child:
        command = ("git", f"--git-dir={self.directory}", *self._tree_options(), *arguments)
        return Child(
            subprocess.Popen(
                command,
                bufsize=0,
                stdin=PIPE,
                stdout=PIPE,
                stderr=PIPE,
                cwd=self.directory,
                env=env,
                start_new_session=True,
            )
        )

    def _tree_options(self) -> tuple[str, ...]:
        return () if self.work_tree is None else (f"--work-tree={self.work_tree}",)

    def _environment(self, remote: Remote) -> dict[str, str]:
        env = {**ENVIRONMENT, "PATH": os.pathsep.join(os.get_exec_path()), **remote.environment()}
        if self.index is not None:
            env["GIT_INDEX_FILE"] = str(self.index)
        if self.objects is not None:
            env["GIT_OBJECT_DIRECTORY"] = str(self.objects)
        if self.alternates:
            env["GIT_ALTERNATE_OBJECT_DIRECTORIES"] = ":".join(map(_quoted, self.alternates))
        pairs = (*CONFIG, *self.settings, *remote.config())
        env["GIT_CONFIG_COUNT"] = str(len(pairs))
        for number, (key, value) in enumerate(pairs):
            env[f"GIT_CONFIG_KEY_{number}"] = key
            env[f"GIT_CONFIG_VALUE_{number}"] = value
        return env


def _quoted(path: Path) -> str:
    return '"' + str(path).replace("\\", "\\\\").replace('"', '\\"') + '"'


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    exit_code: int
    output: bytes
    errors: bytes
    problem: str | None = None
    """Why it did not end by itself."""

    @property
    def killed(self) -> bool:
        """Say whether it, or a helper of its own, was killed by somebody else."""
        helper = b"died of signal 9" in self.errors
        return self.problem is None and (self.exit_code == KILLED or helper)


async def _converse(process: Child, stdin: bytes, seconds: float) -> Said:
    """Feed and read until git has ended; whoever is cancelled ends it."""
    problem = None
    talking = asyncio.ensure_future(_talk(process, stdin))
    try:
        async with asyncio.timeout(seconds):
            await asyncio.shield(talking)
            code = await process.wait()
    except TimeoutError:
        problem = f"ended after its time limit of {seconds:g} s"
        code = await _end(process)
    except BaseException:
        await asyncio.shield(_end(process))
        await talking
        raise
    output, errors = await talking
    if len(output) > OUTPUT or len(errors) > OUTPUT:
        problem = f"ended because it printed more than {OUTPUT} bytes"
    return Said(exit_code=code, output=output, errors=errors, problem=problem)


async def _talk(process: Child, stdin: bytes) -> tuple[bytes, bytes]:
    await process.connect()
    output, errors, _ = await asyncio.gather(
        _read(process, process.stdout),
        _read(process, process.stderr),
        _feed(process.stdin, stdin),
    )
    return output, errors


async def _read(process: Child, stream: asyncio.StreamReader) -> bytes:
    """Read to the end; whoever says too much is killed, and what it said so far is returned."""
    chunks: list[bytes] = []
    size = 0
    while chunk := await stream.read(1 << 18):
        size += len(chunk)
        if size <= OUTPUT + len(chunk):
            chunks.append(chunk)
        if size > OUTPUT:
            _signal(process, signal.SIGKILL)
    return b"".join(chunks)


async def _feed(stream: asyncio.StreamWriter, data: bytes) -> None:
    # uvloop raises RuntimeError where the process has closed its end before we write.
    with contextlib.suppress(BrokenPipeError, ConnectionResetError, RuntimeError):
        if data:
            stream.write(data)
            await stream.drain()
    stream.close()


async def _end(process: Child) -> int:
    """End git and the helpers that it started."""
    _signal(process, signal.SIGTERM)
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(PATIENCE):
            await process.wait()
    _signal(process, signal.SIGKILL)
    return await process.wait()


def _signal(process: Child, number: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, number)
