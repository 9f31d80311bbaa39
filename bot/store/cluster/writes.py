"""How much was written to GitHub lately, for all machines that share a database."""

from collections.abc import Sequence

from sqlalchemy import Connection, bindparam, delete, select, text

from bot.runs import Record
from bot.store import tables
from bot.store.cluster.workers import now

_WRITE = tables.writes.c
_CLASS = 0x77726974  # any number, the same in every process


class Bound(Record):
    """So many writes in so many seconds."""

    seconds: float
    most: int


_COUNT = (
    select(_WRITE.at)
    .where(_WRITE.installation_id == bindparam("installation"), _WRITE.at > bindparam("since"))
    .order_by(_WRITE.at.desc())
)


def take(c: Connection, installation_id: int, bounds: Sequence[Bound]) -> float:
    """Note one write; where a bound is reached, note none and answer seconds until it is not."""
    lock = {"class": _CLASS, "key": installation_id % 2**31}
    c.execute(text("SELECT pg_advisory_xact_lock(:class, :key)"), lock)
    at = now(c)
    wait = max(_wait(c, installation_id, bound, at) for bound in bounds)
    if wait > 0:
        return wait
    longest = max(bound.seconds for bound in bounds)
    mine = _WRITE.installation_id == installation_id
    c.execute(delete(tables.writes).where(mine, _WRITE.at < at - longest))
    c.execute(tables.writes.insert().values(installation_id=installation_id, at=at))
    return 0.0


def _wait(c: Connection, installation_id: int, bound: Bound, at: float) -> float:
    """Seconds until the oldest of as many as are allowed falls out of the window."""
    query = _COUNT.offset(bound.most - 1).limit(1)
    found = c.execute(query, {"installation": installation_id, "since": at - bound.seconds})
    oldest = found.scalar()
    return 0.0 if oldest is None else max(0.001, oldest + bound.seconds - at)
