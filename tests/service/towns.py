"""What the tests of a module share, each only while its minute has room for one more test.

Forge and service take 80 writes a minute from an installation. A town that has written a part of
them makes place for a fresh one, which costs three seconds; waiting for the next minute cost fifty.
"""

import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from tests.service.world import World

ROOM = 25
"""After so many writes of one account in a minute there is room for whatever the next test does."""
HOUR = 250
"""The same for an hour, which takes 500, whoever wrote."""
T = TypeVar("T")


@dataclass(slots=True)
class Towns(Generic[T]):
    opening: Callable[[], AbstractAsyncContextManager[T]]
    """Makes a new one."""
    world: Callable[[T], World]
    """Tells its forge and service."""
    here: T | None = None
    opened: AsyncExitStack = field(default_factory=AsyncExitStack)

    async def one(self) -> T:
        """Answer the one at hand, or a fresh one where that is used up or its service ended."""
        if self.here is None or not await _has_room(self.world(self.here)):
            await self.opened.aclose()
            self.here = await self.opened.enter_async_context(self.opening())
        return self.here


async def _has_room(town: World) -> bool:
    if town.service is None or town.service.process.returncode is not None:
        return False
    writes = await town.writes()
    last = Counter(str(each["actor"]) for each in writes if each["at"] > time.time() - 60)
    return len(writes) <= HOUR and max(last.values(), default=0) <= ROOM


@asynccontextmanager
async def towns(
    opening: Callable[[], AbstractAsyncContextManager[T]], world: Callable[[T], World]
) -> AsyncIterator[Towns[T]]:
    there = Towns(opening, world)
    try:
        yield there
    finally:
        await there.opened.aclose()
