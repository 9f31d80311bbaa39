"""Write deliveries and what became of them, many in one commit: raw SQL, because each 202 waits."""

import json
import sqlite3
from collections.abc import Sequence
from functools import cache
from typing import Any

from bot.errors import CoppiceError
from bot.store.journal.arrivals import Arrival, Settlement
from bot.store.sqlite import SqliteFile, connect, damage_named

_INSERT_UNSEEN = (
    "INSERT INTO deliveries(guid, event, action, repository, repository_id, number,"
    " installation_id, received_at, source) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
    " ON CONFLICT(guid) DO NOTHING"
)
_INSERT_PAYLOAD = "INSERT INTO payloads(seq, payload) VALUES (?, ?)"

# A batch is one statement, its own transaction: each further one gives up Python's lock once more
# and waits for it among the requests. Statements come in few sizes; what is too long is empty.
_ENTRY = """
CREATE TEMP VIEW entry AS
SELECT seq, guid, event, action, repository, repository_id, number, installation_id, received_at,
    source, payload
FROM deliveries JOIN payloads USING (seq);
CREATE TEMP TRIGGER enter INSTEAD OF INSERT ON entry WHEN new.seq IS NOT NULL BEGIN
    INSERT INTO deliveries(seq, guid, event, action, repository, repository_id, number,
        installation_id, received_at, source)
    VALUES (new.seq, new.guid, new.event, new.action, new.repository, new.repository_id,
        new.number, new.installation_id, new.received_at, new.source);
    INSERT INTO payloads(seq, payload) VALUES (new.seq, new.payload);
END;
"""
_EMPTY = (None,) * 11
_SETTLE = (
    "UPDATE deliveries SET decision = ?, attempts = ?, reason = ?, runs = ?, due_at = ?,"
    " digest = coalesce(digest, ?), requeued = FALSE WHERE seq = ?"
)


class NotWritten(CoppiceError):
    """Not on disk: the disk is full or broken, or the database is gone."""


Outcome = int | NotWritten
"""Of an arrival: its sequence number, 0 when it was seen before. Of a settlement: 0."""


class SqliteWriter:
    """The one process that journals into an SQLite file; used by one thread alone."""

    def __init__(self, file: SqliteFile) -> None:
        self._file = file
        self._waits = True
        with damage_named(file.path):
            self._connection = connect(file.path)
            self._connection.executescript(_ENTRY)
            self._newest = self._connection.execute(
                "SELECT coalesce(max(seq), 0) FROM deliveries"
            ).fetchone()[0]

    def write(
        self, arrivals: Sequence[Arrival], settlements: Sequence[Settlement]
    ) -> list[Outcome]:
        """Commit all; answer an outcome for each arrival, then for each settlement."""
        rows = len(arrivals) + len(settlements)
        with self._file.turn:
            self._wait_for_the_disk(wait=bool(arrivals))
            try:
                outcomes = self._together(arrivals, settlements)
            except sqlite3.Error:
                # One was seen before, or there is no room for all: each for itself then.
                rows = 0
                self._roll_back()
                outcomes = [self._arrive(arrival) for arrival in arrivals]
                outcomes += [self._settle(settlement) for settlement in settlements]
        self._file.checkpointer.touch(rows)
        return outcomes

    def close(self) -> None:
        self._connection.close()

    def _wait_for_the_disk(self, *, wait: bool) -> None:
        """Settlements alone need not: they are in the file, and behind them comes whatever is
        flushed. One that went with the power is a delivery that is handled again, as after a kill.
        """
        if wait != self._waits:
            self._connection.execute(f"PRAGMA synchronous={'FULL' if wait else 'NORMAL'}")
            self._waits = wait

    def _together(
        self, arrivals: Sequence[Arrival], settlements: Sequence[Settlement]
    ) -> list[Outcome]:
        execute = self._connection.execute
        if settlements:
            execute("BEGIN IMMEDIATE")
            self._connection.executemany(_SETTLE, map(_settlement, settlements))
        first = self._newest + 1
        if arrivals:
            execute(*_enter(first, arrivals))
        if settlements:
            execute("COMMIT")
        self._newest += len(arrivals)
        return [*range(first, first + len(arrivals)), *[0] * len(settlements)]

    def _arrive(self, arrival: Arrival) -> Outcome:
        execute = self._connection.execute
        try:
            execute("BEGIN IMMEDIATE")
            inserted = execute(_INSERT_UNSEEN, arrival[:-1])
            if inserted.rowcount == 0:
                self._roll_back()
                return 0
            seq = inserted.lastrowid or 0
            execute(_INSERT_PAYLOAD, (seq, arrival.payload))
            execute("COMMIT")
        except sqlite3.Error as error:
            return self._failed(error)
        self._newest = seq
        return seq

    def _settle(self, settlement: Settlement) -> Outcome:
        try:
            self._connection.execute(_SETTLE, _settlement(settlement))
        except sqlite3.Error as error:
            return self._failed(error)
        return 0

    def _failed(self, error: sqlite3.Error) -> NotWritten:
        self._roll_back()
        return NotWritten(str(error))

    def _roll_back(self) -> None:
        if self._connection.in_transaction:
            self._connection.execute("ROLLBACK")


def _settlement(settlement: Settlement) -> tuple[str | int | float | bytes | None, ...]:
    seq, decision, attempts, reason, runs, due_at, digest = settlement
    return str(decision), attempts, plain(reason), json.dumps(runs), due_at, digest, seq


def plain(reason: str | None) -> str | None:
    """Leave out of a reason what no database takes: it may quote what strangers sent."""
    return reason and reason.replace("\0", "").encode(errors="replace").decode()


def _enter(first: int, arrivals: Sequence[Arrival]) -> tuple[str, list[Any]]:
    size = 1 << (len(arrivals) - 1).bit_length()
    values: list[Any] = []
    for seq, arrival in enumerate(arrivals, first):
        values.append(seq)
        values += arrival
    values += _EMPTY * (size - len(arrivals))
    return _statement(size), values


@cache
def _statement(rows: int) -> str:
    row = f"({', '.join('?' * len(_EMPTY))})"
    return f"INSERT INTO entry VALUES {', '.join([row] * rows)}"  # noqa: S608 (question marks)
