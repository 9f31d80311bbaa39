"""Write deliveries and what became of them into PostgreSQL, many in one commit.

A batch is one prepared statement, its own transaction and one round trip. It goes through libpq as
psycopg wraps it: adapting values one by one would cost more than everything else here.
"""

import math
import struct
import time
from collections.abc import Callable, Sequence
from typing import Any

import msgspec
import psycopg
from psycopg.pq import ExecStatus

from bot.store.journal.arrivals import Arrival, Settlement
from bot.store.journal.sqlite import NotWritten, Outcome, plain
from bot.store.postgres import parameters
from bot.store.watchdog import Watchdog

NAME = "journal"
STATEMENT_SECONDS = 8.0
"""GitHub hangs up after 10 s: an answer that comes later than that is none."""
_LONGEST_WRITE = 9.0
_RESPITE = 1.0  # seconds without another try to connect: those who queued meanwhile hear at once

_ENTER = b"""
WITH given AS (
    SELECT * FROM json_to_recordset($1::json) AS written(place int, guid text, event text,
        action text, repository text, repository_id bigint, number bigint, installation_id bigint,
        received_at float8, source text)
    JOIN unnest($2::bytea[]) WITH ORDINALITY AS bodies(payload, place) USING (place)
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
SELECT guid, seq, CASE WHEN $3::bool THEN pg_notify('coppice_deliveries', '') END FROM entered
"""
_SETTLE = b"""
UPDATE deliveries SET decision = given.decision, attempts = given.attempts, reason = given.reason,
    runs = given.runs, due_at = given.due_at, requeued = FALSE,
    digest = coalesce(deliveries.digest, decode(given.digest, 'base64'))
FROM json_to_recordset($1::json) AS given(seq bigint, decision text, attempts int, reason text,
    runs json, due_at float8, digest text)
WHERE deliveries.seq = given.seq
"""
_TELL = b"SELECT pg_notify('coppice_deliveries', '')"
_NEWS_SECONDS = 0.02
"""Of all processes only one at once may commit with news (PostgreSQL orders them): so not each."""
_WRITTEN = (ExecStatus.TUPLES_OK, ExecStatus.COMMAND_OK)
_TEXT, _BINARY = 0, 1
_ARRAY_HEAD = struct.Struct("!iiIii")  # dimensions, any NULL, type of the elements, length, first
_LENGTH = struct.Struct("!i")
_BYTEA = 17


class PostgresWriter:
    """One process of those that journal into a database; reconnects after an outage."""

    def __init__(self, url: str, *, longest: float = _LONGEST_WRITE) -> None:
        self._parameters = parameters(url, name=NAME, statement_seconds=STATEMENT_SECONDS)
        self._connection: psycopg.Connection[Any] | None = None
        self._watchdog = Watchdog(longest)
        self._failed: tuple[float, NotWritten] | None = None
        self._told = -math.inf
        self._untold = False

    @property
    def owing(self) -> float | None:
        return max(0.0, self._told + _NEWS_SECONDS - time.monotonic()) if self._untold else None

    def tell(self) -> None:
        self._told, self._untold = time.monotonic(), False
        self._try(_tell, 1)  # lost: whoever acts on deliveries looks each second too

    def write(
        self, arrivals: Sequence[Arrival], settlements: Sequence[Settlement]
    ) -> list[Outcome]:
        """Commit all arrivals or none, then all settlements or none: servers fail, not rows."""
        entered = self._entered(arrivals)
        settled: list[Outcome] = self._try(lambda c: _settle(c, settlements), len(settlements))
        return entered + settled

    def close(self) -> None:
        if self._untold:
            self.tell()
        self._hang_up()
        self._watchdog.close()

    def _entered(self, arrivals: Sequence[Arrival]) -> list[Outcome]:
        now = time.monotonic()
        loud = now >= self._told + _NEWS_SECONDS
        outcomes = self._try(lambda c: _enter(c, arrivals, loud=loud), len(arrivals))
        if any(isinstance(outcome, int) and outcome for outcome in outcomes):
            self._untold = not loud
            self._told = now if loud else self._told
        return outcomes

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
            reason = NotWritten(_said(error))
        except NotWritten as error:
            reason = error
        self._hang_up()
        return [reason] * rows

    def _connected(self) -> psycopg.Connection[Any]:
        if self._connection is None or self._connection.closed:
            if self._failed and time.monotonic() - self._failed[0] < _RESPITE:
                raise self._failed[1]
            try:
                self._connection = psycopg.connect(**self._parameters, autocommit=True)
            except psycopg.Error as error:
                reason = NotWritten(_said(error))
                self._failed = (time.monotonic(), reason)
                raise reason from error
            _prepare(self._connection)
        return self._connection

    def _hang_up(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def _said(error: psycopg.Error) -> str:
    return " ".join(str(error).split()) or type(error).__name__


def _prepare(connection: psycopg.Connection[Any]) -> None:
    for name, statement in ((b"enter", _ENTER), (b"settle", _SETTLE)):
        _require(connection.pgconn.prepare(name, statement))


def _tell(connection: psycopg.Connection[Any]) -> list[Outcome]:
    _require(connection.pgconn.exec_(_TELL))
    return []


def _enter(
    connection: psycopg.Connection[Any], arrivals: Sequence[Arrival], *, loud: bool
) -> list[Outcome]:
    """Answer the sequence number of each; 0 for one that was seen before."""
    unseen = {arrival.guid: arrival for arrival in reversed(arrivals)}
    fresh = list(reversed(unseen.values()))
    rows = [
        {"place": place, **dict(zip(Arrival._fields[:-1], arrival[:-1], strict=True))}
        for place, arrival in enumerate(fresh, 1)
    ]
    bodies = _array([arrival.payload for arrival in fresh])
    values = (msgspec.json.encode(rows), bodies, b"t" if loud else b"f")
    result = _require(connection.pgconn.exec_prepared(b"enter", values, (_TEXT, _BINARY, _TEXT)))
    found = {
        (result.get_value(n, 0) or b"").decode(): int(result.get_value(n, 1) or 0)
        for n in range(result.ntuples)
    }
    return [found.pop(arrival.guid, 0) for arrival in arrivals]


def _settle(
    connection: psycopg.Connection[Any], settlements: Sequence[Settlement]
) -> list[Outcome]:
    newest = {s.seq: {**s._asdict(), "reason": plain(s.reason)} for s in settlements}
    values = [msgspec.json.encode(list(newest.values()))]  # bytes become base64
    _require(connection.pgconn.exec_prepared(b"settle", values))
    return [0] * len(settlements)


def _require(result: Any) -> Any:
    if result.status not in _WRITTEN:
        raise NotWritten(" ".join(result.error_message.decode(errors="replace").split()))
    return result


def _array(payloads: Sequence[bytes]) -> bytes:
    """Write an array of bytes as PostgreSQL sends it itself: text would double them."""
    parts = [_ARRAY_HEAD.pack(1, 0, _BYTEA, len(payloads), 1)]
    for payload in payloads:
        parts += (_LENGTH.pack(len(payload)), payload)
    return b"".join(parts)
