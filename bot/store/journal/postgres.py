"""Write deliveries and what became of them into PostgreSQL, many in one commit.

A batch is one prepared statement, its own transaction and one round trip. It goes through libpq as
psycopg wraps it: adapting values one by one would cost more than everything else here.
"""

import math
import struct
import time
from collections.abc import Awaitable, Callable, Sequence

import msgspec
import psycopg
from psycopg.pq import ExecStatus
from psycopg.pq.abc import PGconn, PGresult

from bot.store.journal.arrivals import Arrival, Settlement
from bot.store.journal.line import Line
from bot.store.journal.sqlite import NotWritten, Outcome, plain
from bot.store.postgres import parameters

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
_PREPARED: tuple[Callable[[PGconn], None], ...] = (
    lambda c: c.send_prepare(b"enter", _ENTER),
    lambda c: c.send_prepare(b"settle", _SETTLE),
)
_NEWS_SECONDS = 0.02
"""Of all processes only one at once may commit with news (PostgreSQL orders them): so not each."""
_WRITTEN = (ExecStatus.TUPLES_OK, ExecStatus.COMMAND_OK)
_TEXT, _BINARY = 0, 1
_ARRAY_HEAD = struct.Struct("!iiIii")  # dimensions, any NULL, type of the elements, length, first
_LENGTH = struct.Struct("!i")
_BYTEA = 17


class PostgresWriter:
    """One process of those that journal into a database; reconnects after an outage.

    Belongs to one event loop, and writes one batch at a time.
    """

    def __init__(self, url: str, *, longest: float = _LONGEST_WRITE) -> None:
        self._parameters = parameters(url, name=NAME, statement_seconds=STATEMENT_SECONDS)
        self._line: Line | None = None
        self._longest = longest
        self._failed: tuple[float, NotWritten] | None = None
        self._told = -math.inf
        self._untold = False

    @property
    def owing(self) -> float | None:
        """Seconds until other processes must be told that something came in; None: they know."""
        return max(0.0, self._told + _NEWS_SECONDS - time.monotonic()) if self._untold else None

    async def tell(self) -> None:
        """Tell them."""
        self._told, self._untold = time.monotonic(), False
        await self._try(self._tell, 1)  # lost: whoever acts on deliveries looks each second too

    async def write(
        self, arrivals: Sequence[Arrival], settlements: Sequence[Settlement]
    ) -> list[Outcome]:
        """Commit all arrivals or none, then all settlements or none: servers fail, not rows.

        Answers an outcome for each arrival, then for each settlement.
        """
        entered = await self._entered(arrivals)
        settled = await self._try(lambda: self._settle(settlements), len(settlements))
        return entered + settled

    async def close(self) -> None:
        if self._untold:
            await self.tell()
        await self._hang_up()

    async def _entered(self, arrivals: Sequence[Arrival]) -> list[Outcome]:
        now = time.monotonic()
        loud = now >= self._told + _NEWS_SECONDS
        outcomes = await self._try(lambda: self._enter(arrivals, loud=loud), len(arrivals))
        if any(isinstance(outcome, int) and outcome for outcome in outcomes):
            self._untold = not loud
            self._told = now if loud else self._told
        return outcomes

    async def _try(
        self, statement: Callable[[], Awaitable[list[Outcome]]], rows: int
    ) -> list[Outcome]:
        if not rows:
            return []
        try:
            return await statement()
        except psycopg.Error as error:
            reason = NotWritten(_said(error))
        except TimeoutError as error:
            reason = NotWritten(str(error))
        except NotWritten as error:
            reason = error
        await self._hang_up()
        return [reason] * rows

    async def _enter(self, arrivals: Sequence[Arrival], *, loud: bool) -> list[Outcome]:
        """Answer the sequence number of each; 0 for one that was seen before."""
        unseen = {arrival.guid: arrival for arrival in reversed(arrivals)}
        fresh = list(reversed(unseen.values()))
        rows = [
            {"place": place, **dict(zip(Arrival._fields[:-1], arrival[:-1], strict=True))}
            for place, arrival in enumerate(fresh, 1)
        ]
        bodies = _array([arrival.payload for arrival in fresh])
        values = (msgspec.json.encode(rows), bodies, b"t" if loud else b"f")
        formats = (_TEXT, _BINARY, _TEXT)
        result = await self._ask(lambda c: c.send_query_prepared(b"enter", values, formats))
        found = {
            (result.get_value(n, 0) or b"").decode(): int(result.get_value(n, 1) or 0)
            for n in range(result.ntuples)
        }
        return [found.pop(arrival.guid, 0) for arrival in arrivals]

    async def _settle(self, settlements: Sequence[Settlement]) -> list[Outcome]:
        newest = {s.seq: {**s._asdict(), "reason": plain(s.reason)} for s in settlements}
        values = [msgspec.json.encode(list(newest.values()))]  # bytes become base64
        await self._ask(lambda c: c.send_query_prepared(b"settle", values))
        return [0] * len(settlements)

    async def _tell(self) -> list[Outcome]:
        await self._ask(lambda c: c.send_query(_TELL))
        return []

    async def _ask(self, send: Callable[[PGconn], None]) -> PGresult:
        if self._line is None or self._line.closed:
            await self._hang_up()
            self._line = await self._connected()
            for statement in _PREPARED:
                _require(await self._line.ask(statement))
        return _require(await self._line.ask(send))

    async def _connected(self) -> Line:
        if self._failed and time.monotonic() - self._failed[0] < _RESPITE:
            raise self._failed[1]
        try:
            return await Line.open(self._parameters, self._longest)
        except psycopg.Error as error:
            reason = NotWritten(_said(error))
            self._failed = (time.monotonic(), reason)
            raise reason from error

    async def _hang_up(self) -> None:
        if self._line is not None:
            await self._line.close()
            self._line = None


def _said(error: psycopg.Error) -> str:
    return " ".join(str(error).split()) or type(error).__name__


def _require(result: PGresult | None) -> PGresult:
    if result is None:
        raise NotWritten("PostgreSQL gave no answer")
    if result.status not in _WRITTEN:
        raise NotWritten(" ".join(result.error_message.decode(errors="replace").split()))
    return result


def _array(payloads: Sequence[bytes]) -> bytes:
    """Write an array of bytes as PostgreSQL sends it itself: text would double them."""
    parts = [_ARRAY_HEAD.pack(1, 0, _BYTEA, len(payloads), 1)]
    for payload in payloads:
        parts += (_LENGTH.pack(len(payload)), payload)
    return b"".join(parts)
