"""Files of a run that it takes along to another machine: its rules, its brief, its kept work."""

from sqlalchemy import Connection, delete, select

from bot.store import tables
from bot.store.upsert import upsert

_FILE = tables.run_files.c


def put(c: Connection, run_id: str, name: str, digest: str, data: bytes) -> None:
    values = {"run_id": run_id, "name": name, "digest": digest, "data": data}
    upsert(c, tables.run_files, values, key=("run_id", "name"))


def digests(c: Connection, run_id: str) -> dict[str, str]:
    """Say what is kept of a run: SHA-256 by name."""
    query = select(_FILE.name, _FILE.digest).where(_FILE.run_id == run_id)
    return {row.name: row.digest for row in c.execute(query)}


def get(c: Connection, run_id: str, name: str) -> bytes | None:
    query = select(_FILE.data).where(_FILE.run_id == run_id, _FILE.name == name)
    return c.execute(query).scalar()


def forget(c: Connection, run_id: str) -> None:
    c.execute(delete(tables.run_files).where(_FILE.run_id == run_id))
