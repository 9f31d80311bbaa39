"""The words of the durable engine that workflow bodies are written in: step, receive, sleep.

A body uses no clock, no randomness, no file and no database outside of these.
"""

from collections.abc import Awaitable, Callable
from typing import Any

from dbos import DBOS

from bot.runs import Message

INBOX = "inbox"


async def step(name: str, act: Callable[..., Awaitable[Any]], *arguments: Any) -> Any:
    """Do ``act`` once and record its answer; after a crash it may be done again from its start."""
    return await DBOS.run_step_async({"name": name}, _coroutine(act), *arguments)


async def long_step(name: str, act: Callable[..., Awaitable[Any]], *arguments: Any) -> Any:
    """Run a step that a cancelled workflow ends within about a second (agents, commands)."""
    return await DBOS.run_step_async(
        {"name": name, "preemptible": True}, _coroutine(act), *arguments
    )


async def receive(seconds: float) -> Message | None:
    """Wait for the next message of this workflow, over restarts; None: there came none."""
    message = await DBOS.recv_async(INBOX, timeout_seconds=seconds)
    return None if message is None else Message.model_validate(message)


async def sleep(seconds: float) -> None:
    await DBOS.sleep_async(seconds)


def register(
    name: str, recoveries: int | None, body: Callable[..., Awaitable[Any]]
) -> Callable[..., Any]:
    """Register a bound method; the engine writes attributes on what it registers."""

    async def workflow(*arguments: Any) -> Any:
        return await body(*arguments)

    workflow.__qualname__ = name
    return DBOS.workflow(name=name, max_recovery_attempts=recoveries)(workflow)


def _coroutine(act: Callable[..., Awaitable[Any]]) -> Callable[..., Any]:
    async def call(*arguments: Any) -> Any:
        return await act(*arguments)

    return call
