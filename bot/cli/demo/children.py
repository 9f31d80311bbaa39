"""The two programs that the demo starts, forge and service; each is ended by its own id."""

import asyncio
import contextlib
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.errors import OperatorError
from bot.settings import PREFIX, inherited_environment

READY_SECONDS = 60.0
PATIENCE_SECONDS = 15.0
TAIL = 20  # lines of its log that are shown when a program fails


@dataclass(frozen=True, slots=True, kw_only=True)
class Child:
    name: str
    process: asyncio.subprocess.Process
    ready: Mapping[str, Any]
    """The line that it printed once it was ready."""
    log: Path

    def require_alive(self) -> None:
        if self.process.returncode is not None:
            raise _died(self.name, self.process.returncode, self.log)


def of_the_forge(ready: Mapping[str, Any], data: Path) -> dict[str, Any]:
    """Say what a service beside the forge is set to, by the names of its settings."""
    return {
        "GITHUB_URL": ready["api_url"],
        "GITHUB_HTML_URL": ready["html_url"],
        "APP_ID": ready["app_id"],
        "PRIVATE_KEY_FILE": ready["private_key_file"],
        "WEBHOOK_SECRET": ready["webhook_secret"],
        "DATA_DIR": data,
        "PORT": 0,
    }


def environment_of(given: Mapping[str, Any], **more: str) -> dict[str, str]:
    """Give the service its settings, as an operator would; None: not set."""
    named = {PREFIX + name: str(value) for name, value in given.items() if value is not None}
    return inherited_environment(**named, **more)


@asynccontextmanager
async def started(
    name: str, arguments: Sequence[str], environment: Mapping[str, str], folder: Path
) -> AsyncIterator[Child]:
    """Run `coppice NAME …` until the block is left; raise OperatorError when it does not get ready.

    It runs in ``folder`` (so that no `.env` of ours is read) and logs to a file there, in a process
    group of its own: Ctrl-C reaches us, and we end it in order.
    """
    log = folder / "logs" / f"{name}.log"
    log.parent.mkdir(mode=0o700, exist_ok=True)
    with log.open("ab") as errors:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "bot", name, *arguments),
            cwd=folder,
            env=environment,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=errors,
            start_new_session=True,
        )
    try:
        ready = await _ready(name, process, log)
        yield Child(name=name, process=process, ready=ready, log=log)
    finally:
        await asyncio.shield(_end(process))


async def _ready(name: str, process: asyncio.subprocess.Process, log: Path) -> Mapping[str, Any]:
    try:
        async with asyncio.timeout(READY_SECONDS):
            line = await _output(process).readline()
            if not line:
                raise _died(name, await process.wait(), log)
    except TimeoutError as error:
        raise OperatorError(
            f"{name} was not ready after {READY_SECONDS:.0f} s{_tail(log)}", exit_code=1
        ) from error
    try:
        facts: Mapping[str, Any] = json.loads(line)
    except ValueError as error:
        raise OperatorError(f"{name} said {line!r} instead of JSON", exit_code=1) from error
    return facts


async def _end(process: asyncio.subprocess.Process) -> None:
    """Ask it to end and insist after a while; its output is read up, so that nothing stays open."""
    with contextlib.suppress(ProcessLookupError):
        process.send_signal(signal.SIGTERM)
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            await _output(process).read()
            await process.wait()
    except TimeoutError:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await _output(process).read()
        await process.wait()


def _output(process: asyncio.subprocess.Process) -> asyncio.StreamReader:
    if process.stdout is None:
        raise RuntimeError("it was started without a pipe")
    return process.stdout


def _died(name: str, code: int, log: Path) -> OperatorError:
    return OperatorError(f"{name} ended with {code}{_tail(log)}", exit_code=1)


def _tail(log: Path) -> str:
    lines = log.read_text(errors="replace").splitlines()[-TAIL:]
    return ":\n" + "\n".join(f"  {line}" for line in lines) if lines else " without a word"
