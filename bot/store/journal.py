"""Write deliveries and what became of them, many in one commit: raw SQL, because each 202 waits."""

import json
import sqlite3
from collections.abc import Sequence
from typing import Protocol

from bot.errors import CoppiceError
from bot.store.arrivals import Arrival, Settlement
from bot.store.sqlite import SqliteFile, connect

_INSERT = (
    "INSERT INTO deliveries(seq, guid, event, action, repository, repository_id, number,"
    " installation_id, received_at, source) VALUES "
)
_ROW = "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
_INSERT_UNSEEN = _INSERT + _ROW + " ON CONFLICT(guid) DO NOTHING"
_INSERT_PAYLOAD = "INSERT INTO payloads(seq, payload) VALUES "
_PAYLOAD_ROW = "(?, ?)"
_SETTLE = (
    "UPDATE deliveries SET decision = ?, attempts = ?, reason = ?, runs = ?, due_at = ?,"
    " requeued = FALSE WHERE seq = ?"
)


class NotWritten(CoppiceError):
    """Not on disk: the disk is full or broken, or the database is gone."""


Outcome = int | NotWritten
"""Of an arrival: its sequence number, 0 when it was seen before. Of a settlement: 0."""


class Writer(Protocol):
    """Used by one thread alone."""

    def write(
        self, arrivals: Sequence[Arrival], settlements: Sequence[Settlement]
    ) -> list[Outcome]:
        """Commit all; answer an outcome for each arrival, then for each settlement."""

    def close(self) -> None: ...


class SqliteWriter:
    """The one process that journals into an SQLite file."""

    def __init__(self, file: SqliteFile) -> None:
        self._file = file
        self._connection = connect(file.path)
        self._newest = self._connection.execute(
            "SELECT coalesce(max(seq), 0) FROM deliveries"
        ).fetchone()[0]

    def write(
        self, arrivals: Sequence[Arrival], settlements: Sequence[Settlement]
    ) -> list[Outcome]:
        with self._file.turn:
            try:
                outcomes = self._together(arrivals, settlements)
            except sqlite3.Error:
                # One was seen before, or there is no room for all: each for itself then.
                self._roll_back()
                outcomes = [self._arrive(arrival) for arrival in arrivals]
                outcomes += [self._settle(settlement) for settlement in settlements]
        self._file.checkpointer.touch()
        return outcomes

    def close(self) -> None:
        self._connection.close()

    def _together(
        self, arrivals: Sequence[Arrival], settlements: Sequence[Settlement]
    ) -> list[Outcome]:
        execute = self._connection.execute
        first = self._newest + 1
        execute("BEGIN IMMEDIATE")
        done = 0
        for size in _sizes(len(arrivals)):
            part = arrivals[done : done + size]
            seqs = range(first + done, first + done + size)
            execute(
                _INSERT + ",".join([_ROW] * size),
                [v for seq, row in zip(seqs, part, strict=True) for v in (seq, *row[:-1])],
            )
            execute(
                _INSERT_PAYLOAD + ",".join([_PAYLOAD_ROW] * size),
                [v for seq, row in zip(seqs, part, strict=True) for v in (seq, row.payload)],
            )
            done += size
        if settlements:
            self._connection.executemany(_SETTLE, [_settlement(settlement) for settlement in settlements])
        execute("COMMIT")
        self._newest += len(arrivals)
        return [*range(first, first + len(arrivals)), *[0] * len(settlements)]

    def _arrive(self, arrival: Arrival) -> Outcome:
        execute = self._connection.execute
        try:
            execute("BEGIN IMMEDIATE")
            inserted = execute(_INSERT_UNSEEN, (None, *arrival[:-1]))
            if inserted.rowcount == 0:
                self._roll_back()
                return 0
            seq = inserted.lastrowid or 0
            execute(_INSERT_PAYLOAD + _PAYLOAD_ROW, (seq, arrival.payload))
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


def _settlement(settlement: Settlement) -> tuple[str | int | float | None, ...]:
    seq, decision, attempts, reason, runs, due_at = settlement
    return decision.value, attempts, reason, json.dumps(runs), due_at, seq


def _sizes(n: int) -> list[int]:
    """Cut a batch into powers of two, so that few statements are ever prepared."""
    return [1 << bit for bit in reversed(range(n.bit_length())) if n >> bit & 1]
