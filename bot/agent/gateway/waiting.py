"""How long an attempt waits for the hosts of its models: none of that is its own time."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

MOST_SECONDS = 3600.0
"""What an attempt waits beyond that is its own time: an agent that keeps its host busy comes to an
end too."""


class Waiting:
    """Calls that wait at the same moment wait once."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._waiting = 0
        self._since = 0.0
        self._before = 0.0

    @property
    def now(self) -> bool:
        return self._waiting > 0

    @property
    def seconds(self) -> float:
        """So far, that of this moment too."""
        now = self._clock() - self._since if self._waiting else 0.0
        return min(MOST_SECONDS, self._before + now)

    @contextmanager
    def on(self) -> Iterator[None]:
        if not self._waiting:
            self._since = self._clock()
        self._waiting += 1
        try:
            yield
        finally:
            self._waiting -= 1
            if not self._waiting:
                self._before += self._clock() - self._since
