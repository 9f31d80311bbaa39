"""What calls of models cost, split by whom, where, when or what came of it."""

from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Integer,
    case,
    cast,
    func,
    literal,
    literal_column,
    select,
)

from bot.runs import Spend
from bot.store import tables
from bot.store.calls import COUNTED, SUMS, read_sums

_CALL = tables.calls.c


class By(StrEnum):
    """By what spending is split."""

    REPOSITORY = "repository"
    MODEL = "model"
    PERSON = "person"
    DAY = "day"
    OUTCOME = "outcome"


def spend_by(c: Connection, by: By, since: float = 0.0) -> list[tuple[str, int, Spend]]:
    """Add up all calls since a moment, as (name, runs, spend): the dearest first, days in order.

    The outcome of a run is `merged`, `open` or `closed` once it has a pull request, else its
    status; `none` are calls without a run.
    """
    name = _names(c, by)
    dearest = func.coalesce(func.sum(_CALL.usd), literal(0.0)).desc()
    query = (
        select(name, func.count(func.distinct(_CALL.run_id)), *SUMS)
        .select_from(tables.calls.outerjoin(tables.runs, tables.runs.c.id == _CALL.run_id))
        .where(_CALL.started_at >= since, COUNTED)
        .group_by(name)
        .order_by(*([name] if by is By.DAY else [dearest, name]))
    )
    return [
        (_day(key) if by is By.DAY else str(key), runs, read_sums(sums))
        for key, runs, *sums in c.execute(query)
    ]


def _names(c: Connection, by: By) -> ColumnElement[Any]:
    if by is By.DAY:
        days = _CALL.started_at / 86400
        # PostgreSQL rounds where SQLite cuts off
        return cast(days if c.dialect.name == "sqlite" else func.floor(days), Integer)
    if by is By.OUTCOME:
        run = tables.runs.c
        return case(
            (run.id.is_(None), literal_column("'none'")),
            (run.stop["merged"].as_boolean().is_(True), literal_column("'merged'")),
            (run.pull_request.is_(None), run.status),
            (run.following, literal_column("'open'")),
            else_=literal_column("'closed'"),
        )
    return {
        By.REPOSITORY: _CALL.repository,
        By.MODEL: _CALL.model,
        By.PERSON: _CALL.person,
    }[by]


def _day(number: int) -> str:
    return datetime.fromtimestamp(number * 86400, UTC).date().isoformat()
