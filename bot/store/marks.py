"""How far something was read that goes on for ever."""

from sqlalchemy import Connection, select

from bot.store import tables
from bot.store.upsert import upsert


def get(c: Connection, name: str) -> float | None:
    """Read a mark, Unix time; None: there is none yet."""
    return c.execute(select(tables.marks.c.at).where(tables.marks.c.name == name)).scalar()


def put(c: Connection, name: str, at: float) -> None:
    upsert(c, tables.marks, {"name": name, "at": at}, key=("name",))
