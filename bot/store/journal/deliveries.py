"""Deliveries as received, and what became of each; the journal of each database writes the rows."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, func, select, text, update

from bot.runs import DecisionKind, Record
from bot.store import tables
from bot.store.journal.arrivals import Arrival, Source, Waiting
from bot.store.upsert import upsert

_DELIVERY = tables.deliveries.c
_PAYLOAD = tables.payloads.c
_WAITING = (_DELIVERY.seq, _DELIVERY.repository_id, _DELIVERY.installation_id, _DELIVERY.due_at)
_WITH_PAYLOAD = select(tables.deliveries, _PAYLOAD.payload).join(
    tables.payloads, _PAYLOAD.seq == _DELIVERY.seq
)

_WHOLE = select(tables.deliveries, _PAYLOAD.payload).outerjoin(
    tables.payloads, _PAYLOAD.seq == _DELIVERY.seq
)


_OF_THE_BODY = ("action", "repository", "repository_id", "number", "installation_id")

_EARLY_SECONDS = 300.0  # clocks differ
_LATE_SECONDS = 3 * 86400.0 + 3600.0  # somebody may send it again for so long


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
    """None: not read (listings), or cleaned away."""
    digest: bytes | None = None
    """SHA-256 of the body, from its first try on."""


def listing(c: Connection, limit: int = 0) -> list[DeliveryRow]:
    """List deliveries without their payloads, newest first; 0: all."""
    query = select(tables.deliveries).order_by(_DELIVERY.seq.desc())
    return [_row(row) for row in c.execute(query.limit(limit) if limit else query)]


def get(c: Connection, guid: str) -> DeliveryRow | None:
    """Read one delivery with its payload, if that was not cleaned away."""
    row = c.execute(_WHOLE.where(_DELIVERY.guid == guid)).first()
    return None if row is None else _row(row)


def unknown(c: Connection, guids: Sequence[str]) -> set[str]:
    """Tell which of some deliveries never came in."""
    rows = c.execute(select(_DELIVERY.guid).where(_DELIVERY.guid.in_(guids)))
    return set(guids) - {row.guid for row in rows}


def oldest(c: Connection) -> float | None:
    """When the first delivery that is kept came in; None: there is none."""
    return c.execute(select(_DELIVERY.received_at).order_by(_DELIVERY.seq).limit(1)).scalar()


def first_of_repositories(c: Connection) -> dict[int, float]:
    """When the first delivery of each repository that is kept came in, by the repository's id."""
    where = _DELIVERY.repository_id
    query = select(where, func.min(_DELIVERY.received_at)).where(where.is_not(None))
    return {row[0]: row[1] for row in c.execute(query.group_by(where))}


def heard(c: Connection, event: str, action: str, about: tuple[int, int], at: float) -> bool:
    """Say whether a delivery of its kind, about an issue (repository's id, number), came in from a
    moment on, while GitHub would have sent what happened then.
    """
    repository_id, number = about
    query = select(_DELIVERY.seq).where(
        _DELIVERY.event == event,
        _DELIVERY.action == action,
        _DELIVERY.repository_id == repository_id,
        _DELIVERY.number == number,
        _DELIVERY.received_at.between(at - _EARLY_SECONDS, at + _LATE_SECONDS),
    )
    return c.execute(query.limit(1)).first() is not None


def waiting(c: Connection) -> list[Waiting]:
    """List what the dispatcher still owes an answer, in order of arrival."""
    query = select(*_WAITING).where(text(tables.OPEN)).order_by(_DELIVERY.seq)
    return [Waiting(*row) for row in c.execute(query)]


def arrived(c: Connection, newest: int, gaps: Sequence[int]) -> list[Waiting]:
    """List what is open behind a sequence number, or came in later under one of some below it."""
    late = _DELIVERY.seq > newest
    query = select(*_WAITING).where(text(tables.OPEN), late | _DELIVERY.seq.in_(gaps))
    return [Waiting(*row) for row in c.execute(query.order_by(_DELIVERY.seq))]


def newest(c: Connection) -> int:
    """The highest sequence number so far; 0: nothing came in."""
    return c.execute(select(func.max(_DELIVERY.seq))).scalar() or 0


def take(c: Connection, seqs: Sequence[int], budget: int) -> tuple[list[DeliveryRow], list[int]]:
    """Read those of some deliveries that are open, with their payloads, in order of arrival.

    Stops once `budget` bytes are read; the second answer names those that were left.
    """
    query = _WITH_PAYLOAD.where(_DELIVERY.seq.in_(seqs), text(tables.OPEN))
    rows: list[DeliveryRow] = []
    with c.execute(query.order_by(_DELIVERY.seq)) as found:
        for row in found:
            rows.append(_row(row))
            budget -= len(row.payload)
            if budget <= 0:
                return rows, sorted(seq for seq in seqs if seq > row.seq)
    return rows, []


def requeue(c: Connection, guid: str) -> bool:
    """Put a delivery back to pending, whatever became of it; False: there is none."""
    again = {"decision": DecisionKind.PENDING.value, "attempts": 0, "due_at": None}
    statement = update(tables.deliveries).where(_DELIVERY.guid == guid)
    return c.execute(statement.values(requeued=True, **again)).rowcount == 1


def replace(c: Connection, arrival: Arrival) -> bool:
    """Put GitHub's own copy in the place of a delivery's body, pending; False: there is none."""
    seq = c.execute(select(_DELIVERY.seq).where(_DELIVERY.guid == arrival.guid)).scalar()
    if seq is None:
        return False
    said = {name: getattr(arrival, name) for name in _OF_THE_BODY}
    row = update(tables.deliveries).where(_DELIVERY.seq == seq)
    c.execute(row.values(digest=None, **said))
    upsert(c, tables.payloads, {"seq": seq, "payload": arrival.payload}, key=("seq",))
    return requeue(c, arrival.guid)


def any_requeued(c: Connection) -> bool:
    """Say whether something was put back and not taken up since."""
    return c.execute(select(_DELIVERY.seq).where(text("requeued")).limit(1)).first() is not None


def take_requeued(c: Connection) -> list[Waiting]:
    """Take up what was put back."""
    statement = update(tables.deliveries).where(text("requeued")).values(requeued=False)
    return [Waiting(*row) for row in c.execute(statement.returning(*_WAITING))]


def _row(row: Row[Any]) -> DeliveryRow:
    values = dict(row._mapping)
    del values["requeued"]
    values["runs"] = tuple(values["runs"] or ())
    return DeliveryRow.model_validate({"payload": None, **values})
