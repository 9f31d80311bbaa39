"""The time of an attempt: what it waits for its model's host is none of it."""

import asyncio
import time
from pathlib import Path

import pytest

from bot.agent.clock import Clock
from tests.agent.programs import Way


class Busy(Way):
    """The way to a host that keeps everybody waiting."""

    began = time.monotonic()

    @property
    def waited(self) -> float:
        return time.monotonic() - self.began

    @waited.setter
    def waited(self, _: float) -> None:
        """It is what it is."""


def test_what_is_waited_for_comes_on_top() -> None:
    way = Way(Path("/nowhere"), waited=50.0)
    clock = Clock(10, way)

    way.waited = 150.0

    assert 100 < clock.left <= 110


async def test_time_is_up_for_what_works_and_it_is_ended() -> None:
    ended = asyncio.Event()

    async def work() -> None:
        try:
            await asyncio.sleep(3_600)
        finally:
            ended.set()

    with pytest.raises(TimeoutError):
        await Clock(0.05).bound(work())

    assert ended.is_set()


async def test_time_is_never_up_for_what_waits_for_its_host() -> None:
    assert await Clock(0.05, Busy(Path("/nowhere"))).bound(asyncio.sleep(0.3, "done")) == "done"
