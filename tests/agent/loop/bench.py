"""Attempts of the loop in a real box, on a scripted model at a socket in the gateway's place."""

import subprocess
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
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
    waited: float = 0.0


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
        return self.end

    @property
    def end(self) -> Finished:
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
    path = root / "m.sock"
    path.unlink(missing_ok=True)
    async with ScriptedModel(scenario, socket=path) as model:
        yield Bench(root=root, model=model, socket=Socket(path=path, api=api, window=window))
