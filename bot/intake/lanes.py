"""Queues of open deliveries, one for each repository; they hold numbers, never payloads."""

import asyncio
from collections import deque
from collections.abc import Iterable, Sequence

from bot.store.journal.arrivals import Arrival, Waiting

ORDER_KEPT = 60.0
"""A delivery that waits no longer than this many seconds holds up those behind it in its lane;
one that waits longer lets them pass."""

Key = tuple[str, int | None]


class Lane:
    """What waits for one repository, in order; belongs to one worker at a time."""

    def __init__(self, key: Key) -> None:
        self.key = key
        self.seqs: deque[int] = deque()
        self.busy = False
        """A worker has it or will have it: at once, or when its first delivery is due."""

    def take(self, most: int) -> list[int]:
        return [self.seqs.popleft() for _ in range(min(most, len(self.seqs)))]


class Lanes:
    """All lanes that have something to do."""

    def __init__(self) -> None:
        self._lanes: dict[Key, Lane] = {}
        self._ready: asyncio.Queue[Lane] = asyncio.Queue()
        self._known: set[int] = set()

    def add(self, waiting: Waiting, delay: float = 0, *, again: bool = False) -> None:
        """Put a delivery at the end of its lane, or aside until its time comes.

        One that waits here already is left out, unless it is wanted again.
        """
        if waiting.seq in self._known and not again:
            return
        self._known.add(waiting.seq)
        key = _key(waiting)
        lane = self._lanes.get(key)
        if delay > ORDER_KEPT or (delay > 0 and lane):
            self._after(delay, key, waiting.seq)
        else:
            self._append(key, waiting.seq, delay)

    def idle(self, arrival: Arrival) -> bool:
        """Say whether nothing is in the way of a delivery."""
        return _key(arrival) not in self._lanes

    async def next(self) -> Lane:
        """Wait for a lane with work; it must be given back."""
        return await self._ready.get()

    def done(self, seqs: Iterable[int]) -> None:
        """Forget what waits for nothing more."""
        self._known.difference_update(seqs)

    def give_back(self, lane: Lane, undone: Sequence[int] = (), delay: float = 0) -> None:
        """Return a lane with what was taken and not done; the first of that waits for `delay`."""
        if delay > ORDER_KEPT:
            self._after(delay, lane.key, undone[0])
            undone, delay = undone[1:], 0
        lane.seqs.extendleft(reversed(undone))
        lane.busy = False
        if lane.seqs:
            self._wake(lane, delay)
        else:
            del self._lanes[lane.key]

    def _append(self, key: Key, seq: int, delay: float = 0) -> None:
        lane = self._lanes.setdefault(key, Lane(key))
        lane.seqs.append(seq)
        if not lane.busy:
            self._wake(lane, delay)

    def _after(self, delay: float, key: Key, seq: int) -> None:
        asyncio.get_running_loop().call_later(delay, self._append, key, seq)

    def _wake(self, lane: Lane, delay: float) -> None:
        lane.busy = True
        if delay > 0:
            asyncio.get_running_loop().call_later(delay, self._ready.put_nowait, lane)
        else:
            self._ready.put_nowait(lane)


def _key(waiting: Waiting | Arrival) -> Key:
    if waiting.repository_id is not None:
        return "repository", waiting.repository_id
    return "installation", waiting.installation_id
