"""The runtime `loop`; it imports no library of models before the first attempt."""

import asyncio
import importlib
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from importlib.metadata import version
from typing import TYPE_CHECKING

from bot.agent.clock import Clock
from bot.agent.runtime import (
    AgentContext,
    AgentEvent,
    AgentTask,
    Api,
    Asks,
    Capabilities,
    Probe,
)
from bot.box import Box
from bot.errors import StageFailed

if TYPE_CHECKING:
    from bot.agent.loop.attempt import Attempt

LIBRARY = "pydantic-ai-slim"


class LoopRuntime:
    def __init__(self, servers: Mapping[str, tuple[str, ...]] | None = None) -> None:
        """``servers``: argument lists of the MCP servers that the operator lists, by name."""
        self._servers = servers or {}

    @property
    def name(self) -> str:
        return "loop"

    @property
    def label(self) -> str | None:
        return None

    @property
    def fresh(self) -> bool:
        return False

    @property
    def capabilities(self) -> Capabilities:
        return Capabilities(
            asks_permission=Asks.ALL,
            reports_plan=False,
            reports_usage=True,
            resumes=True,
            apis=frozenset(Api),
        )

    async def probe(self, box: Box) -> Probe:
        """Say yes: it is part of Coppice, and the box was tried when it was made."""
        found = version(LIBRARY)
        return Probe(ok=True, version=found, detail=f"part of Coppice; on {LIBRARY} {found}")

    async def run(self, task: AgentTask, context: AgentContext) -> AsyncGenerator[AgentEvent]:
        if context.model is None:
            raise StageFailed("no_model", "the loop needs a model", blocked=True)
        clock = Clock(task.seconds, context.model)
        attempt = (await asyncio.to_thread(_load))(
            task=task,
            context=context,
            socket=context.model,
            servers=self._servers,
            clock=clock,
        )
        async with attempt.open() as conversation, aclosing(conversation.events()) as events:
            async for event in events:
                yield event


def _load() -> "type[Attempt]":
    """Load pydantic-ai and ourselves on it: a second that the event loop is not to stand still."""
    return importlib.import_module("bot.agent.loop.attempt").Attempt  # type: ignore[no-any-return]
