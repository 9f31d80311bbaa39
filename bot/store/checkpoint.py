"""Move SQLite's write-ahead log into the database, off the path of those who wait for a commit."""

import os
import sqlite3
import threading
from bisect import bisect
from pathlib import Path

_ROUND = 0.25  # seconds between two looks at the log
_SHORT = 4_000_000  # bytes; a commit that begins the log anew waits for the disk twice
_FLOOD = 250  # rows a round; the disk is theirs then, as long as the log is not too long
_LONG = 256_000_000
_HEAD, _FRAME_HEAD = 32, 24  # bytes, of the log and of each frame
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
                if not self._written.wait(_IDLE) and _length(self._log) > _SHORT:
                    _checkpoint(connection, "TRUNCATE")
        finally:
            connection.close()

    def _while_busy(self, connection: sqlite3.Connection) -> None:
        rows = 1
        while rows and not self._closing.wait(_ROUND):
            self._written.clear()
            rows, self._rows = self._rows, 0
            if used(self._log) > (_LONG if rows > _FLOOD else _SHORT):
                _checkpoint(connection, "PASSIVE")

    @property
    def _log(self) -> Path:
        return self.path.with_name(f"{self.path.name}-wal")


def used(log: Path) -> int:
    """Count the bytes of a log that count: it keeps its length when it begins anew.

    Frames of the time before lie behind those of now and have another salt; the index knows the
    number, but whoever closes that file drops SQLite's locks on it.
    https://www.sqlite.org/fileformat2.html#the_write_ahead_log
    """
    try:
        with log.open("rb", buffering=0) as file:
            head = file.read(_HEAD)
            frame = _FRAME_HEAD + int.from_bytes(head[8:12], "big")
            number = (os.fstat(file.fileno()).st_size - _HEAD) // frame

            def is_old(n: int) -> bool:
                return os.pread(file.fileno(), 8, _HEAD + n * frame + 8) != head[16:24]

            return bisect(range(number), 0, key=is_old) * frame
    except FileNotFoundError:
        return 0


def _length(log: Path) -> int:
    return log.stat().st_size if log.exists() else 0


def _checkpoint(connection: sqlite3.Connection, mode: str) -> None:
    try:
        connection.execute(f"PRAGMA wal_checkpoint({mode})").fetchall()
    except sqlite3.OperationalError:
        # Busy, or no room: the log keeps what it has, and the next round tries again.
        return
