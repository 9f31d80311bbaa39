"""Deliveries as received, and what became of each."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, select, text, update

from bot.runs import DecisionKind, Record
from bot.store import tables
from bot.store.arrivals import Source, Waiting

_DELIVERY = tables.deliveries.c
_PAYLOAD = tables.payloads.c


class DeliveryRow(Record):
    seq: int
    """Order of arrival."""
    guid: str
    event: str
    action: str | None
    repository: str | None
    repository_id: int | None
    number: int | None
    installation_id: int | None
    received_at: float
    attempts: int
    decision: DecisionKind
    reason: str | None
    runs: tuple[str, ...]
    source: Source
    due_at: float | None
    """When it is tried again."""
    payload: bytes | None
    """None: not read (listings)."""


def listing(c: Connection, limit: int = 0) -> list[DeliveryRow]:
    """List deliveries without their payloads, newest first; 0: all."""
    query = select(tables.deliveries).order_by(_DELIVERY.seq.desc())
    return [_row(row) for row in c.execute(query.limit(limit) if limit else query)]


def get(c: Connection, guid: str) -> DeliveryRow | None:
    """Read one delivery with its payload."""
    row = c.execute(_WITH_PAYLOAD.where(_DELIVERY.guid == guid)).first()
    return None if row is None else _row(row)


def take(c: Connection, seqs: Sequence[int]) -> list[DeliveryRow]:
    """Read some deliveries with their payloads, in order of arrival."""
    query = _WITH_PAYLOAD.where(_DELIVERY.seq.in_(seqs)).order_by(_DELIVERY.seq)
    return [_row(row) for row in c.execute(query)]


def requeue(c: Connection, guid: str) -> bool:
    """Put a delivery back to pending, whatever became of it; False: there is none."""
    values = {
        "decision": DecisionKind.PENDING.value,
        "attempts": 0,
        "due_at": None,
        "requeued": True,
    }
    return (
        c.execute(update(tables.deliveries).where(_DELIVERY.guid == guid).values(values)).rowcount
        == 1
    )


def waiting(c: Connection) -> list[Waiting]:
    """List what the dispatcher still owes an answer, in order of arrival."""
    return _waiting(c, tables.OPEN)


def requeued(c: Connection) -> list[Waiting]:
    """List what was put back and not taken up since."""
    return _waiting(c, "requeued")


_WITH_PAYLOAD = select(tables.deliveries, _PAYLOAD.payload).join(
    tables.payloads, _PAYLOAD.seq == _DELIVERY.seq
)


def _waiting(c: Connection, condition: str) -> list[Waiting]:
    columns = (_DELIVERY.seq, _DELIVERY.repository_id, _DELIVERY.installation_id, _DELIVERY.due_at)
    query = select(*columns).where(text(condition)).order_by(_DELIVERY.seq)
    return [Waiting(**row._mapping) for row in c.execute(query)]


def _row(row: Row[Any]) -> DeliveryRow:
    values = dict(row._mapping)
    del values["requeued"]
    values["runs"] = tuple(values["runs"] or ())
    return DeliveryRow.model_validate({"payload": None, **values})
