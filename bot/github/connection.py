"""What all clients of one App share: session, tokens, the fence, the silence GitHub asked for."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol

import aiohttp

from bot.github.answers import RateLimited
from bot.github.clock import Clock

TIMEOUT = aiohttp.ClientTimeout(total=30, connect=10)


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    value: str
    scheme: str
    """`bearer` for a JWT, `token` for an installation's."""
    fresh: bool
    """So new that GitHub may not know it yet."""
    partial: bool = False
    """It may less than was asked for, because no more was granted when it was made."""


class Tokens(Protocol):
    """Where a client gets its token, and a new one when GitHub no longer takes it."""

    lag: tuple[float, ...]
    """Waits between tries while a fresh token is not known yet."""

    async def current(self) -> Token: ...

    async def renew(self, refused: Token, theirs: float | None) -> Token:
        """Give another one; ``theirs`` is what time GitHub says it was when it refused.

        Raises EffectRefused where GitHub gives no such token any more.
        """
        ...


Fence = Callable[[], Awaitable[None]]
"""Asked right before each write; returns only where this process may still write."""


class Pause:
    """The time until which an installation keeps silent, because GitHub said so."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._until = 0.0
        self._reason = ""

    def begin(self, limited: RateLimited) -> None:
        self._until = max(self._until, self._clock.monotonic() + limited.seconds)
        self._reason = limited.reason

    def check(self) -> None:
        """Raise RateLimited while it lasts: calling on could get the App banned."""
        left = self._until - self._clock.monotonic()
        if left > 0:
            raise RateLimited(self._reason, left)


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """What all clients of one App share."""

    session: aiohttp.ClientSession
    base_url: str
    clock: Clock
    timeout: aiohttp.ClientTimeout = TIMEOUT
    fence: Fence | None = None
