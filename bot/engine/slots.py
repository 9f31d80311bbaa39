"""How many agents work at once: by worker, repository and installation."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from bot.runs import RepositoryRef


class Slots:
    """Taken inside a child's body, never in a recorded step, so that recovery takes them again."""

    def __init__(self, *, worker: int, repository: int, installation: int) -> None:
        self.worker = worker
        """How many there are in all."""
        self._waiting = 0
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
            self._waiting += 1
            try:
                for slot in self._slots(repository):
                    await stack.enter_async_context(slot)
            finally:
                self._waiting -= 1
            yield

    def place(self, repository: RepositoryRef) -> int | None:
        """The place of one more in the queue, from 1; None: it need not wait."""
        if not any(slot.locked() for slot in self._slots(repository)):
            return None
        return self._waiting + 1

    def _slots(self, repository: RepositoryRef) -> tuple[asyncio.Semaphore, ...]:
        return (
            self._repository[repository.id],
            self._installation[repository.installation_id],
            self._worker,
        )
