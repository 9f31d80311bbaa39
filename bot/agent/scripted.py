"""The scripted agent: makes the attempts that a file names, for demos and tests; no model."""

import asyncio
import base64
import json
import sys
import time
from collections.abc import AsyncGenerator
from pathlib import Path

import msgspec

from bot.agent import scripted_program
from bot.agent.runtime import (
    AgentContext,
    AgentEvent,
    AgentTask,
    Asks,
    Capabilities,
    Finished,
    FinishReason,
    Message,
    Probe,
    Started,
    ToolFinished,
    ToolStarted,
)
from bot.agent.script import Script, find_script, load_script, read_diff
from bot.box import Box, BoxedProcess, Command, Mount
from bot.errors import StageFailed

PROGRAM = "/coppice/agent.py"
EVENTS_LIMIT = 4 * 2**20
"""Bytes that one attempt may tell; the rest of what it prints is for the log."""


class _Line(msgspec.Struct, tag_field="type", forbid_unknown_fields=True):
    """A line of the program, which runs among hostile code: only these shapes are taken."""


class _Message(_Line, tag="message"):
    text: str


class _ToolStarted(_Line, tag="tool_started"):
    title: str


class _ToolFinished(_Line, tag="tool_finished"):
    title: str
    ok: bool
    detail: str


class _End(_Line, tag="end"):
    ok: bool
    message: str


_Told = _Message | _ToolStarted | _ToolFinished | _End
_decoder: msgspec.json.Decoder[_Told] = msgspec.json.Decoder(_Told)


class ScriptedRuntime:
    def __init__(self, scripts: Path) -> None:
        self._scripts = scripts

    @property
    def name(self) -> str:
        return "scripted"

    @property
    def label(self) -> str | None:
        return "SCRIPTED: no model"

    @property
    def fresh(self) -> bool:
        """A script's attempts are written against the base."""
        return True

    @property
    def capabilities(self) -> Capabilities:
        return Capabilities(
            asks_permission=Asks.NOTHING,
            reports_plan=False,
            reports_usage=False,
            resumes=False,
            apis=frozenset(),
        )

    async def probe(self, box: Box) -> Probe:
        """Say yes: it is part of Coppice, and the box was tried when it was made."""
        return Probe(ok=True, version=None, detail=f"part of Coppice; scripts in {self._scripts}")

    async def run(self, task: AgentTask, context: AgentContext) -> AsyncGenerator[AgentEvent]:
        if not task.role.writes:
            yield Started()
            script = self._script(task)
            await asyncio.sleep(script.thinks if script else 0)
            answer = script.answer(task.role, task.attempt) if script else None
            yield Finished(reason=FinishReason.DONE, answer=answer)
            return
        steps = self._steps(task)
        async with context.box.open(_command(task, context)) as process:
            process.stdin.write(steps)
            process.stdin.write_eof()
            event: AgentEvent = Started()
            events = _Events(process, task.seconds)
            yield event
            while not isinstance(event, Finished):
                event = await events.next()
                yield event

    def _script(self, task: AgentTask) -> Script | None:
        """What it says to questions; one that cannot be read has its say at the work."""
        try:
            return load_script(find_script(self._scripts, task.repository, task.issue))
        except StageFailed:
            return None

    def _steps(self, task: AgentTask) -> bytes:
        path = find_script(self._scripts, task.repository, task.issue)
        steps = []
        for step in load_script(path).attempt(task.attempt):
            plain = step.model_dump(exclude_none=True)
            if step.diff is not None:
                plain["data"] = base64.b64encode(read_diff(path, step.diff)).decode()
            steps.append(plain)
        return json.dumps(steps).encode()


def _command(task: AgentTask, context: AgentContext) -> Command:
    program = Mount(source=Path(scripted_program.__file__), target=PROGRAM)
    return Command(
        argv=(sys.executable, "-I", "-S", "-B", PROGRAM),
        mounts=(*context.mounts, program),
        seconds=task.seconds,
        log=context.log,
    )


class _Events:
    """What the program tells, one event at a time; every way to end is a Finished."""

    def __init__(self, process: BoxedProcess, seconds: float) -> None:
        self._process = process
        self._seconds = seconds
        self._deadline = time.monotonic() + seconds
        self._room = EVENTS_LIMIT

    async def next(self) -> AgentEvent:
        try:
            async with asyncio.timeout(self._deadline - time.monotonic()):
                line = await self._process.stdout.readline()
                if not line.endswith(b"\n"):
                    return await self._broken_off()
        except TimeoutError:
            return Finished(reason=FinishReason.LIMIT, message=f"time limit of {self._seconds:g} s")
        except ValueError:  # a line longer than the stream's limit
            return _garbled("a line without end")
        self._room -= len(line)
        if self._room < 0:
            return Finished(reason=FinishReason.LIMIT, message="it told more than 4 MB of events")
        return _event(line)

    async def _broken_off(self) -> Finished:
        code = await self._process.wait()
        if self._process.problem is not None:
            return Finished(reason=FinishReason.LIMIT, message=self._process.problem)
        message = f"the agent ended with exit code {code} before it was done"
        return Finished(reason=FinishReason.ERROR, message=message)


def _event(line: bytes) -> AgentEvent:
    try:
        told = _decoder.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return _garbled(line[:200].decode(errors="replace").strip())
    match told:
        case _Message():
            return Message(text=told.text)
        case _ToolStarted():
            return ToolStarted(title=told.title)
        case _ToolFinished():
            return ToolFinished(title=told.title, ok=told.ok, detail=told.detail)
        case _End():
            reason = FinishReason.DONE if told.ok else FinishReason.ERROR
            return Finished(reason=reason, message=told.message)


def _garbled(what: str) -> Finished:
    return Finished(reason=FinishReason.ERROR, message=f"the agent told something else: {what}")
