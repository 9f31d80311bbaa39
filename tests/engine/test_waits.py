"""A wait lasts its whole time, whatever wakes it with nothing to read."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from dbos import DBOS, DBOSPortableJSONSerializer, SetWorkflowID, _dbos

from bot.engine.durable import sqlite, system
from bot.engine.durable.steps import INBOX, receive, receive_in_full, register
from bot.runs import Message, MessageKind

pytestmark = [pytest.mark.slow, pytest.mark.sqlite]
LONG = 3600.0
RUN = "a5991628052b"
Receive = Callable[[float], Awaitable[Message | None]]


@asynccontextmanager
async def waits(file: Path, how: Receive) -> AsyncIterator[Callable[[], Awaitable[str | None]]]:
    """A workflow that waits; answers what it heard of, None where its time was over."""
    DBOS(
        config={
            "name": "coppice",
            "system_database_engine": sqlite.create(file),
            "application_version": system.VERSION,
            "log_level": "CRITICAL",
            "serializer": DBOSPortableJSONSerializer(),
            "notification_listener_polling_interval_sec": 0.1,
        }
    )

    async def body(_run: str) -> str | None:
        message = await how(LONG)
        return None if message is None else str(message.kind)

    flow = register("waits", None, body)
    DBOS.launch()
    with SetWorkflowID(RUN):
        handle = await DBOS.start_workflow_async(flow, RUN)
    try:
        yield handle.get_result
    finally:
        DBOS.destroy(destroy_registry=True)


async def signal_of_the_wait() -> Any:
    """What the engine wakes the wait by."""
    instance: Any = _dbos._dbos_global_instance
    async with asyncio.timeout(150):
        while not (found := instance._sys_db.notifications_map.snapshot()):
            await asyncio.sleep(0.02)
    return found[0][2]


async def send() -> None:
    message = Message(kind=MessageKind.REVIEW, by="ana").model_dump(mode="json")
    await DBOS.send_async(RUN, message, topic=INBOX)


async def test_a_call_to_look_at_an_empty_inbox_ends_no_wait(tmp_path: Path) -> None:
    async with waits(tmp_path / "engine.sqlite", receive) as heard:
        await signal_of_the_wait()
        await asyncio.to_thread(system.wake, RUN)
        await send()

        assert await heard() == "review"


async def test_a_wait_that_the_engine_ends_early_goes_on(tmp_path: Path) -> None:
    async with waits(tmp_path / "engine.sqlite", receive_in_full) as heard:
        (await signal_of_the_wait()).set()
        async with asyncio.timeout(150):
            while "left" not in {
                s["function_name"] for s in await DBOS.list_workflow_steps_async(RUN)
            }:
                await asyncio.sleep(0.02)
        await send()

        assert await heard() == "review"


async def test_a_wait_whose_time_is_over_has_heard_of_nothing(tmp_path: Path) -> None:
    async def short(_: float) -> Message | None:
        return await receive_in_full(0.2)

    async with waits(tmp_path / "engine.sqlite", short) as heard:
        assert await heard() is None
