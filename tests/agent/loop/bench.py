"""Attempts of the loop in a real box, on a scripted model behind a socket like the gateway's."""

import asyncio
import subprocess
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bot.agent import AgentContext, AgentEvent, AgentTask, Finished, Role
from bot.agent.loop import LoopRuntime
from bot.agent.runtime import Api, Refusal
from bot.box import TREE, Choice, Mount, probe
from bot.runs import Json
from bot.scripted_model import Play, Scenario, ScriptedModel, Step


@dataclass(slots=True)
class Socket:
    """What the gateway hands out, as far as agents see it."""

    path: Path
    model: str = "scripted-model"
    api: Api = Api.CHAT
    window: int | None = None
    refusal: Refusal | None = None


@dataclass(slots=True, kw_only=True)
class Bench:
    """A repository, a model that plays a scenario, and a folder that outlives a killed attempt."""

    root: Path
    model: ScriptedModel
    socket: Socket
    box: Choice = "auto"
    events: list[AgentEvent] = field(default_factory=list)
    """Of the last attempt."""

    @property
    def tree(self) -> Path:
        return self.root / "tree"

    def context(self, box: Any, *, writable: bool = True) -> AgentContext:
        return AgentContext(
            box=box,
            mounts=(Mount(source=self.tree, target=TREE, writable=writable),),
            log=self.root / "agent.log",
            files=self.root / "files",
            model=self.socket,
        )

    async def attempt(
        self, runtime: LoopRuntime | None = None, *, seconds: float = 30, **more: Any
    ) -> Finished:
        """Make one attempt and return its end."""
        context = self.context(await probe(self.box))
        work = task(seconds=seconds, **more)
        self.events = []
        async with aclosing((runtime or LoopRuntime()).run(work, context)) as events:
            async for event in events:
                self.events.append(event)
        last = self.events[-1]
        assert isinstance(last, Finished)
        return last

    def of(self, kind: type[Any]) -> list[Any]:
        return [event for event in self.events if isinstance(event, kind)]

    def results(self) -> list[str]:
        """What the model heard from its tools, the last time that it was asked (chat only)."""
        messages = self.model.calls[-1].body["messages"]
        return [each["content"] for each in messages if each["role"] == "tool"]


def task(
    role: Role = Role.IMPLEMENT,
    *,
    prompt: str = "Mend it.",
    seconds: float = 30,
    answer: dict[str, Json] | None = None,
) -> AgentTask:
    return AgentTask(
        role=role,
        prompt=prompt,
        attempt=1,
        seconds=seconds,
        repository="octo/shop",
        issue=7,
        answer=answer,
    )


def plays(*steps: Step, **more: Any) -> Scenario:
    return Scenario(plays=(Play(steps=steps, **more),))


@asynccontextmanager
async def bench(
    root: Path, scenario: Scenario, *, api: Api = Api.CHAT, window: int | None = None
) -> AsyncIterator[Bench]:
    tree = root / "tree"
    if not tree.exists():
        tree.mkdir()
        subprocess.run(["git", "init", "-q", tree], check=True)
    async with ScriptedModel(scenario) as model, forwarded(root / "m.sock", model.url) as path:
        yield Bench(root=root, model=model, socket=Socket(path=path, api=api, window=window))


@asynccontextmanager
async def forwarded(path: Path, url: str) -> AsyncIterator[Path]:
    """Lead a Unix socket to a port of this machine, as the gateway does."""
    host, port = url.removeprefix("http://").split(":")

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            there, back = await asyncio.open_connection(host, int(port))
        except OSError:
            writer.close()
            return
        async with asyncio.TaskGroup() as group:
            group.create_task(_pump(reader, back))
            group.create_task(_pump(there, writer))

    path.unlink(missing_ok=True)
    server = await asyncio.start_unix_server(serve, path)
    try:
        yield path
    finally:
        server.close()
        server.close_clients() if hasattr(server, "close_clients") else None
        await asyncio.sleep(0.05)


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(ConnectionError):
        while data := await reader.read(2**16):
            writer.write(data)
            await writer.drain()
    with suppress(ConnectionError):
        writer.close()
        await writer.wait_closed()
