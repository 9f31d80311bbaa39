"""What may go after a while: bodies, timelines and old deliveries; never what is still needed.

Runs, their stages, effects, calls and the audit log stay: what was done and paid is kept.
"""

from enum import StrEnum
from typing import Any

from sqlalchemy import Column, Connection, Select, Table, delete, func, select, text, update

from bot.runs import ENDED, Record
from bot.store import marks, tables

BATCH = 500
"""Rows of one transaction: whoever else writes waits no longer than for that."""

_DELIVERY, _RUN = tables.deliveries.c, tables.runs.c
_OVER = _RUN.status.in_(sorted(ENDED)) & ~_RUN.following
"""Not: what does not live. A status that only a newer release knows may be a living one."""


CLEANED = "cleaned"
"""The mark before which deliveries may be gone."""


class What(StrEnum):
    """In the order in which it goes."""

    BODIES = "bodies of deliveries"
    TIMELINES = "events of runs"
    KEPT_FILES = "files of runs in the database"
    DELIVERIES = "deliveries"


class Due(Record):
    """What would go."""

    what: What
    rows: int
    bytes: int | None
    """None: nobody counts them."""


class Repositories(Record):
    """Whose copies on disk are still of use."""

    in_use: frozenset[int]
    """A run of theirs lives, or was changed since."""


def preview(c: Connection, before: float) -> list[Due]:
    """Count what is older than a moment and that nobody needs any more."""
    sizes = {
        What.BODIES: func.sum(func.length(tables.payloads.c.payload)),
        What.KEPT_FILES: func.sum(func.length(tables.run_files.c.data)),
    }
    found = []
    for what in What:
        table, key = _KEYS[what]
        counted = select(func.count(), *([sizes[what]] if what in sizes else [])).select_from(table)
        goes = _settled(before) if what is What.DELIVERIES else _due(what, before)
        row = c.execute(counted.where(key.in_(goes))).one()
        size = int(row[1] or 0) if what in sizes else None
        found.append(Due(what=what, rows=row[0], bytes=size))
    return found


def remove(c: Connection, what: What, before: float) -> int:
    """Remove a batch; answer how many rows it was, 0 at the end."""
    table, key = _KEYS[what]
    if what is What.DELIVERIES:
        marks.put(c, CLEANED, max(before, marks.get(c, CLEANED) or 0.0))
    some = select(key).where(key.in_(_due(what, before))).distinct().limit(BATCH)
    keys = [row[0] for row in c.execute(some)]
    if not keys:
        return 0
    if what is What.KEPT_FILES:
        for run_id in keys:
            forget_work(c, run_id)
    return c.execute(delete(table).where(key.in_(keys))).rowcount


def ended_runs(c: Connection, before: float) -> list[str]:
    """Name the runs that ended before a moment and follow nothing: their files may go."""
    return [row.id for row in c.execute(_ended(before).order_by(_RUN.id))]


def forget_work(c: Connection, run_id: str) -> bool:
    """Note that the kept work of an ended run is gone: a retry begins at its first stage.

    False: it lives again, and needs it.
    """
    of_run = (_RUN.id == run_id, _OVER)
    work = c.execute(select(_RUN.work).where(*of_run)).scalar()
    if work is None:
        return False
    changed = {**work, "checkpoint": None, "tree": None}
    return c.execute(update(tables.runs).where(*of_run).values(work=changed)).rowcount == 1


def repositories(c: Connection, since: float) -> Repositories:
    """Tell which repositories had anything to do since a moment."""
    used = select(_RUN.repository_id).where((_RUN.updated_at >= since) | ~_OVER)
    return Repositories(in_use=frozenset(row.repository_id for row in c.execute(used.distinct())))


def _due(what: What, before: float) -> Select[Any]:
    if what in (What.TIMELINES, What.KEPT_FILES):
        return _ended(before)
    if what is What.DELIVERIES:  # only once their bodies are gone
        bodies = select(tables.payloads.c.seq).where(tables.payloads.c.seq == _DELIVERY.seq)
        return _settled(before).where(~bodies.exists())
    return _settled(before)


def _settled(before: float) -> Select[Any]:
    living = select(tables.runs.c.trigger["delivery"].as_string()).where(text(tables.ALIVE))
    return select(_DELIVERY.seq).where(
        _DELIVERY.received_at < before,
        text(f"NOT ({tables.OPEN})"),
        ~_DELIVERY.requeued,
        _DELIVERY.guid.not_in(living),
    )


def _ended(before: float) -> Select[Any]:
    return select(_RUN.id).where(_RUN.updated_at < before, _OVER)


_KEYS: dict[What, tuple[Table, Column[Any]]] = {
    What.BODIES: (tables.payloads, tables.payloads.c.seq),
    What.TIMELINES: (tables.events, tables.events.c.run_id),
    What.KEPT_FILES: (tables.run_files, tables.run_files.c.run_id),
    What.DELIVERIES: (tables.deliveries, tables.deliveries.c.seq),
}
