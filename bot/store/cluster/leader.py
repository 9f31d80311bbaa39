"""One process of a cluster does what only one may do: who holds a lock in PostgreSQL leads.

The lock belongs to a session, so it falls with its process. One that is stopped keeps its socket,
so the server ends sessions that have been silent for `LEASE_SECONDS`; the leader itself, which
asks far more often, gives up before that. What it guards asks `Term.holds` before each act: after
a sleep the answer is no before anything else is done.
"""

import asyncio
import logging
import zlib
from collections.abc import Awaitable, Callable
from typing import Any

import psycopg

from bot.store.cluster.term import SURE_SECONDS, Term
from bot.store.postgres import DELIVERIES, parameters

LEASE_SECONDS = 15.0
_ASK_SECONDS = 3.0
_RETRY_SECONDS = 2.0
CLASS = 0x636F7070  # any number, the same in every process
_log = logging.getLogger(__name__)


class Leader:
    """A candidate for one task, named alike in every process of a database."""

    def __init__(self, url: str, task: str) -> None:
        self._parameters = parameters(url, name=task, statement_seconds=_ASK_SECONDS)
        self._task = task
        self.leading = False

    async def lead(self, work: Callable[[Term], Awaitable[None]]) -> None:
        """Do ``work`` whenever elected, for ever; it is cancelled when the lock is lost.

        Whatever ``work`` raises ends this, and ``work`` is not to return.
        """
        while True:
            try:
                async with await self._connect() as connection:
                    await self._be_elected(connection)
                    await self._rule(connection, work)
            except (psycopg.Error, TimeoutError) as error:
                _log.warning("%s: no leader here: %s", self._task, " ".join(str(error).split()))
            await asyncio.sleep(_RETRY_SECONDS)

    async def _connect(self) -> psycopg.AsyncConnection[Any]:
        connection = await psycopg.AsyncConnection.connect(**self._parameters, autocommit=True)
        milliseconds = int(LEASE_SECONDS * 1000)
        await connection.execute(f"SET idle_session_timeout = {milliseconds}".encode())
        return connection

    async def _be_elected(self, connection: psycopg.AsyncConnection[Any]) -> None:
        key = lock_of(self._task)
        while True:
            async with asyncio.timeout(SURE_SECONDS):
                found = await connection.execute(
                    "SELECT pg_try_advisory_lock(%s, %s)", (CLASS, key)
                )
                row = await found.fetchone()
            if row and row[0]:
                return
            await asyncio.sleep(_RETRY_SECONDS)

    async def _rule(
        self, connection: psycopg.AsyncConnection[Any], work: Callable[[Term], Awaitable[None]]
    ) -> None:
        term = Term()
        working = asyncio.ensure_future(work(term))
        keeping = asyncio.create_task(_keep(connection, term))
        self.leading = True
        _log.info("%s: this process leads", self._task)
        try:
            await asyncio.wait((working, keeping), return_when=asyncio.FIRST_COMPLETED)
        finally:
            self.leading = False
            term.end()
            for task in (working, keeping):
                task.cancel()
            await asyncio.wait((working, keeping))
        if not working.cancelled():
            working.result()
        if not keeping.cancelled():
            keeping.result()


def lock_of(task: str) -> int:
    """Number a task's lock, within `CLASS`."""
    return zlib.crc32(task.encode()) - 2**31


async def _keep(connection: psycopg.AsyncConnection[Any], term: Term) -> None:
    """Hear of deliveries, and ask now and then whether the session still stands."""
    await connection.execute(f"LISTEN {DELIVERIES}".encode())
    term.news.set()
    while True:
        async for _ in connection.notifies(timeout=_ASK_SECONDS):
            term.news.set()
        async with asyncio.timeout(_ASK_SECONDS):
            await connection.execute("SELECT 1")
        if not term.holds:
            raise TimeoutError("it took too long to hear from the database")
        term.confirm()
