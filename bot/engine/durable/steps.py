"""The words of the durable engine that workflow bodies are written in: step, receive, sleep.

A body uses no clock, no randomness, no file and no database outside of these.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

from dbos import DBOS, error

from bot.engine.patience import LONGEST_WAIT
from bot.errors import EffectDelayed, Unreadable
from bot.log import bound, logger
from bot.runs import Message
from bot.telemetry import traces

INBOX = "inbox"
PARKED_SECONDS = 60.0
"""Between two looks at a row that cannot be read; somebody may have mended it."""
REMINDED_SECONDS = 3600.0
ELSEWHERE = (
    "the run waits: another release of Coppice has carried it on; it goes on once that release"
    " is here in the place of this one"
)
_log = logger(__name__)


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
    return None if message is None else Message.model_validate(message, extra="allow")


async def receive_in_full(seconds: float) -> Message | None:
    """The same, where None has to mean that the time is over.

    The engine may end a wait early: a notice of a message that was read already wakes the next one.
    """
    if not await patched("in_full"):
        return await receive(seconds)
    until = await step("until", _from_now, seconds)
    left = seconds
    while (message := await receive(left)) is None:
        left = await step("left", _left, until)
        if left <= 0:
            break
    return message


async def sleep(seconds: float) -> None:
    await DBOS.sleep_async(seconds)


async def patched(name: str) -> bool:
    """Is this run to do what ``name`` brought? No, where it did without before that came.

    Around every step that a release adds, leaves out or moves: a run is replayed by what it did.
    """
    return await DBOS.patch_async(name)


def register(
    name: str, recoveries: int | None, body: Callable[..., Awaitable[Any]]
) -> Callable[..., Any]:
    """Register a bound method; the engine writes attributes on what it registers.

    Its first argument is a run's id: what is logged and traced inside carries it.
    """

    async def workflow(*arguments: Any) -> Any:
        run = str(arguments[0])
        with bound(run=run), traces.in_run(run):
            try:
                return await body(*arguments)
            except error.DBOSUnexpectedStepError as other:
                await _park(other)

    workflow.__qualname__ = name
    return DBOS.workflow(name=name, max_recovery_attempts=recoveries)(workflow)


async def _park(other: error.DBOSUnexpectedStepError) -> None:
    """Wait for the release that goes on with what it did: an error would be the run's end."""
    while True:
        _log.error("%s (%s)", ELSEWHERE, other)
        await asyncio.sleep(REMINDED_SECONDS)


async def _from_now(seconds: float) -> float:
    return time.time() + seconds


async def _left(until: float) -> float:
    return until - time.time()


def _coroutine(act: Callable[..., Awaitable[Any]]) -> Callable[..., Any]:
    async def call(*arguments: Any) -> Any:
        while True:
            try:
                return await act(*arguments)
            except EffectDelayed as delay:  # a read that GitHub puts off is no failure of the run
                await asyncio.sleep(min(delay.seconds, LONGEST_WAIT))
            except Unreadable as unread:  # the step's error would be the run's end
                _log.error("the run waits: %s", unread)
                await asyncio.sleep(PARKED_SECONDS)

    return call
