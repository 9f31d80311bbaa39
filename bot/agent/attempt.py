"""Watch over one attempt of an agent program: its time, its model, its end."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass
from typing import Protocol

from bot.agent.account import Account
from bot.agent.clock import Clock
from bot.agent.runtime import (
    AgentContext,
    AgentEvent,
    AgentTask,
    FinishReason,
    ModelSocket,
)
from bot.box import BoxedProcess

GRACE = 5.0
"""Seconds for an agent that was asked to stop, or whose pipes are at their end."""
LOOK = 0.2
"""Seconds between two looks at whether the gateway refuses."""


@dataclass(frozen=True, slots=True, kw_only=True)
class End:
    """How the work ended by itself."""

    reason: FinishReason = FinishReason.DONE
    message: str = ""
    """Empty where it went well: then the agent's last words are told."""
    code: int | None = None
    """The exit code, where the program has one."""


class Work(Protocol):
    """What an agent is doing."""

    async def work(self) -> End:
        """See it through."""
        ...

    async def stop(self) -> None:
        """Ask it to stop; it may."""
        ...

    async def close(self) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    task: AgentTask
    context: AgentContext
    account: Account

    async def events(self, work: Work) -> AsyncGenerator[AgentEvent]:
        """Yield what is told, and how it ended; nothing of it goes on afterwards."""
        driver = asyncio.create_task(self._watch(work))
        try:
            async with aclosing(self.account.events(driver)) as events:
                async for event in events:
                    yield event
        finally:
            await _cancelled(driver)
            await work.close()

    async def _watch(self, work: Work) -> None:
        """Let it work until it ends, its time is over or its model is refused; say which."""
        own = asyncio.create_task(work.work())
        refused = asyncio.create_task(_refused(self.context.model))
        try:
            await Clock(self.task.seconds, self.context.model).wait({own, refused})
            end = own.result() if own.done() else await self._stopped(work, own)
        finally:
            await _cancelled(own, refused)
        refusal = self.context.model.refusal if self.context.model else None
        if refusal is not None:
            reason = FinishReason.LIMIT if refusal.kind == "budget" else FinishReason.ERROR
            await self.account.finish(reason, refusal.message, kind=refusal.kind)
        elif end.reason is FinishReason.DONE:
            await self.account.finish_well(wants_answer=self.task.answer is not None)
        else:
            await self.account.finish(end.reason, end.message)

    async def _stopped(self, work: Work, own: "asyncio.Task[End]") -> End:
        """Ask it to stop, and wait a little for what it says to that."""
        asked = asyncio.create_task(work.stop())
        try:
            await asyncio.wait({own, asked}, timeout=GRACE, return_when=asyncio.ALL_COMPLETED)
        finally:
            await _cancelled(asked)
        message = f"time limit of {round(self.task.seconds, 1):g} s"
        return End(reason=FinishReason.LIMIT, message=message)


async def ending_of(process: BoxedProcess) -> End:
    """Tell how a program ended whose words are at their end."""
    try:
        async with asyncio.timeout(GRACE):
            code = await process.wait()
    except TimeoutError:
        return End(reason=FinishReason.ERROR, message="the agent closed its mouth and went on")
    if process.problem is not None:
        return End(reason=FinishReason.LIMIT, message=process.problem)
    message = f"the agent ended with exit code {code} before it was done"
    return End(reason=FinishReason.ERROR, message=message, code=code)


async def _refused(model: ModelSocket | None) -> None:
    """Return when the gateway lets nothing through any more."""
    while model is None or model.refusal is None:  # noqa: ASYNC110 nobody can wake us: it is a protocol
        await asyncio.sleep(LOOK)


async def _cancelled(*tasks: "asyncio.Task[End] | asyncio.Task[None]") -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
