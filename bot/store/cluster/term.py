"""The time in which a process leads: how sure of it the process may be; imports nothing."""

import asyncio
import math
import time

SURE_SECONDS = 10.0
"""Without an answer from the database for so long it is no longer certain who leads."""
_LOOK_SECONDS = 0.1


class Term:
    """The time in which this process leads."""

    def __init__(self) -> None:
        self._heard = time.monotonic()
        self.news = asyncio.Event()
        """Set when deliveries may have come in; whoever looks clears it first."""

    @property
    def holds(self) -> bool:
        """Say whether no other process can lead by now; costs nothing."""
        return time.monotonic() - self._heard < SURE_SECONDS

    async def sure(self) -> None:
        """Wait until it is certain that this process leads; for ever where it no longer does."""
        while not self.holds:  # noqa: ASYNC110 (time alone takes it away)
            await asyncio.sleep(_LOOK_SECONDS)

    def confirm(self) -> None:
        self._heard = time.monotonic()

    def end(self) -> None:
        self._heard = -math.inf
