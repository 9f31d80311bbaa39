"""A worker's name, held in PostgreSQL by one process at a time, and its heartbeat.

The lock belongs to a session. One that is silent for `LEASE_SECONDS` is ended by the server, so
that a process which is stopped, or a machine that is gone, does not keep the name.
"""

import asyncio
import logging
import zlib
from collections.abc import Awaitable, Callable
from typing import Any

import psycopg

from bot.store.cluster.workers import BEAT_SECONDS, LIVING, NEWS, WorkerState
from bot.store.postgres import is_outage, parameters

LEASE_SECONDS = 12.0
"""The server ends a session that is silent for so long: the name is free before its worker is dead,
so that one whose network was cut takes it again in time."""
_CLASS = 0x636F7071  # any number, the same in every process
_RETRY_SECONDS = 1.0
_STATEMENT_SECONDS = 5.0
_BEAT = (
    "UPDATE workers SET seen_at = extract(epoch from clock_timestamp())"
    " WHERE name = %s AND life = %s AND state = ANY(%s) RETURNING state"
)
_log = logging.getLogger(__name__)


class Seat:
    """One for each process; raises psycopg.Error where the database does not answer."""

    def __init__(self, url: str, name: str) -> None:
        self._parameters = parameters(
            url, name=f"worker-{name}", statement_seconds=_STATEMENT_SECONDS
        )
        self._name = name
        self._key = zlib.crc32(name.encode()) - 2**31
        self._connection: psycopg.AsyncConnection[Any] | None = None

    @property
    def session(self) -> int | None:
        return self._connection.info.backend_pid if self._connection else None

    async def take(self) -> bool:
        """Take the name; False: another process has it."""
        connection = await psycopg.AsyncConnection.connect(**self._parameters, autocommit=True)
        milliseconds = int(LEASE_SECONDS * 1000)
        await connection.execute(f"SET idle_session_timeout = {milliseconds}".encode())
        found = await connection.execute("SELECT pg_try_advisory_lock(%s, %s)", (_CLASS, self._key))
        row = await found.fetchone()
        if not (row and row[0]):
            await connection.close()
            return False
        await connection.execute(f"LISTEN {NEWS}".encode())
        self._connection = connection
        return True

    async def keep(
        self,
        life: str,
        news: Callable[[], None],
        beaten: Callable[[WorkerState | None], Awaitable[None]],
    ) -> None:
        """Beat for ever; ``beaten`` hears the state after each, None where this life is over."""
        while True:
            try:
                await self._beat(life, beaten)
                await self._hear(news)
            except (psycopg.Error, TimeoutError) as error:
                if isinstance(error, psycopg.Error) and not is_outage(error):
                    raise
                _log.warning("worker %s: no heartbeat: %s", self._name, error)
                await self._again()

    async def _beat(
        self, life: str, beaten: Callable[[WorkerState | None], Awaitable[None]]
    ) -> None:
        if self._connection is None:
            raise TimeoutError("there is no connection")
        async with asyncio.timeout(_STATEMENT_SECONDS):
            found = await self._connection.execute(_BEAT, (self._name, life, list(LIVING)))
            row = await found.fetchone()
        await beaten(WorkerState(row[0]) if row else None)

    async def _hear(self, news: Callable[[], None]) -> None:
        if self._connection is not None:
            async for _ in self._connection.notifies(timeout=BEAT_SECONDS):
                news()

    async def _again(self) -> None:
        await self.close()
        await asyncio.sleep(_RETRY_SECONDS)
        try:
            if not await self.take():
                _log.warning("worker %s: another process has this name by now", self._name)
        except (psycopg.Error, OSError, TimeoutError) as error:
            _log.warning("worker %s: no connection: %s", self._name, error)

    async def close(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            await connection.close()
