"""How many agents work at once: by worker, repository and installation."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from bot.runs import RepositoryRef


class Slots:
    """Taken inside a child's body, never in a recorded step, so that recovery takes them again."""

    def __init__(self, *, worker: int, repository: int, installation: int) -> None:
        self._worker = asyncio.Semaphore(worker)
        self._repository: defaultdict[int, asyncio.Semaphore] = defaultdict(
            lambda: asyncio.Semaphore(repository)
        )
        self._installation: defaultdict[int, asyncio.Semaphore] = defaultdict(
            lambda: asyncio.Semaphore(installation)
        )

    @asynccontextmanager
    async def take(self, repository: RepositoryRef) -> AsyncIterator[None]:
        """Wait for a slot; the narrowest is taken first, so that none is held for nothing."""
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(self._repository[repository.id])
            await stack.enter_async_context(self._installation[repository.installation_id])
            await stack.enter_async_context(self._worker)
            yield
