"""Time and sleeping as one value, so that a test decides what time it is."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    now: Callable[[], float] = time.time
    """Unix time: what GitHub's own times are compared with."""
    monotonic: Callable[[], float] = time.monotonic
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
