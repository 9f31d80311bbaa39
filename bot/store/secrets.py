"""Keys that Coppice makes for itself at its first start and never changes."""

from collections.abc import Callable

from sqlalchemy import Connection, select

from bot.store import tables
from bot.store.upsert import insert_or_ignore


def get(c: Connection, name: str) -> bytes | None:
    """Read a secret; None: it was not made yet."""
    found = c.execute(select(tables.secrets.c.value).where(tables.secrets.c.name == name)).scalar()
    return None if found is None else bytes(found)


def get_or_create(c: Connection, name: str, make: Callable[[], bytes]) -> bytes:
    """Read a secret, made and kept the first time."""
    query = select(tables.secrets.c.value).where(tables.secrets.c.name == name)
    found = c.execute(query).scalar()
    if found is None:
        insert_or_ignore(c, tables.secrets, {"name": name, "value": make()})
        found = c.execute(query).scalar_one()
    return bytes(found)
