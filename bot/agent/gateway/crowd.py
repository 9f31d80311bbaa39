"""How much one box may ask of this process at once: connections, bytes, refusals."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

MOST_CONNECTIONS = 256
MOST_BODY = 32 * 2**20
MOST_BYTES = 2 * MOST_BODY
"""Of requests that are being read or sent at once."""
MOST_AT_ONCE = 128
FREE_REFUSALS = 20
PENALTY_SECONDS = 1.0


class Crowd:
    """What one attempt has under way; who comes too many waits."""

    def __init__(self) -> None:
        self._calls = asyncio.Semaphore(MOST_AT_ONCE)
        self._bytes = 0
        self._left = asyncio.Condition()
        self._refusals = 0

    @asynccontextmanager
    async def place(self, size: int | None) -> AsyncIterator[None]:
        """Hold a place for a request of so many bytes; None: it does not say, and may be any."""
        size = MOST_BODY if size is None else min(size, MOST_BODY)
        async with self._calls:
            async with self._left:
                await self._left.wait_for(lambda: self._bytes + size <= MOST_BYTES)
                self._bytes += size
            try:
                yield
            finally:
                self._bytes -= size
                async with self._left:
                    self._left.notify_all()

    async def refuse(self) -> None:
        """Let an agent that asks in vain, again and again, wait: the loop is not its own."""
        self._refusals += 1
        if self._refusals > FREE_REFUSALS:
            await asyncio.sleep(PENALTY_SECONDS)


class Hangup(asyncio.Protocol):
    """A connection beyond what one box may have open."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        transport.close()
