"""Look at the engine's own records from outside, and remove those of ended runs.

Through DBOS's public client: its tables are never read or written by ourselves.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from dbos import DBOSClient, DBOSPortableJSONSerializer
from sqlalchemy import inspect

from bot.engine.durable import postgresql, sqlite
from bot.runs import Record

_ALIVE = ("PENDING", "ENQUEUED", "DELAYED")
_PAGE = 500
_SCHEMA = {"sqlite": None, "postgresql": "dbos"}


class Flow(Record):
    """One workflow of the engine."""

    id: str
    name: str
    status: str
    """As DBOS calls it: PENDING, ENQUEUED, SUCCESS, ERROR, CANCELLED, …"""
    executor: str | None

    @property
    def run_id(self) -> str:
        return self.id.partition("/")[0]

    @property
    def alive(self) -> bool:
        return self.status in _ALIVE


class Records:
    """The engine's records of one installation."""

    def __init__(self, client: DBOSClient) -> None:
        self._client = client

    def flows(self, run_id: str = "", *, alive: bool = False) -> list[Flow]:
        """List workflows, of one run or of all, by the order in which they were begun."""
        return self._pages(
            workflow_id_prefix=run_id or None, status=list(_ALIVE) if alive else None
        )

    def _pages(self, **which: Any) -> list[Flow]:
        found: list[Flow] = []
        while True:
            page = self._client.list_workflows(
                **which, limit=_PAGE, offset=len(found), load_input=False, load_output=False
            )
            found += [
                Flow(id=w.workflow_id, name=w.name, status=w.status, executor=w.executor_id)
                for w in page
            ]
            if len(page) < _PAGE:
                return found

    def ended_before(self, at: datetime) -> list[Flow]:
        """List workflows that ended before a moment."""
        return self._pages(completed_before=at.isoformat())

    def forget(self, flows: Sequence[Flow]) -> None:
        """Remove records of workflows that have ended."""
        ended = [flow.id for flow in flows if not flow.alive]
        for at in range(0, len(ended), _PAGE):
            self._client.delete_workflows(ended[at : at + _PAGE])


@contextmanager
def records(where: Path | str) -> Iterator[Records | None]:
    """Open the records in the engine's SQLite file, or in the PostgreSQL database of a URL.

    None: no engine has run there yet.
    """
    if isinstance(where, Path) and not where.exists():
        yield None
        return
    engine = sqlite.create(where) if isinstance(where, Path) else postgresql.create(where)
    try:
        if not inspect(engine).has_table("workflow_status", _SCHEMA[engine.dialect.name]):
            yield None
            return
        client = DBOSClient(system_database_engine=engine, serializer=DBOSPortableJSONSerializer())
        try:
            yield Records(client)
        finally:
            client.destroy()
    finally:
        engine.dispose()
