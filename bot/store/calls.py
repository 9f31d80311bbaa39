"""Calls of models: reserved before they go out, settled when they are over, and added up."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    bindparam,
    case,
    cast,
    func,
    literal,
    select,
    text,
    update,
)

from bot.runs import Budget, Record, Spend
from bot.store import tables

_CALL = tables.calls.c
_ROUNDING = 1e-9
_LOCK = 0x63616C6C  # any number, the same in every process

TOKENS_PER_USD = 1_000_000
"""Where a price is unknown, a bound in dollars binds as this many tokens for each of them."""


class CallStatus(StrEnum):
    RESERVED = "reserved"  # under way; its tokens and dollars are the most that it may come to
    DONE = "done"
    FAILED = "failed"
    REFUSED = "refused"  # never went out: a budget was in the way


class Call(Record):
    """One call of a model."""

    run_id: str
    stage: str
    role: str
    attempt: int
    installation_id: int
    repository_id: int
    repository: str
    person: str
    """Login of whoever asked for the run."""
    endpoint: str
    model: str
    api: str
    status: CallStatus = CallStatus.RESERVED
    input_tokens: int
    """Cached ones too."""
    cached_tokens: int = 0
    output_tokens: int
    """Reasoning ones too."""
    reasoning_tokens: int = 0
    usd: float | None
    """None: nobody knows the price, or a subscription pays."""
    estimated: bool = False
    """The endpoint did not tell the tokens."""
    subscription: bool = False
    started_at: float
    seconds: float = 0.0
    error: str | None = None

    @property
    def tokens(self) -> int:
        return self.input_tokens + self.output_tokens


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


def reserve(c: Connection, call: Call, limits: Sequence[Limit] = ()) -> int | Refused:
    """Write down a call at its largest price, or answer which limit it would break.

    Two calls never pass one limit together: the transaction has the only turn to write.
    """
    if limits and c.dialect.name == "postgresql":
        c.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
    for limit in limits:
        whose = {"since": limit.since, **call.model_dump(include=_WHOSE[limit.scope])}
        used = over(limit.most, Used(*c.execute(_USED[limit.scope], whose).one()), call)
        if used:
            return Refused(limit=limit.name, used=used)
    return insert(c, call)


def insert(c: Connection, call: Call) -> int:
    """Write down a call as it is; answer its number."""
    return int(c.execute(_INSERT, call.model_dump(mode="json")).scalar_one())


def settle(c: Connection, seq: int, call: Call) -> None:
    """Write down what a call came to."""
    c.execute(_SETTLE, {"row": seq, **call.model_dump(mode="json")})


def abandon(c: Connection, before: float) -> int:
    """Close what a process that died left reserved since before then, at its largest price."""
    left = (_CALL.status == CallStatus.RESERVED.value, _CALL.started_at < before)
    values = {"status": CallStatus.FAILED.value, "estimated": True}
    error = "the process ended before the answer did"
    return c.execute(update(tables.calls).where(*left).values(**values, error=error)).rowcount


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


def over(most: Budget, spent: Used, call: Call) -> str | None:
    """Say what of a budget is used where a call, at its largest, would go over it."""
    if most.usd is not None and not call.subscription:
        used = spent.usd + spent.unpriced_tokens / TOKENS_PER_USD
        more = call.tokens / TOKENS_PER_USD if call.usd is None else call.usd
        if used + more > most.usd + _ROUNDING:
            of = ", tokens at an unknown price counted" if spent.unpriced_tokens else ""
            return f"${used:.2f} of ${most.usd:.2f}{of}"
    if most.tokens is not None and spent.tokens + call.tokens > most.tokens:
        return f"{spent.tokens:,} of {most.tokens:,} tokens"
    if most.turns is not None and spent.calls + 1 > most.turns:
        return f"{spent.calls} of {most.turns} turns"
    if most.minutes is not None and spent.seconds >= most.minutes * 60:
        return f"{spent.seconds / 60:.0f} of {most.minutes:g} minutes"
    return None


def spend(
    c: Connection, run_id: str, *, stage: str | None = None, role: str | None = None
) -> Spend:
    """Add up the calls of a run, those under way at their largest price."""
    conditions: list[ColumnElement[bool]] = [_CALL.run_id == run_id]
    conditions += [_CALL.stage == stage] if stage is not None else []
    conditions += [_CALL.role == role] if role is not None else []
    return _spend(c, *conditions)


def spend_by_model(c: Connection, run_id: str) -> list[tuple[str, str, Spend]]:
    """Add up the calls of a run by role and model, in the order in which they first appear."""
    query = (
        select(_CALL.role, _CALL.model, *SUMS)
        .where(_CALL.run_id == run_id, COUNTED)
        .group_by(_CALL.role, _CALL.model)
        .order_by(func.min(_CALL.seq))
    )
    return [(role, model, read_sums(sums)) for role, model, *sums in c.execute(query)]


def listing(c: Connection, run_id: str) -> list[Call]:
    """List the calls of a run in the order in which they were made."""
    columns = [column for column in _CALL if column.name != "seq"]
    query = select(*columns).where(_CALL.run_id == run_id).order_by(_CALL.seq)
    return [Call.model_validate(dict(row)) for row in c.execute(query).mappings()]


def _whole(counted: ColumnElement[Any]) -> ColumnElement[int]:
    """Add up; PostgreSQL's own sum of whole numbers would be a decimal."""
    return cast(func.coalesce(func.sum(counted), 0), BigInteger)


COUNTED = _CALL.status != CallStatus.REFUSED.value
_UNPRICED = _CALL.usd.is_(None) & ~_CALL.subscription
_TOKENS = _CALL.input_tokens + _CALL.output_tokens
SUMS = (
    # in the order of _NAMES
    func.count(),
    _whole(_CALL.input_tokens),
    _whole(_CALL.cached_tokens),
    _whole(_CALL.output_tokens),
    _whole(_CALL.reasoning_tokens),
    func.coalesce(func.sum(_CALL.usd), literal(0.0)),
    _whole(case((_UNPRICED, 1), else_=0)),
    _whole(case((_UNPRICED, _TOKENS), else_=0)),
    _whole(case((_CALL.subscription, 1), else_=0)),
    _whole(case((_CALL.estimated, 1), else_=0)),
    func.coalesce(func.sum(_CALL.seconds), literal(0.0)),
)
_NAMES = (
    "calls",
    "input_tokens",
    "cached_tokens",
    "output_tokens",
    "reasoning_tokens",
    "usd",
    "unpriced",
    "unpriced_tokens",
    "subscribed",
    "estimated",
    "seconds",
)


def _spend(c: Connection, *conditions: ColumnElement[bool]) -> Spend:
    return read_sums(c.execute(select(*SUMS).where(COUNTED, *conditions)).one())


def read_sums(sums: Sequence[Any]) -> Spend:
    """Read what a query for SUMS gave."""
    return Spend.model_validate(dict(zip(_NAMES, sums, strict=True)))


# Built once: every call of a model waits for them.
_INSERT = tables.calls.insert().returning(_CALL.seq)
_SETTLE = (
    update(tables.calls)
    .where(_CALL.seq == bindparam("row"))
    .values({name: bindparam(name) for name in Call.model_fields})
)
_WHOSE: dict[Scope, set[str]] = {
    Scope.PERSON: {"installation_id", "person"},
    Scope.REPOSITORY: {"repository_id"},
    Scope.INSTALLATION: {"installation_id"},
}
_USED = {
    scope: select(
        func.count(),
        _whole(_TOKENS),
        func.coalesce(func.sum(_CALL.usd), literal(0.0)),
        _whole(case((_UNPRICED, _TOKENS), else_=0)),
        func.coalesce(func.sum(_CALL.seconds), literal(0.0)),
    ).where(
        COUNTED,
        _CALL.started_at >= bindparam("since"),
        *(_CALL[name] == bindparam(name) for name in sorted(columns)),
    )
    for scope, columns in _WHOSE.items()
}
