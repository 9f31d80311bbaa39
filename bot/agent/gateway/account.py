"""What one attempt has used and may still use; calls are reserved in it before they go out."""

import asyncio
import time

from bot.agent.gateway.job import Job
from bot.agent.gateway.refusing import Refused
from bot.runs import Budget, Budgets, Spend
from bot.store import calls
from bot.store.calls import Call, CallStatus
from bot.store.database import Database

BUDGET = "budget"
KEPT_REFUSALS = 20
"""So many refused calls of one attempt are written down; an agent may go on asking for ever."""


class Account:
    """One attempt's budget; two calls at once never pass it together."""

    def __init__(self, job: Job, database: Database, budgets: Budgets) -> None:
        self.job = job
        self._database = database
        self._budgets = budgets
        self._opened = time.monotonic()
        self._spent = Spend()
        self._open: dict[int, Call] = {}
        self._changed = asyncio.Event()
        self._numbers = 0
        self._refusals = 0
        self._writing: set[asyncio.Task[None]] = set()

    @property
    def seconds_left(self) -> float | None:
        """Until its minutes are over; None: they are not bounded."""
        minutes = self.job.limits.minutes
        return None if minutes is None else self._opened + minutes * 60 - time.monotonic()

    async def reserve(self, call: Call) -> "Reservation":
        """Set aside the most that a call may come to, on disk too; raises Refused `budget`.

        Where only calls under way stand against it, it waits for them.
        """
        while (used := self._over(call, pending=True)) is not None:
            alone = self._over(call, pending=False)
            if alone is not None or not self._open:
                raise await self._refuse(call, alone or used)
            self._changed.clear()
            await self._changed.wait()
        self._numbers += 1
        number = self._numbers
        self._open[number] = call
        try:
            limits = self.job.shared_limits(self._budgets, call.started_at)
            row = await self._database.write(lambda c: calls.reserve(c, call, limits))
        except BaseException:
            self._forget(number)
            raise
        if isinstance(row, calls.Refused):
            self._forget(number)
            raise await self._refuse(call, row.used, name=row.limit)
        return Reservation(self, number, row, call)

    async def close(self) -> None:
        """Wait until everything is on disk."""
        while self._writing:
            await asyncio.gather(*self._writing)

    def settle(self, number: int, row: int, call: Call) -> None:
        """Put what a call came to in the place of its reservation."""
        self._spent += as_spend(call)
        self._forget(number)
        task = asyncio.create_task(self._database.write(lambda c: calls.settle(c, row, call)))
        self._writing.add(task)
        task.add_done_callback(self._writing.discard)

    def _forget(self, number: int) -> None:
        self._open.pop(number, None)
        self._changed.set()

    def _over(self, call: Call, *, pending: bool) -> str | None:
        limits, left = self.job.limits, self.seconds_left
        if left is not None and left <= 0:
            return f"{limits.minutes:g} of {limits.minutes:g} minutes"
        spent = self._spent
        if pending:
            spent = sum((as_spend(other) for other in self._open.values()), spent)
        # minutes are those of the clock, not of the answers
        bounded = Budget(usd=limits.usd, tokens=limits.tokens, turns=limits.turns)
        return calls.over(bounded, spent, call)

    async def _refuse(self, call: Call, used: str, name: str = "") -> Refused:
        of = f" ({name})" if name else ""
        text = f"budget reached{of}: {used} used"
        if call.usd:
            text += f", and the next call may cost ${call.usd:.2f}"
        refused = call.model_copy(
            update={
                "status": CallStatus.REFUSED,
                "error": text,
                "usd": 0.0,
                "input_tokens": 0,
                "output_tokens": 0,
            }
        )
        self._refusals += 1
        if self._refusals <= KEPT_REFUSALS:
            await self._database.write(lambda c: calls.insert(c, refused))
        return Refused(402, BUDGET, text)


class Reservation:
    """What is set aside for one call, until it is settled."""

    def __init__(self, account: Account, number: int, row: int, call: Call) -> None:
        self._account = account
        self._number = number
        self._row = row
        self.call = call
        self._began = time.monotonic()
        self._settled = False

    @property
    def seconds(self) -> float:
        """Since it really went out: what it waited for before is not the endpoint's work."""
        return time.monotonic() - self._began

    def begin(self) -> None:
        self._began = time.monotonic()

    def settle(self, call: Call) -> None:
        """Close it, once; what comes later changes nothing."""
        if not self._settled:
            self._settled = True
            self._account.settle(self._number, self._row, call)

    def fail(self, error: str) -> None:
        """Close it where the endpoint did no work."""
        nothing = {"input_tokens": 0, "output_tokens": 0, "status": CallStatus.FAILED}
        usd = None if self.call.usd is None else 0.0
        ended = {"usd": usd, "seconds": self.seconds, "error": error}
        self.settle(self.call.model_copy(update=nothing | ended))


def as_spend(call: Call) -> Spend:
    unpriced = call.usd is None and not call.subscription
    return Spend(
        calls=1,
        input_tokens=call.input_tokens,
        cached_tokens=call.cached_tokens,
        output_tokens=call.output_tokens,
        reasoning_tokens=call.reasoning_tokens,
        usd=call.usd or 0.0,
        unpriced=int(unpriced),
        unpriced_tokens=call.tokens if unpriced else 0,
        subscribed=int(call.subscription),
        estimated=int(call.estimated),
        seconds=call.seconds,
    )
