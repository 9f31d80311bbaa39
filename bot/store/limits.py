"""Bounds that runs share: a call is reserved only where it fits into each of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import Connection, bindparam, case, func, literal, select, text

from bot.runs import Budget, Record
from bot.store import tables
from bot.store.calls import (
    HELD,
    LONGEST_SECONDS,
    TOKENS,
    TOKENS_PER_USD,
    UNPRICED,
    Call,
    insert,
    whole,
)

_CALL = tables.calls.c
_LOCK = 0x63616C6C  # any number, the same in every process
_ROUNDING = 1e-9
_MOST_KNOWN = 1000
_FAR = 1e12


class Scope(StrEnum):
    """Whose calls count together."""

    PERSON = "person"
    REPOSITORY = "repository"
    INSTALLATION = "installation"


class Limit(Record):
    """What the calls of one scope may come to since a moment."""

    scope: Scope
    since: float
    most: Budget
    name: str
    """For the text of a refusal: `today's budget of octo/shop`."""


class Refused(Record):
    """A call would go over a limit."""

    limit: str
    used: str
    """Such as `$1.97 of $2.00`."""


def set_aside(
    c: Connection, spare: Call, limits: Sequence[Limit], past: "Past | None" = None
) -> int | None:
    """Write down what an attempt's next call may come to; None: there is not room enough.

    Half of each limit stays free of it: nobody is refused for a call that may never be made.
    """
    halves = [limit.model_copy(update={"most": _half(limit.most)}) for limit in limits]
    row = reserve(c, spare, halves, past)
    return row if isinstance(row, int) else None


def _half(most: Budget) -> Budget:
    return Budget(
        usd=None if most.usd is None else most.usd / 2,
        tokens=None if most.tokens is None else most.tokens // 2,
        turns=None if most.turns is None else most.turns // 2,
        minutes=None if most.minutes is None else most.minutes / 2,
    )


def reserve(
    c: Connection, call: Call, limits: Sequence[Limit] = (), past: "Past | None" = None
) -> int | Refused:
    """Write down a call at its largest price, or answer which limit it would break.

    Two calls never pass one limit together: the transaction has the only turn to write. A process
    that keeps ``past`` from call to call adds up old calls once an hour.
    """
    past = past or Past()
    if limits and c.dialect.name == "postgresql":
        c.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
    for limit in limits:
        used = over(limit.most, past.used(c, call, limit), call)
        if used:
            return Refused(limit=limit.name, used=used)
    return insert(c, call)


@dataclass(slots=True)
class Used:
    """What counts against a budget."""

    calls: int = 0
    tokens: int = 0
    usd: float = 0.0
    unpriced_tokens: int = 0
    seconds: float = 0.0

    def add(self, call: Call, times: int = 1) -> None:
        """Count a call; -1 takes it back."""
        self.calls += times
        self.tokens += times * call.tokens
        self.usd += times * (call.usd or 0.0)
        self.seconds += times * call.seconds
        if call.usd is None and not call.subscription:
            self.unpriced_tokens += times * call.tokens

    def __add__(self, other: "Used") -> "Used":
        return Used(*(getattr(self, name) + getattr(other, name) for name in Used.__slots__))


class Past:
    """What was spent so long ago that it will not change: a month has many calls."""

    def __init__(self) -> None:
        self._known: dict[tuple[object, ...], Used] = {}

    def used(self, c: Connection, call: Call, limit: Limit) -> Used:
        """Add up what counts against a limit."""
        whose = call.model_dump(include=_WHOSE[limit.scope])
        edge = max(limit.since, (call.started_at - LONGEST_SECONDS) // 3600 * 3600)
        key = (limit.scope, *whose.values(), limit.since, edge)
        if key not in self._known:
            if len(self._known) >= _MOST_KNOWN:
                self._known.clear()
            self._known[key] = _used(c, limit.scope, whose, limit.since, edge)
        before = self._known[key]
        recent = _used(c, limit.scope, whose, edge, _FAR)
        return before + recent


def _used(
    c: Connection, scope: Scope, whose: Mapping[str, object], since: float, until: float
) -> Used:
    return Used(*c.execute(_USED[scope], {"since": since, "until": until, **whose}).one())


def over(most: Budget, spent: Used, call: Call) -> str | None:
    """Say what of a budget is used where a call, at its largest, would go over it.

    `$1.95 of $2.00 used, and the next call may cost $0.08`.
    """
    tokens = f", and the next call may come to {call.tokens:,} tokens"
    if most.usd is not None and not call.subscription:
        used = spent.usd + spent.unpriced_tokens / TOKENS_PER_USD
        more = call.tokens / TOKENS_PER_USD if call.usd is None else call.usd
        if used + more > most.usd + _ROUNDING:
            unknown = spent.unpriced_tokens or call.usd is None
            of = " (a million tokens at an unknown price count as $1)" if unknown else ""
            said = f"{dollars(used, most.usd)} of {dollars(most.usd, most.usd)} used{of}"
            dear = f", and the next call may cost {dollars(more, most.usd)}"
            return said + (tokens if call.usd is None else dear)
    if most.tokens is not None and spent.tokens + call.tokens > most.tokens:
        return f"{spent.tokens:,} of {most.tokens:,} tokens used{tokens}"
    if most.turns is not None and spent.calls + 1 > most.turns:
        return f"{spent.calls} of {most.turns} turns used"
    if most.minutes is not None and spent.seconds >= most.minutes * 60:
        return f"{round(spent.seconds / 60, 1):g} of {round(most.minutes, 1):g} minutes used"
    return None


def dollars(amount: float, most: float) -> str:
    """Write an amount as finely as a bound of ``most`` dollars needs."""
    return f"${amount:.{4 if 0 < most < 0.1 else 2}f}"


# Built once: every call of a model waits for them.
_WHOSE: dict[Scope, set[str]] = {
    Scope.PERSON: {"installation_id", "person"},
    Scope.REPOSITORY: {"repository_id"},
    Scope.INSTALLATION: {"installation_id"},
}
_USED = {
    scope: select(
        func.count(),
        whole(TOKENS),
        func.coalesce(func.sum(_CALL.usd), literal(0.0)),
        whole(case((UNPRICED, TOKENS), else_=0)),
        func.coalesce(func.sum(_CALL.seconds), literal(0.0)),
    ).where(
        HELD,
        _CALL.started_at >= bindparam("since"),
        _CALL.started_at < bindparam("until"),
        *(_CALL[name] == bindparam(name) for name in sorted(columns)),
    )
    for scope, columns in _WHOSE.items()
}
