"""An attempt's seat at an endpoint: it holds one at a time, and an endpoint has so many."""

import asyncio
import time
from collections.abc import Callable

from bot.agent.gateway.upstream import Upstream


class Seat:
    def __init__(self, tell: Callable[[str], None]) -> None:
        """``tell`` hears what is waited for, "" when that is over."""
        self._tell = tell
        self._moving = asyncio.Lock()
        self._at: Upstream | None = None
        self.waited = 0.0
        """Seconds, since it was taken first, at endpoints that took another's place."""

    async def take(self, first: Callable[[], Upstream]) -> Upstream:
        """Sit at the endpoint that comes first, once it has room; give it.

        Who moves leaves the old seat before, so that two who wait for one another's do not.
        """
        if self._at is not None and self._at is first():
            return self._at
        async with self._moving:
            began, moves = time.monotonic(), self._at is not None
            while (upstream := first()) is not self._at:
                self.leave()
                await self._wait(upstream)
            self.waited += time.monotonic() - began if moves else 0.0
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
