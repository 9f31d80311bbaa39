"""Write deliveries and what became of them into PostgreSQL, many in one commit.

One round trip for a batch of arrivals: arrays travel as one parameter each (`unnest`), which costs
the server a tenth of as many single inserts.
"""

import json
from collections.abc import Sequence
from typing import Any, LiteralString

import psycopg
from sqlalchemy.engine import URL

from bot.store.arrivals import Arrival, Settlement
from bot.store.journal import NotWritten, Outcome

APPLICATION = "coppice-journal"
CONNECT_SECONDS = 5
STATEMENT_MILLISECONDS = 8000
"""GitHub hangs up after 10 s: an answer that comes later than that is none."""

_ENTER: LiteralString = """
WITH given AS (
    SELECT * FROM unnest(%s::text[], %s::text[], %s::text[], %s::text[], %s::bigint[],
        %s::bigint[], %s::bigint[], %s::float8[], %s::text[], %s::bytea[])
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
SELECT guid, seq FROM entered
"""
_SETTLE: LiteralString = """
UPDATE deliveries SET decision = %s, attempts = %s, reason = %s, runs = %s, due_at = %s,
    requeued = FALSE
WHERE seq = %s
"""


class PostgresWriter:
    """One process of those that journal into a database; reconnects after an outage."""

    def __init__(self, url: URL) -> None:
        self._address = url.set(drivername="postgresql").render_as_string(hide_password=False)
        self._connection: psycopg.Connection[Any] | None = None

    def write(
        self, arrivals: Sequence[Arrival], settlements: Sequence[Settlement]
    ) -> list[Outcome]:
        """Commit all or nothing: what fails is a matter of the server, not of one delivery."""
        try:
            with self._connected().transaction():
                seqs = self._enter(arrivals)
                self._settle(settlements)
        except psycopg.Error as error:
            self.close()
            reason = NotWritten(str(error).strip() or type(error).__name__)
            return [reason] * (len(arrivals) + len(settlements))
        return [*seqs, *[0] * len(settlements)]

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _connected(self) -> psycopg.Connection[Any]:
        if self._connection is None or self._connection.closed:
            self._connection = psycopg.connect(
                self._address,
                autocommit=True,
                connect_timeout=CONNECT_SECONDS,
                application_name=APPLICATION,
                options=f"-c statement_timeout={STATEMENT_MILLISECONDS}",
            )
        return self._connection

    def _enter(self, arrivals: Sequence[Arrival]) -> list[int]:
        """Answer the sequence number of each; 0 for one that was seen before."""
        unseen = {arrival.guid: arrival for arrival in reversed(arrivals)}
        if not unseen:
            return []
        columns = [list(column) for column in zip(*reversed(unseen.values()), strict=True)]
        found = dict(self._connected().execute(_ENTER, columns).fetchall())
        return [found.pop(arrival.guid, 0) for arrival in arrivals]

    def _settle(self, settlements: Sequence[Settlement]) -> None:
        if not settlements:
            return
        rows = [
            (decision.value, attempts, reason, json.dumps(runs), due_at, seq)
            for seq, decision, attempts, reason, runs, due_at in settlements
        ]
        with self._connected().cursor() as cursor:
            cursor.executemany(_SETTLE, rows)
