"""Repositories in which nothing new begins, because a maintainer said so."""

from sqlalchemy import Connection, delete, select

from bot.store import tables
from bot.store.upsert import upsert

_PAUSE = tables.pauses.c


def pause(c: Connection, repository_id: int, by: str, at: float) -> None:
    """Pause a repository; who did it last is kept."""
    upsert(
        c,
        tables.pauses,
        {"repository_id": repository_id, "by": by, "at": at},
        key=("repository_id",),
    )


def resume(c: Connection, repository_id: int) -> None:
    c.execute(delete(tables.pauses).where(_PAUSE.repository_id == repository_id))


def paused_by(c: Connection, repository_id: int) -> str | None:
    """Who paused a repository; None: it is not paused."""
    found = c.execute(select(_PAUSE.by).where(_PAUSE.repository_id == repository_id)).scalar()
    return None if found is None else str(found)
