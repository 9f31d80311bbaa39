"""One `git http-backend` process, and the pipes over which its hooks ask for a judgement.

git inherits two pipes. The pre-receive hook writes where the new objects lie and what is to change;
the update hook asks for each ref again, so that one refused branch does not hold back the others.
"""

import asyncio
import os
import signal
import subprocess
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from bot.forge.git.policy import PushRefusal, Update
from bot.forge.git.process import environment
from bot.forge.git.refs import ZERO

HOOKS = {
    "pre-receive": """#!/bin/sh
{ echo "push $GIT_QUARANTINE_PATH"; cat; echo; } >"/dev/fd/$FORGE_ASK" || exit 1
read -r word <"/dev/fd/$FORGE_ANSWER"
test "$word" = ok
""",
    "update": """#!/bin/sh
printf 'update\\n%s\\n\\n' "$1" >"/dev/fd/$FORGE_ASK" || exit 1
read -r word <"/dev/fd/$FORGE_ANSWER"
test "$word" = ok
""",
}

Judge = Callable[[Sequence[Update], Mapping[str, str]], Awaitable[dict[str, PushRefusal]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Backend:
    process: Process
    stdin: asyncio.StreamWriter
    stdout: asyncio.StreamReader


@cache
def backend_program() -> str:
    """Return the path of `git-http-backend`, which stands beside git's own commands."""
    where = subprocess.run(("git", "--exec-path"), capture_output=True, check=True, text=True)
    return str(Path(where.stdout.strip()) / "git-http-backend")


def write_hooks(folder: Path) -> None:
    """Write the hooks that every push runs; wheels do not keep their executable bit."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in HOOKS.items():
        path = folder / name
        path.write_text(text)
        path.chmod(0o755)


class Inquiry:
    """What the hooks of one push asked, and what they were told."""

    def __init__(self, judge: Judge) -> None:
        self.judge = judge
        self.updates: list[Update] = []
        self.refusals: dict[str, PushRefusal] = {}

    async def serve(self, questions: asyncio.StreamReader, answers: int) -> None:
        """Answer the hooks until git has ended."""
        while lines := await _question(questions):
            accepted = (
                self._of_ref(lines[1]) if lines[0] == "update" else await self._of_push(lines)
            )
            os.write(answers, b"ok\n" if accepted else b"no\n")

    def _of_ref(self, ref: str) -> bool:
        return ref not in self.refusals

    async def _of_push(self, lines: Sequence[str]) -> bool:
        _, _, quarantine = lines[0].partition(" ")
        self.updates = [_update(line) for line in lines[1:]]
        variables = {
            "GIT_OBJECT_DIRECTORY": quarantine,
            "GIT_ALTERNATE_OBJECT_DIRECTORIES": str(Path(quarantine).parent),
        }
        if not quarantine:  # only deletions: no objects came
            variables = {}
        self.refusals = await self.judge(self.updates, variables)
        return len(self.refusals) < len(self.updates)


def _update(line: str) -> Update:
    old, new, ref = line.split(" ", 2)
    return Update(ref=ref, old=None if old == ZERO else old, new=None if new == ZERO else new)


async def _question(questions: asyncio.StreamReader) -> list[str]:
    lines: list[str] = []
    while line := (await questions.readline()).decode().rstrip("\n"):
        lines.append(line)
    return lines


@asynccontextmanager
async def backend(variables: Mapping[str, str]) -> AsyncIterator[Backend]:
    """Run http-backend for a fetch; whoever leaves early kills it."""
    async with _process({**environment(), **variables}, ()) as process:
        yield process


@asynccontextmanager
async def asking_backend(
    variables: Mapping[str, str], hooks: Path, inquiry: Inquiry
) -> AsyncIterator[Backend]:
    """Run http-backend for a push, with hooks that ask ``inquiry``."""
    ask_read, ask_write = os.pipe()
    answer_read, answer_write = os.pipe()
    asked = {"FORGE_ASK": str(ask_write), "FORGE_ANSWER": str(answer_read)}
    whole = {**environment({"core.hooksPath": str(hooks)}), **variables, **asked}
    try:
        async with (
            _process(whole, (ask_write, answer_read)) as process,
            asyncio.TaskGroup() as tasks,
        ):
            os.close(ask_write)
            ask_write = -1
            questions, transport = await _reader(ask_read)
            ask_read = -1
            serving = tasks.create_task(inquiry.serve(questions, answer_write))
            try:
                yield process
                await serving
            finally:
                serving.cancel()
                transport.close()
    finally:
        for descriptor in (ask_read, ask_write, answer_read, answer_write):
            if descriptor >= 0:
                os.close(descriptor)


async def _reader(descriptor: int) -> tuple[asyncio.StreamReader, asyncio.ReadTransport]:
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader()
    transport, _ = await loop.connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(descriptor, "rb", buffering=0)
    )
    return reader, transport


@asynccontextmanager
async def _process(
    variables: Mapping[str, str], descriptors: tuple[int, ...]
) -> AsyncIterator[Backend]:
    process = await asyncio.create_subprocess_exec(
        backend_program(), stdin=PIPE, stdout=PIPE, env=variables, pass_fds=descriptors
    )
    if process.stdin is None or process.stdout is None:
        raise RuntimeError("git http-backend has no pipes")
    left_in_peace = False
    try:
        yield Backend(process=process, stdin=process.stdin, stdout=process.stdout)
        left_in_peace = True
    finally:
        process.stdin.close()
        if not left_in_peace and process.returncode is None:
            _kill(process.pid)
        await process.wait()


def _kill(pid: int) -> None:
    # Process.kill() polls first, which takes the exit code away from asyncio's own watcher
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
