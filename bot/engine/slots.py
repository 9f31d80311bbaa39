"""How many agents work at once: by worker, repository and installation; who waits goes by turn."""

import asyncio
from bisect import insort
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count

from bot.runs import RepositoryRef


@dataclass(order=True, slots=True)
class _Waiting:
    """Higher priority first, then as they came."""

    rank: int
    number: int
    repository: RepositoryRef = field(compare=False)
    admitted: asyncio.Future[None] = field(compare=False)


class Slots:
    """Taken inside a child's body, never in a recorded step, so that recovery takes them again."""

    def __init__(self, *, worker: int, repository: int, installation: int) -> None:
        self.worker = worker
        """How many there are in all."""
        self._most_of_repository = repository
        self._most_of_installation = installation
        self._repositories: Counter[int] = Counter()
        self._installations: Counter[int] = Counter()
        self._queue: list[_Waiting] = []
        self._numbers = count()

    @asynccontextmanager
    async def take(self, repository: RepositoryRef, priority: int = 0) -> AsyncIterator[None]:
        """Wait for a slot; whoever could not begin yet holds up nobody behind."""
        admitted: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        waiting = _Waiting(-priority, next(self._numbers), repository, admitted)
        insort(self._queue, waiting)
        self._admit()
        try:
            await admitted
            yield
        finally:
            if waiting in self._queue:
                self._queue.remove(waiting)
            else:
                self._count(repository, -1)
            self._admit()

    def place(self, repository: RepositoryRef) -> int | None:
        """The place of one more in the queue, from 1; None: it need not wait."""
        return None if self._fits(repository) else len(self._queue) + 1

    def _admit(self) -> None:
        for waiting in list(self._queue):
            if self._fits(waiting.repository):
                self._queue.remove(waiting)
                self._count(waiting.repository, 1)
                if not waiting.admitted.done():
                    waiting.admitted.set_result(None)

    def _fits(self, repository: RepositoryRef) -> bool:
        return (
            self._repositories.total() < self.worker
            and self._repositories[repository.id] < self._most_of_repository
            and self._installations[repository.installation_id] < self._most_of_installation
        )

    def _count(self, repository: RepositoryRef, change: int) -> None:
        self._repositories[repository.id] += change
        self._installations[repository.installation_id] += change
