"""Who works on runs: a row for each worker, on the database's clock, as no two machines agree."""

from collections.abc import Sequence
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Row, func, literal_column, or_, select, update

from bot.runs import Record
from bot.store import tables
from bot.store.upsert import insert_or_ignore, upsert

_WORKER = tables.workers.c
DEAD_SECONDS = 20.0
"""A worker that was not seen for so long is dead, whatever it thinks itself."""
BEAT_SECONDS = 5.0
NEWS = "coppice_turns"
"""The channel on which workers tell each other that somebody waits, is done, or has left."""
_NOW = {
    "postgresql": "extract(epoch from clock_timestamp())::double precision",
    "sqlite": "(julianday('now') - 2440587.5) * 86400.0",
}


class WorkerState(StrEnum):
    ALIVE = "alive"
    DRAINING = "draining"  # begins nothing new, and leaves when its work is done
    LEFT = "left"  # has stopped writing and hands over what it had
    DEAD = "dead"  # was not seen for too long; what it had is being taken over


LIVING = (WorkerState.ALIVE.value, WorkerState.DRAINING.value)
"""States in which a worker may write."""


class Worker(Record):
    name: str
    """The same at every start."""
    life: str
    """Of one process: another one of the same name has another."""
    version: str
    pid: int
    host: str
    session: int | None = None
    """The backend of PostgreSQL that holds its name."""
    slots: int
    state: WorkerState = WorkerState.ALIVE
    started_at: float = 0.0
    seen_at: float = 0.0


def now(c: Connection) -> float:
    """Ask the database what time it is."""
    return float(c.execute(select(literal_column(_NOW[c.dialect.name]))).scalar_one())


def claim(c: Connection, worker: Worker) -> Worker | None:
    """Begin a life of a worker; answer what was there under its name."""
    before = get(c, worker.name, lock=True)
    at = now(c)
    began = worker.model_copy(update={"started_at": at, "seen_at": at})
    upsert(c, tables.workers, began.model_dump(mode="json"), key=("name",))
    return before


def get(c: Connection, name: str, *, lock: bool = False) -> Worker | None:
    query = select(tables.workers).where(_WORKER.name == name)
    row = c.execute(query.with_for_update() if lock else query).first()
    return None if row is None else _worker(row)


def listing(c: Connection) -> list[Worker]:
    return [_worker(row) for row in c.execute(select(tables.workers).order_by(_WORKER.name))]


def beat(c: Connection, name: str, life: str) -> WorkerState | None:
    """Say that a worker lives; answer its state, None where this life is over."""
    alive = (_WORKER.name == name, _WORKER.life == life, _WORKER.state.in_(LIVING))
    c.execute(update(tables.workers).where(*alive).values(seen_at=_at(c)))
    state = c.execute(select(_WORKER.state).where(*alive)).scalar()
    return None if state is None else WorkerState(state)


def holds(c: Connection, name: str, life: str) -> bool:
    """Say whether this life may write; it stays so until the transaction ends."""
    alive = (_WORKER.name == name, _WORKER.life == life, _WORKER.state.in_(LIVING))
    query = select(_WORKER.name).where(*alive).with_for_update(read=True)
    return c.execute(query).first() is not None


def change(c: Connection, name: str, state: WorkerState, *, life: str | None = None) -> bool:
    """Set the state of a living worker; False: there is none of this name (and life)."""
    which = [_WORKER.name == name, _WORKER.state.in_(LIVING)]
    if life is not None:
        which.append(_WORKER.life == life)
    return c.execute(update(tables.workers).where(*which).values(state=state)).rowcount == 1


def unseen(c: Connection, me: str) -> dict[str, float]:
    """Say who was not seen for too long, and when he was."""
    query = select(_WORKER.name, _WORKER.seen_at).where(
        _WORKER.name != me,
        _WORKER.state.in_(LIVING),
        _WORKER.seen_at < _at(c) - DEAD_SECONDS,
    )
    return {row.name: row.seen_at for row in c.execute(query)}


def declare_dead(c: Connection, name: str, seen_at: float) -> bool:
    """End a life from which nothing came since ``seen_at``: from now on it writes nothing."""
    silent = (_WORKER.name == name, _WORKER.seen_at == seen_at, _WORKER.state.in_(LIVING))
    dead = {"state": WorkerState.DEAD.value}
    return c.execute(update(tables.workers).where(*silent).values(dead)).rowcount == 1


def gone(c: Connection, me: str) -> list[Worker]:
    """Lock the rows of those who write no more and that nobody else is taking over."""
    ended = or_(_WORKER.state == WorkerState.LEFT, _WORKER.state == WorkerState.DEAD)
    query = select(tables.workers).where(_WORKER.name != me, ended).order_by(_WORKER.name)
    return [_worker(row) for row in c.execute(query.with_for_update(skip_locked=True))]


def bury_unknown(c: Connection, name: str) -> bool:
    """Make a row for somebody of whom there is none, so that others take over from him."""
    at = now(c)
    unknown = Worker(
        name=name,
        life="-",
        version="-",
        pid=0,
        host="-",
        slots=0,
        state=WorkerState.DEAD,
        started_at=at,
        seen_at=at,
    )
    return insert_or_ignore(c, tables.workers, unknown.model_dump(mode="json"))


def forget(c: Connection, name: str) -> None:
    """Remove the row of a worker whose work is all taken over."""
    c.execute(tables.workers.delete().where(_WORKER.name == name))


def unknown(c: Connection, names: Sequence[str]) -> list[str]:
    """Say which of these have no row, so that nobody would ever take over from them."""
    known = set(c.execute(select(_WORKER.name).where(_WORKER.name.in_(names))).scalars())
    return sorted(set(names) - known)


def living(c: Connection) -> int:
    """Count the slots of all workers that begin work."""
    query = select(func.coalesce(func.sum(_WORKER.slots), 0))
    return int(c.execute(query.where(_WORKER.state == WorkerState.ALIVE)).scalar_one())


def _at(c: Connection) -> Any:
    return literal_column(_NOW[c.dialect.name])


def _worker(row: Row[Any]) -> Worker:
    return Worker.model_validate(dict(row._mapping))
