"""Calls of models: reserved before they go out, settled when they are over, and added up."""

from collections.abc import Sequence
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    bindparam,
    case,
    cast,
    delete,
    func,
    literal,
    select,
    text,
    update,
)

from bot.runs import Record, Spend
from bot.store import tables

_CALL = tables.calls.c
LONGEST_SECONDS = 5 * 3600
"""A call that began longer ago is over, or its process is."""
NOBODYS_SECONDS = 900.0
"""So old is a call before it counts as nobody's: clocks differ, and a turn is given back last."""

TOKENS_PER_USD = 1_000_000
"""Where a price is unknown, a bound in dollars binds as this many tokens for each of them."""


class CallStatus(StrEnum):
    SPARE = "spare"  # set aside for an attempt's next call, which then waits for no disk
    RESERVED = "reserved"  # under way; its tokens and dollars are the most that it may come to
    DONE = "done"
    FAILED = "failed"
    REFUSED = "refused"  # never went out: a budget was in the way


UNDER_WAY = (CallStatus.RESERVED, CallStatus.SPARE)
"""Settled by the process that made them, or abandoned."""


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


def insert(c: Connection, call: Call) -> int:
    """Write down a call as it is; answer its number."""
    return int(c.execute(_INSERT, call.model_dump(mode="json")).scalar_one())


def settle(c: Connection, seq: int, call: Call) -> None:
    """Write down what a call came to."""
    c.execute(_SETTLE, {"row": seq, **call.model_dump(mode="json")})


def drop_spare(c: Connection, seq: int) -> None:
    """Forget what was set aside for a call that was never made."""
    spare = (_CALL.seq == seq, _CALL.status == CallStatus.SPARE.value)
    c.execute(delete(tables.calls).where(*spare))


def abandon(c: Connection, before: float) -> int:
    """Close what a process that died left reserved since before then, at its largest price."""
    return _abandon(c, _CALL.started_at < before)


def abandon_living(c: Connection) -> int:
    """Close what is reserved for any run, for a process that begins where there is no other."""
    alive = select(tables.runs.c.id).where(text(tables.ALIVE))
    return _abandon(c, _CALL.run_id.in_(alive))


def abandon_of(c: Connection, runs: Sequence[str]) -> int:
    """Close what is reserved for these runs, whose worker is gone."""
    return _abandon(c, _CALL.run_id.in_(runs)) if runs else 0


def abandon_nobodys(c: Connection, now: float) -> int:
    """Close what is reserved for runs at which no worker is: who makes calls has a turn."""
    at_work = select(tables.turns.c.run_id).where(tables.turns.c.worker.is_not(None))
    # not before: a table of old calls is walked through once, when the first model is used
    since = _CALL.started_at > now - 2 * LONGEST_SECONDS
    old = _CALL.started_at < now - NOBODYS_SECONDS
    return _abandon(c, since, old, _CALL.run_id.not_in(at_work))


def _abandon(c: Connection, *which: ColumnElement[bool]) -> int:
    values = {"status": CallStatus.FAILED.value, "estimated": True}
    error = "the process ended before the answer did"
    left = update(tables.calls).where(_CALL.status.in_(UNDER_WAY), *which)
    return c.execute(left.values(**values, error=error)).rowcount


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
    mine = (_CALL.run_id == run_id, _CALL.status != CallStatus.SPARE.value)
    query = select(*columns).where(*mine).order_by(_CALL.seq)
    return [Call.model_validate(dict(row)) for row in c.execute(query).mappings()]


def whole(counted: ColumnElement[Any]) -> ColumnElement[int]:
    """Add up; PostgreSQL's own sum of whole numbers would be a decimal."""
    return cast(func.coalesce(func.sum(counted), 0), BigInteger)


HELD = _CALL.status != CallStatus.REFUSED.value
"""What stands against a limit."""
COUNTED = HELD & (_CALL.status != CallStatus.SPARE.value)
"""What people are told of."""
TOKENS = _CALL.input_tokens + _CALL.output_tokens
UNANSWERED = (_CALL.status == CallStatus.FAILED.value) & (TOKENS == 0)
UNPRICED = _CALL.usd.is_(None) & ~_CALL.subscription & ~UNANSWERED
SUMS = (
    # in the order of _NAMES
    func.count(),
    whole(_CALL.input_tokens),
    whole(_CALL.cached_tokens),
    whole(_CALL.output_tokens),
    whole(_CALL.reasoning_tokens),
    func.coalesce(func.sum(_CALL.usd), literal(0.0)),
    whole(case((UNPRICED, 1), else_=0)),
    whole(case((UNPRICED, TOKENS), else_=0)),
    whole(case((_CALL.subscription & ~UNANSWERED, 1), else_=0)),
    whole(case((UNANSWERED, 1), else_=0)),
    whole(case((_CALL.estimated, 1), else_=0)),
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
    "unanswered",
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
