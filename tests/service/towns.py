"""Worlds that the tests of a module share, each only while its minute has room for one more test.

Forge and service take 80 writes a minute from an installation. A town that has written a part of
them makes place for a fresh one, which costs three seconds; waiting for the next minute cost fifty.
"""

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.service.world import World, world

ROOM = 20
"""So many calls that changed something are few enough for whatever the next test does."""


@dataclass(slots=True)
class Towns:
    folder: Callable[[], Path]
    """Makes a new one."""
    town: World | None = None
    opened: AsyncExitStack = field(default_factory=AsyncExitStack)

    async def one(self) -> World:
        """Answer the town at hand, or a fresh one where that is used up or its service ended."""
        if self.town is None or not await _has_room(self.town):
            await self.opened.aclose()
            self.town = await self.opened.enter_async_context(world(self.folder()))
        return self.town


async def _has_room(town: World) -> bool:
    alive = town.service is not None and town.service.process.returncode is None
    return alive and len(await town.writes()) <= ROOM


@asynccontextmanager
async def towns(folder: Callable[[], Path]) -> AsyncIterator[Towns]:
    there = Towns(folder)
    try:
        yield there
    finally:
        await there.opened.aclose()
