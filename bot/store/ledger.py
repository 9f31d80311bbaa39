"""Effects as applied to GitHub, by natural key."""

from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Row, func, select, update

from bot.runs import Applied, Record
from bot.store import tables
from bot.store.upsert import insert_or_ignore

_LEDGER = tables.ledger.c


class LedgerStatus(StrEnum):
    PENDING = "pending"  # about to be written, or written without our knowing
    APPLIED = "applied"
    VOID = "void"  # will never be written: the installation is gone


class LedgerRow(Record):
    key: str
    run_id: str | None
    installation_id: int
    kind: str
    status: LedgerStatus
    object: Applied | None
    """What it came to on GitHub, the last time it was applied."""
    digest: str | None
    """SHA-256 of what was last written."""
    writes: int
    """How often it was really written, the first time included."""
    first_at: float
    last_at: float


def get(c: Connection, key: str) -> LedgerRow | None:
    row = c.execute(select(tables.ledger).where(_LEDGER.key == key)).first()
    return None if row is None else _row(row)


def begin(
    c: Connection, key: str, *, run_id: str | None, installation_id: int, kind: str, at: float
) -> LedgerRow:
    """Write down that an effect is about to be applied; answer its row, which may be older."""
    values = LedgerRow(
        key=key,
        run_id=run_id,
        installation_id=installation_id,
        kind=kind,
        status=LedgerStatus.PENDING,
        object=None,
        digest=None,
        writes=0,
        first_at=at,
        last_at=at,
    )
    if insert_or_ignore(c, tables.ledger, values.model_dump(mode="json")):
        return values
    return _one(c, key)


def applied(
    c: Connection, key: str, applied: Applied, *, digest: str, wrote: bool, at: float
) -> LedgerRow:
    """Write down what an effect came to; raises NoResultFound when it was never begun."""
    c.execute(
        update(tables.ledger)
        .where(_LEDGER.key == key)
        .values(
            status=LedgerStatus.APPLIED.value,
            object=applied.model_dump(mode="json"),
            digest=digest,
            writes=_LEDGER.writes + int(wrote),
            last_at=at,
        )
    )
    return _one(c, key)


def void_installation(c: Connection, installation_id: int) -> int:
    """Give up what was not written yet; answer how many effects that were."""
    return c.execute(
        update(tables.ledger)
        .where(
            _LEDGER.installation_id == installation_id,
            _LEDGER.status == LedgerStatus.PENDING.value,
        )
        .values(status=LedgerStatus.VOID.value)
    ).rowcount


def still_open(c: Connection, run_id: str, kind: str) -> list[Applied]:
    """List what effects of a run opened on GitHub and none has completed, oldest first."""
    query = select(tables.ledger).where(_LEDGER.run_id == run_id, _LEDGER.kind == kind)
    rows = [_row(row) for row in c.execute(query.order_by(_LEDGER.first_at, _LEDGER.key))]
    return [row.object for row in rows if row.object is not None and row.object.open]


def count(c: Connection, run_id: str) -> int:
    """Count the effects of a run, in whatever state."""
    query = select(func.count()).select_from(tables.ledger).where(_LEDGER.run_id == run_id)
    return c.execute(query).scalar_one()


def _one(c: Connection, key: str) -> LedgerRow:
    return _row(c.execute(select(tables.ledger).where(_LEDGER.key == key)).one())


def _row(row: Row[Any]) -> LedgerRow:
    return LedgerRow.model_validate(dict(row._mapping))
