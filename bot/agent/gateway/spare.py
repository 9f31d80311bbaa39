"""What is set aside for an attempt's next call while the agent is at work: it waits for no disk.

The row is on disk, and stands against every shared limit, before the call is made. A killed process
leaves it there, and it is counted at its largest like any call whose end nobody saw.
"""

import asyncio
from collections.abc import Sequence

from bot.agent.gateway.books import Books
from bot.store import calls, limits
from bot.store.calls import Call, CallStatus
from bot.store.limits import Limit

GROWTH = 8_192
"""Tokens by which the next request may be larger: an answer, and what a tool printed."""
LONGEST_SECONDS = 1800.0
"""What was set aside longer ago counts for days and months that may be over."""


class Spare:
    """At most one row of an attempt."""

    def __init__(self, books: Books) -> None:
        self._books = books
        self._making = False
        self._held: tuple[int, Call] | None = None
        self._closed = False

    def set_aside(self, size: Call, shared: Sequence[Limit]) -> None:
        """Begin to set aside as much as a call of this size may come to; nobody waits for it."""
        if self._making or self._held is not None or self._closed:
            return
        self._making = True
        spare = size.model_copy(update={"status": CallStatus.SPARE})
        past = self._books.past
        written = self._books.enter_later(lambda c: limits.set_aside(c, spare, shared, past))
        written.add_done_callback(lambda done: self._made(done, spare))

    def take(self, call: Call) -> int | None:
        """Give the row where the call fits into it; None: there is none that it fits into."""
        if self._held is None:
            return None
        row, spare = self._held
        self._held = None
        if not _fits(call, spare):
            self._drop(row)
            return None
        self._books.enter_later(lambda c: calls.settle(c, row, call))
        return row

    def close(self) -> None:
        """Give back what was not used; after that nothing is set aside for this attempt."""
        self._closed = True
        if self._held is not None:
            self._drop(self._held[0])
            self._held = None

    def _made(self, done: "asyncio.Future[int | None]", spare: Call) -> None:
        self._making = False
        failed = done.cancelled() or done.exception() is not None
        row = None if failed else done.result()
        if row is None:
            return
        if self._closed:
            self._drop(row)
        else:
            self._held = (row, spare)

    def _drop(self, row: int) -> None:
        self._books.enter_later(lambda c: calls.drop_spare(c, row))


def _fits(call: Call, spare: Call) -> bool:
    same = (call.endpoint, call.model) == (spare.endpoint, spare.model)
    priced = (call.usd is None) == (spare.usd is None) and (call.usd or 0.0) <= (spare.usd or 0.0)
    young = 0 <= call.started_at - spare.started_at <= LONGEST_SECONDS
    day = call.started_at // 86_400 == spare.started_at // 86_400
    return same and priced and young and day and call.tokens <= spare.tokens
