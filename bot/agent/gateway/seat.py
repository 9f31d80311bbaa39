"""An attempt's seat at an endpoint: it holds one at a time, and an endpoint has so many."""

import asyncio
from collections.abc import Callable
from contextlib import nullcontext

from bot.agent.gateway.upstream import Upstream
from bot.agent.gateway.waiting import Waiting


class Seat:
    def __init__(self, tell: Callable[[str], None]) -> None:
        """``tell`` hears what is waited for, "" when that is over."""
        self._tell = tell
        self.waiting = Waiting()
        """Counts once the attempt has begun, with its first seat."""
        self._moving = asyncio.Lock()
        self._at: Upstream | None = None

    async def take(self, first: Callable[[], Upstream]) -> Upstream:
        """Sit at the endpoint that comes first, once it has room; give it.

        Who moves leaves the old seat before, so that two who wait for one another's do not.
        """
        if self._at is not None and self._at is first():
            return self._at
        async with self._moving:
            with self.waiting.on() if self._at is not None else nullcontext():
                while (upstream := first()) is not self._at:
                    self.leave()
                    await self._wait(upstream)
            return upstream

    def leave(self) -> None:
        if self._at is not None:
            self._at.slots.release()
            self._at = None

    async def _wait(self, upstream: Upstream) -> None:
        if upstream.slots.locked():
            limit = upstream.endpoint.parallel
            self._tell(f"waits for the model: `{upstream.name}` serves {limit} at once")
            await upstream.slots.acquire()
            self._tell("")
        else:
            await upstream.slots.acquire()
        self._at = upstream
