"""What an operator asks of runs at the command line, for whichever worker is there to do it."""

import time
from collections.abc import Sequence
from enum import StrEnum

from sqlalchemy import Connection, delete, select

from bot.runs import Record
from bot.store import tables
from bot.store.upsert import insert_or_ignore

_ORDER, _QUARANTINE = tables.orders.c, tables.quarantine.c


class OrderKind(StrEnum):
    STOP = "stop"
    AGAIN = "again"


class Order(Record):
    seq: int
    kind: OrderKind
    run_id: str
    by: str
    at: float


class Quarantined(Record):
    run_id: str
    by: str
    at: float


def place(c: Connection, kind: OrderKind, run_id: str, by: str) -> None:
    values = {"kind": kind.value, "run_id": run_id, "by": by, "at": time.time()}
    c.execute(tables.orders.insert().values(values))


def listing(c: Connection) -> list[Order]:
    """List what is still to be done, oldest first."""
    rows = c.execute(select(tables.orders).order_by(_ORDER.seq))
    return [Order.model_validate(dict(row._mapping)) for row in rows]


def done(c: Connection, seqs: Sequence[int]) -> None:
    c.execute(delete(tables.orders).where(_ORDER.seq.in_(seqs)))


def quarantine(c: Connection, run_id: str, by: str) -> bool:
    """Let no worker touch a run any more; False: it is so already."""
    values = {"run_id": run_id, "by": by, "at": time.time()}
    return insert_or_ignore(c, tables.quarantine, values)


def release(c: Connection, run_id: str) -> bool:
    """Let it go on; False: it was in no quarantine."""
    return c.execute(delete(tables.quarantine).where(_QUARANTINE.run_id == run_id)).rowcount == 1


def quarantined(c: Connection) -> list[Quarantined]:
    rows = c.execute(select(tables.quarantine).order_by(_QUARANTINE.at))
    return [Quarantined.model_validate(dict(row._mapping)) for row in rows]


def quarantined_by(c: Connection, run_id: str) -> str | None:
    """Who put a run into quarantine; None: it is in none."""
    return c.execute(select(_QUARANTINE.by).where(_QUARANTINE.run_id == run_id)).scalar()
