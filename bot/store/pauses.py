"""Repositories in which nothing new begins, because a maintainer said so."""

from sqlalchemy import Connection, delete, select

from bot.store import audit, tables
from bot.store.audit import Act, Entry
from bot.store.upsert import upsert

_PAUSE = tables.pauses.c
EVERYWHERE = 0
"""In the place of a repository: no worker begins anything new."""


def pause(c: Connection, repository_id: int, by: str, at: float) -> None:
    """Pause a repository; who did it last is kept."""
    if paused_by(c, repository_id) != by:
        audit.record(c, Entry(who=by, act=Act.PAUSED, repository_id=repository_id), at)
    upsert(
        c,
        tables.pauses,
        {"repository_id": repository_id, "by": by, "at": at},
        key=("repository_id",),
    )


def resume(c: Connection, repository_id: int, by: str, at: float) -> None:
    if c.execute(delete(tables.pauses).where(_PAUSE.repository_id == repository_id)).rowcount:
        audit.record(c, Entry(who=by, act=Act.RESUMED, repository_id=repository_id), at)


def paused_by(c: Connection, repository_id: int) -> str | None:
    """Who paused a repository; None: it is not paused."""
    found = c.execute(select(_PAUSE.by).where(_PAUSE.repository_id == repository_id)).scalar()
    return None if found is None else str(found)


def all_paused(c: Connection) -> bool:
    """Did an operator pause all workers?"""
    return paused_by(c, EVERYWHERE) is not None
