"""How far something was read that goes on for ever."""

from sqlalchemy import Connection, select

from bot.store import tables
from bot.store.upsert import upsert


def get(c: Connection, name: str) -> float | None:
    """Read a mark, Unix time; None: there is none yet."""
    return c.execute(select(tables.marks.c.at).where(tables.marks.c.name == name)).scalar()


def named(c: Connection, prefix: str) -> dict[str, float]:
    """Read all marks whose names begin in one way, by what comes after that."""
    row = tables.marks.c
    found = c.execute(select(row.name, row.at).where(row.name.startswith(prefix, autoescape=True)))
    return {name.removeprefix(prefix): at for name, at in found}


def put(c: Connection, name: str, at: float) -> None:
    upsert(c, tables.marks, {"name": name, "at": at}, key=("name",))
