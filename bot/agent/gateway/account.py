"""What one attempt has used and may still use; calls are reserved in it before they go out."""

import asyncio
import time

from bot.agent.gateway.books import Books
from bot.agent.gateway.job import Job, Listener
from bot.agent.gateway.refusing import Refused
from bot.agent.gateway.spare import Spare
from bot.agent.gateway.waiting import Waiting
from bot.runs import OF_ATTEMPT, REACHED, SHARED, Budgets
from bot.store import calls, limits
from bot.store.calls import Call, CallStatus
from bot.store.limits import Used
from bot.telemetry import seen, traces

BUDGET = "budget"
GIVEN_UP = "the call was given up before it was answered"
KEPT_REFUSALS = 20
"""So many refused calls of one attempt are written down; an agent may go on asking for ever."""


class Account:
    """One attempt's budget; two calls at once never pass it together."""

    def __init__(
        self, job: Job, books: Books, budgets: Budgets, listener: Listener, waiting: Waiting
    ) -> None:
        self.job = job
        self._listener = listener
        self._books = books
        self._budgets = budgets
        self._opened = time.monotonic()
        self._waiting = waiting
        self._spent = Used()
        self._open = Used()
        """The largest that the calls under way may come to."""
        self._changed = asyncio.Event()
        self._spare = Spare(books)
        self._refusals = 0
        self._stage = traces.here()

    async def reserve(self, call: Call, most_seconds: float) -> "Reservation":
        """Set aside the most that a call may come to, on disk too; raises Refused `budget`.

        Where only calls under way stand against it, it waits for them.
        """
        while (over := self._over(call)) is not None:
            if self._over(call, alone=True) is not None or not self._open.calls:
                raise self._refuse(call, *over)
            self._changed.clear()
            await self._changed.wait()
        self._open.add(call)
        ready = self._spare.take(call)
        if ready is not None:
            return Reservation(self, ready, call, most_seconds)
        shared = self.job.shared_limits(self._budgets, call.started_at)
        written = self._books.enter(lambda c: limits.reserve(c, call, shared, self._books.past))
        try:
            row = await asyncio.shield(written)
        except asyncio.CancelledError:
            written.add_done_callback(lambda done: self._withdraw(call, done))
            raise
        except BaseException:
            self._forget(call)
            raise
        if isinstance(row, limits.Refused):
            self._forget(call)
            raise self._refuse(call, row.used, row.limit)
        return Reservation(self, row, call, most_seconds)

    def settle(self, row: int, reserved: Call, call: Call) -> None:
        """Put what a call came to in the place of its reservation."""
        self._spent.add(call)
        self._forget(reserved)
        if _above(call, reserved):
            # what was let through beside less than that is void; the next call may come at once
            self._spare.close()
            self._books.enter(lambda c: calls.settle(c, row, call))
        else:
            self._books.enter_later(lambda c: calls.settle(c, row, call))
        self._listener.used(self._spent)
        seen.model_called(call, self._stage)

    @property
    def room(self) -> float | None:
        """Dollars that a call may cost beside none under way; None: they are not bounded."""
        spent, before = self._spent, self.job.before
        unpriced = spent.unpriced_tokens / calls.TOKENS_PER_USD
        left = [
            most.usd - used - spent.usd - unpriced
            for most, used in (
                (self.job.own, 0.0),
                (self.job.limits, before.usd + before.unpriced_tokens / calls.TOKENS_PER_USD),
            )
            if most.usd is not None
        ]
        return min(left, default=None)

    def expect(self, size: Call) -> None:
        """Set aside what the next call may come to, if the attempt's own budget has room for it."""
        if self._over(size) is None:
            self._spare.set_aside(size, self.job.shared_limits(self._budgets, size.started_at))

    async def close(self) -> None:
        """Return when everything is on disk, and nothing is set aside any more."""
        await self._books.close()
        self._spare.close()
        await self._books.close()

    def _forget(self, call: Call) -> None:
        self._open.add(call, -1)
        self._changed.set()

    def _withdraw(self, call: Call, done: "asyncio.Future[int | limits.Refused]") -> None:
        """Close the row of a call that was given up while it was being written."""
        failed = done.cancelled() or done.exception() is not None
        row = None if failed else done.result()
        if isinstance(row, int):
            Reservation(self, row, call, 0.0).fail(GIVEN_UP)
        else:
            self._forget(call)

    def _over(self, call: Call, *, alone: bool = False) -> tuple[str, str] | None:
        """Say what is used where a call goes over a budget, beside those under way or alone, and
        which budget that is; empty: the run's.
        """
        used = self._spent + (Used() if alone else self._open)
        # of the clock, not of the answers; what it waits for its model's host is not its own
        used.seconds = time.monotonic() - self._opened - self._waiting.seconds
        own = limits.over(self.job.own, used, call)
        if own is not None:
            return own, OF_ATTEMPT
        whole = limits.over(self.job.limits, self.job.before + used, call)
        return None if whole is None else (whole, "")

    def _refuse(self, call: Call, used: str, name: str) -> Refused:
        text = f"{SHARED}{name}): {used}" if name else f"{REACHED}: {used}"
        nothing = {"usd": 0.0, "input_tokens": 0, "output_tokens": 0}
        refused = call.model_copy(update={"status": CallStatus.REFUSED, "error": text, **nothing})
        self._refusals += 1
        if self._refusals <= KEPT_REFUSALS:
            self._books.enter_later(lambda c: calls.insert(c, refused))
        return Refused(402, BUDGET, text)


class Reservation:
    """What is set aside for one call, until it is settled."""

    def __init__(self, account: Account, row: int, call: Call, most_seconds: float) -> None:
        self._account = account
        self._row = row
        self.call = call
        self.most_seconds = most_seconds
        self._began = time.monotonic()
        self._settled = False

    @property
    def seconds(self) -> float:
        """Since it really went out: what it waited for before is not the endpoint's work."""
        return time.monotonic() - self._began

    @property
    def is_over(self) -> bool:
        """Has it taken all the time that it had?"""
        return self.seconds >= self.most_seconds

    def begin(self) -> None:
        self._began = time.monotonic()

    def settle(self, call: Call) -> None:
        """Close it, once; what comes later changes nothing."""
        if not self._settled:
            self._settled = True
            self._account.settle(self._row, self.call, call)

    def fail(self, error: str) -> None:
        """Close it where the endpoint did no work."""
        nothing = {"input_tokens": 0, "output_tokens": 0, "status": CallStatus.FAILED}
        usd = None if self.call.usd is None else 0.0
        ended = {"usd": usd, "seconds": self.seconds, "error": error}
        self.settle(self.call.model_copy(update=nothing | ended))


def _above(call: Call, reserved: Call) -> bool:
    """Say whether an endpoint told of more than a call could come to: it counts, or lies."""
    return call.tokens > reserved.tokens or (call.usd or 0.0) > (reserved.usd or 0.0)
