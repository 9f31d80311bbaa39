"""Let an agent program of our own make one attempt in a real box."""

import socket
from collections.abc import Mapping
from contextlib import aclosing
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from bot.agent.profiles import AgentProtocol, Parser
from bot.agent.registry import runtime
from bot.agent.runtime import (
    AgentContext,
    AgentEvent,
    AgentTask,
    Api,
    Finished,
    Refusal,
    Role,
)
from bot.box import TREE, Box, Mount, probe
from bot.runs import Json

E = TypeVar("E")


@dataclass(slots=True)
class Way:
    """A way to a model that a test holds in its hands; nobody answers there."""

    path: Path
    model: str = "scripted-model"
    api: Api = Api.CHAT
    refusal: Refusal | None = None
    waited: float = 0.0
    window: int | None = None


@dataclass(kw_only=True)
class Stage:
    """A worktree, a program and what surrounds them."""

    root: Path
    program: str
    protocol: AgentProtocol = AgentProtocol.ACP
    parser: Parser = Parser.TEXT
    words: tuple[str, ...] = ()
    more: Mapping[str, Json] = field(default_factory=dict)
    events: list[AgentEvent] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.tree.mkdir(exist_ok=True)
        path = self.root / "s"
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(str(path))
        self.way = Way(path)

    @property
    def tree(self) -> Path:
        return self.root / "tree"

    @property
    def profile(self) -> dict[str, Json]:
        return {
            "protocol": self.protocol,
            "parser": self.parser,
            "argv": ("python3", "-I", "/home/agent/program.py", *self.words),
            "files": {"program.py": self.program.replace("$", "$$")},
            "apis": [Api.CHAT],
            **self.more,
        }

    async def play(
        self,
        *,
        seconds: float = 20,
        role: Role = Role.IMPLEMENT,
        answer: Mapping[str, Json] | None = None,
        box: Box | None = None,
    ) -> Finished:
        """Make one attempt, keep its events and return the last."""
        agent = runtime("mine", scripts=self.root, profiles={"mine": self.profile})
        task = AgentTask(
            role=role,
            prompt="Do it.",
            attempt=1,
            seconds=seconds,
            repository="octo/shop",
            issue=7,
            answer=answer,
        )
        context = AgentContext(
            box=box or await probe("auto"),
            mounts=(Mount(source=self.tree, target=TREE, writable=role.writes),),
            log=self.root / "log",
            files=self.root / "files",
            model=self.way,
        )
        async with aclosing(agent.run(task, context)) as events:
            async for event in events:
                self.events.append(event)
        end = self.events[-1]
        assert isinstance(end, Finished)
        return end

    def of(self, kind: type[E]) -> list[E]:
        """The events of one kind."""
        return [event for event in self.events if isinstance(event, kind)]

    @property
    def files(self) -> list[str]:
        return sorted(path.name for path in self.tree.iterdir())
