"""Ask GitHub for something however long it puts us off."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

from bot.errors import EffectDelayed, EffectRefused

T = TypeVar("T")

LONGEST_WAIT = 600.0  # seconds between two tries of what GitHub puts off
SUSPENDED_SECONDS = 7 * 24 * 3600.0
FIRST_LOOK, LONGEST_LOOK = 2.0, 60.0  # seconds between looks whether a suspension was lifted


async def patiently(ask: Callable[[], Awaitable[T]]) -> T:
    """Answer what ``ask`` answers; raises EffectRefused.

    A suspended installation may come back, so for seven days that is no refusal.
    """
    until, pause = time.monotonic() + SUSPENDED_SECONDS, FIRST_LOOK
    while True:
        try:
            return await ask()
        except EffectDelayed as delay:
            await asyncio.sleep(min(delay.seconds, LONGEST_WAIT))
        except EffectRefused as error:
            if error.kind != "suspended" or time.monotonic() > until:
                raise
            await asyncio.sleep(pause)
            pause = min(2 * pause, LONGEST_LOOK)
