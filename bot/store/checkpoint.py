"""Move SQLite's write-ahead log into the database, off the path of those who wait for a commit."""

import sqlite3
import threading
from pathlib import Path

_ROUND = 0.25  # seconds between two looks at the log
_SHORT = 1_000_000  # bytes; a commit that begins the log anew waits for the disk twice
_FLOOD = 250  # rows a round; the disk is theirs then, as long as the log is not too long
_LONG = 256_000_000
_IDLE = 5.0  # seconds, then the log is cut to nothing; one that has room is faster to write


class Checkpointer:
    """A thread with a connection of its own; costs nothing while nobody writes."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._written = threading.Event()
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="store-checkpoint", daemon=True)
        self._lock = threading.Lock()
        self._started = False
        self._rows = 0  # written since the last look; it need not be exact

    def touch(self, rows: int = 1) -> None:
        """Say that something was written; 0 rows: that the log may be in the way of it."""
        if not self._started:
            self._start()
        self._rows += rows
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
                if not self._written.wait(_IDLE) and self._log_size() > _SHORT:
                    _checkpoint(connection, "TRUNCATE")
        finally:
            connection.close()

    def _while_busy(self, connection: sqlite3.Connection) -> None:
        rows = 1
        while rows and not self._closing.wait(_ROUND):
            self._written.clear()
            rows, self._rows = self._rows, 0
            if self._log_size() > (_LONG if rows > _FLOOD else _SHORT):
                _checkpoint(connection, "PASSIVE")

    def _log_size(self) -> int:
        log = self.path.with_name(f"{self.path.name}-wal")
        return log.stat().st_size if log.exists() else 0


def _checkpoint(connection: sqlite3.Connection, mode: str) -> None:
    try:
        connection.execute(f"PRAGMA wal_checkpoint({mode})").fetchall()
    except sqlite3.OperationalError:
        # Busy, or no room: the log keeps what it has, and the next round tries again.
        return
