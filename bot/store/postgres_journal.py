"""Write deliveries and what became of them into PostgreSQL, many in one commit.

A batch of arrivals is one statement, its own transaction and one round trip: arrays travel as one
parameter each (`unnest`), which costs the server a tenth of as many single inserts.
"""

import contextlib
import json
import time
from collections.abc import Callable, Sequence
from typing import Any, LiteralString, TypeVar

import psycopg

from bot.store.arrivals import Arrival, Settlement
from bot.store.journal import NotWritten, Outcome
from bot.store.postgres import parameters
from bot.store.watchdog import Watchdog

T = TypeVar("T")

NAME = "journal"
STATEMENT_SECONDS = 8.0
"""GitHub hangs up after 10 s: an answer that comes later than that is none."""
_LONGEST_WRITE = 9.0
_RESPITE = 1.0  # seconds without another try to connect: those who queued meanwhile hear at once

# Payloads travel as bytes: text would double them. Whoever dispatches is told in the commit.
_ENTER: LiteralString = """
WITH given AS (
    SELECT * FROM unnest(%s::text[], %s::text[], %s::text[], %s::text[], %s::bigint[],
        %s::bigint[], %s::bigint[], %s::float8[], %s::text[], %b::bytea[])
    WITH ORDINALITY AS given(guid, event, action, repository, repository_id, number,
        installation_id, received_at, source, payload, place)
), entered AS (
    INSERT INTO deliveries(guid, event, action, repository, repository_id, number,
        installation_id, received_at, source)
    SELECT guid, event, action, repository, repository_id, number, installation_id, received_at,
        source
    FROM given ORDER BY place
    ON CONFLICT (guid) DO NOTHING
    RETURNING seq, guid
), kept AS (
    INSERT INTO payloads(seq, payload)
    SELECT seq, payload FROM entered JOIN given USING (guid)
)
SELECT guid, seq, pg_notify('coppice_deliveries', '') FROM entered
"""
_SETTLE: LiteralString = """
UPDATE deliveries SET decision = given.decision, attempts = given.attempts, reason = given.reason,
    runs = given.runs::json, due_at = given.due_at, requeued = FALSE,
    digest = coalesce(deliveries.digest, given.digest)
FROM unnest(%s::bigint[], %s::text[], %s::int[], %s::text[], %s::text[], %s::float8[], %s::bytea[])
    AS given(seq, decision, attempts, reason, runs, due_at, digest)
WHERE deliveries.seq = given.seq
"""
_CHEAP_COMPRESSION: LiteralString = "SET default_toast_compression = lz4"


class PostgresWriter:
    """One process of those that journal into a database; reconnects after an outage."""

    def __init__(self, url: str, *, longest: float = _LONGEST_WRITE) -> None:
        self._parameters = parameters(url, name=NAME, statement_seconds=STATEMENT_SECONDS)
        self._connection: psycopg.Connection[Any] | None = None
        self._watchdog = Watchdog(longest)
        self._failed: tuple[float, NotWritten] | None = None

    def write(
        self, arrivals: Sequence[Arrival], settlements: Sequence[Settlement]
    ) -> list[Outcome]:
        """Commit all arrivals or none, then all settlements or none: servers fail, not rows."""
        entered: list[Outcome] = self._try(lambda c: _enter(c, arrivals), len(arrivals))
        settled: list[Outcome] = self._try(lambda c: _settle(c, settlements), len(settlements))
        return entered + settled

    def close(self) -> None:
        self._hang_up()
        self._watchdog.close()

    def _try(
        self, statement: Callable[[psycopg.Connection[Any]], list[Outcome]], rows: int
    ) -> list[Outcome]:
        if not rows:
            return []
        try:
            connection = self._connected()
            with self._watchdog.over(connection):
                return statement(connection)
        except psycopg.Error as error:
            self._hang_up()
            reason = NotWritten(" ".join(str(error).split()) or type(error).__name__)
        except NotWritten as error:
            reason = error
        return [reason] * rows

    def _connected(self) -> psycopg.Connection[Any]:
        if self._connection is None or self._connection.closed:
            if self._failed and time.monotonic() - self._failed[0] < _RESPITE:
                raise self._failed[1]
            try:
                self._connection = psycopg.connect(**self._parameters, autocommit=True)
            except psycopg.Error as error:
                reason = NotWritten(" ".join(str(error).split()))
                self._failed = (time.monotonic(), reason)
                raise reason from error
            with contextlib.suppress(psycopg.Error):  # a server that was built without it
                self._connection.execute(_CHEAP_COMPRESSION)
        return self._connection

    def _hang_up(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def _enter(connection: psycopg.Connection[Any], arrivals: Sequence[Arrival]) -> list[Outcome]:
    """Answer the sequence number of each; 0 for one that was seen before."""
    unseen = {arrival.guid: arrival for arrival in reversed(arrivals)}
    columns = [list(column) for column in zip(*reversed(unseen.values()), strict=True)]
    rows = connection.execute(_ENTER, columns).fetchall()
    found = {guid: seq for guid, seq, _ in rows}
    return [found.pop(arrival.guid, 0) for arrival in arrivals]


def _settle(
    connection: psycopg.Connection[Any], settlements: Sequence[Settlement]
) -> list[Outcome]:
    newest = {settlement.seq: settlement for settlement in settlements}
    rows = [
        (seq, str(decision), attempts, reason, json.dumps(runs), due_at, digest)
        for seq, decision, attempts, reason, runs, due_at, digest in newest.values()
    ]
    connection.execute(_SETTLE, [list(column) for column in zip(*rows, strict=True)])
    return [0] * len(settlements)
