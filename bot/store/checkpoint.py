"""Move SQLite's write-ahead log into the database, off the path of those who wait for a commit."""

import sqlite3
import threading
from pathlib import Path

_WHILE_BUSY = 0.25
_SHORT = 1_000_000  # bytes; a commit that begins the log anew waits for the disk twice
_IDLE_ROUNDS = 8  # then the log is cut to nothing, and the thread sleeps until the next write


class Checkpointer:
    """A thread with a connection of its own; costs nothing while nobody writes."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._written = threading.Event()
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="store-checkpoint", daemon=True)
        self._lock = threading.Lock()
        self._started = False

    def touch(self) -> None:
        """Say that something was written."""
        if not self._started:
            self._start()
        if not self._written.is_set():
            self._written.set()

    def close(self) -> None:
        """End the thread; SQLite itself empties the log when the last connection closes."""
        self._closing.set()
        self._written.set()
        if self._started:
            self._thread.join()

    def _start(self) -> None:
        with self._lock:
            if not self._started:
                self._started = True
                self._thread.start()

    def _run(self) -> None:
        connection = sqlite3.connect(self.path, timeout=0.1, isolation_level=None)
        try:
            while not self._closing.is_set():
                self._written.wait()
                self._while_busy(connection)
        finally:
            connection.close()

    def _while_busy(self, connection: sqlite3.Connection) -> None:
        quiet = 0
        while quiet < _IDLE_ROUNDS:
            if self._closing.wait(_WHILE_BUSY):
                return
            quiet = 0 if self._written.is_set() else quiet + 1
            self._written.clear()
            if quiet == 0 and self._is_long():
                _checkpoint(connection, "PASSIVE")
        if self._is_long():
            _checkpoint(connection, "TRUNCATE")

    def _is_long(self) -> bool:
        log = self.path.with_name(f"{self.path.name}-wal")
        return log.exists() and log.stat().st_size > _SHORT


def _checkpoint(connection: sqlite3.Connection, mode: str) -> None:
    try:
        connection.execute(f"PRAGMA wal_checkpoint({mode})").fetchall()
    except sqlite3.OperationalError:
        # Busy, or no room: the log keeps what it has, and the next round tries again.
        return
