"""A connection to PostgreSQL that answers on the event loop: libpq's own, as psycopg wraps it.

Cheaper than a thread that waits for the answer, which has to be woken and takes Python's lock from
the loop twice for each commit; and one that the server closes is noticed before it is used.
"""

import asyncio
import time
from collections.abc import Callable
from typing import Any, Self

import psycopg
from psycopg.pq.abc import PGconn, PGresult

_LOOK_SECONDS = 1.0


class Line:
    """Belongs to the event loop that opened it, and does one thing at a time."""

    def __init__(self, connection: psycopg.AsyncConnection[Any], seconds: float) -> None:
        self.closed = False
        self._connection = connection
        self._libpq = connection.pgconn
        self._socket = self._libpq.socket
        self._loop = asyncio.get_running_loop()
        self._seconds = seconds
        self._asked = 0.0
        self._watch: asyncio.TimerHandle | None = None
        self._result: PGresult | None = None
        self._answer: asyncio.Future[PGresult | None] | None = None
        self._loop.add_reader(self._socket, self._readable)

    @classmethod
    async def open(cls, parameters: dict[str, Any], seconds: float) -> Self:
        """Connect by libpq's parameters, each statement its own commit; a command may take so many
        seconds. Raises psycopg.Error.
        """
        connection = await psycopg.AsyncConnection.connect(**parameters, autocommit=True)
        return cls(connection, seconds)

    async def ask(self, send: Callable[[PGconn], None]) -> PGresult | None:
        """Send one command, and answer with its last result, whatever its status.

        Raises psycopg.Error where the connection is lost, TimeoutError where the server is silent;
        the line has to be closed then.
        """
        self._result, self._answer = None, self._loop.create_future()
        self._asked = time.monotonic()
        if self._watch is None:  # a look each second costs less than a timer for each command
            self._watch = self._loop.call_later(_LOOK_SECONDS, self._look)
        try:
            send(self._libpq)
            self._flush()
            return await self._answer
        finally:
            self._answer = None

    async def close(self) -> None:
        self._leave()
        await self._connection.close()

    def _look(self) -> None:
        """Give a server up that has fallen silent: libpq would wait for ever."""
        self._watch = None
        if self._answer is None:
            return
        if time.monotonic() - self._asked >= self._seconds:
            self._fail(TimeoutError(f"PostgreSQL gave no answer within {self._seconds:g} s"))
        else:
            self._watch = self._loop.call_later(_LOOK_SECONDS, self._look)

    def _flush(self) -> None:
        """Send what fits; the rest goes when there is room again."""
        if self._libpq.flush():
            self._loop.add_writer(self._socket, self._guarded, self._writable)

    def _writable(self) -> None:
        if not self._libpq.flush():
            self._loop.remove_writer(self._socket)

    def _readable(self) -> None:
        self._guarded(self._read)

    def _read(self) -> None:
        self._libpq.consume_input()
        while not self._libpq.is_busy():
            result = self._libpq.get_result()
            if result is None:
                self._end(self._result)
                return
            self._result = result

    def _guarded(self, act: Callable[[], None]) -> None:
        try:
            act()
        except psycopg.Error as error:
            self._fail(error)

    def _fail(self, error: Exception) -> None:
        self._leave()
        if self._answer and not self._answer.done():
            self._answer.set_exception(error)

    def _end(self, result: PGresult | None) -> None:
        if self._answer and not self._answer.done():
            self._answer.set_result(result)

    def _leave(self) -> None:
        if not self.closed:
            self.closed = True
            self._loop.remove_reader(self._socket)
            self._loop.remove_writer(self._socket)
            if self._watch:
                self._watch.cancel()
