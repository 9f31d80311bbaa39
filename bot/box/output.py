"""Keep what a command prints: all of it in a file, head and tail as text, up to a limit."""

import asyncio
import os
from pathlib import Path
from typing import Self

SHOWN = 5000
"""Characters of the head, and as many of the tail."""
KEPT = 4 * (SHOWN + 1)  # UTF-8 has at most four bytes a character, and the tail may begin in one
CHUNK = 2**16


class Output:
    """A sink with a limit; a context manager that closes its file."""

    def __init__(self, log: Path | None, limit: int) -> None:
        self._file = None if log is None else _create(log)
        self._limit = limit
        self._head = b""
        self._tail = b""
        self._total = 0
        self._unwritten: str | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._file is not None:
            os.close(self._file)

    @property
    def problem(self) -> str | None:
        """Say that there was more than the limit allows, or no room for it."""
        if self._total > self._limit:
            return f"output limit of {self._limit / 2**20:g} MB"
        return self._unwritten

    async def drain(self, stream: asyncio.StreamReader) -> None:
        """Take in the stream up to its end or the limit."""
        while self.problem is None and (data := await stream.read(CHUNK)):
            self.add(data)

    def add(self, data: bytes) -> None:
        self._write(data[: max(0, self._limit - self._total)])
        self._total += len(data)
        room = KEPT - len(self._head)
        self._head += data[:room]
        self._tail = (self._tail + data[max(0, room) :])[-KEPT:]

    def _write(self, data: bytes) -> None:
        view = memoryview(data)
        try:
            while view and self._file is not None:
                view = view[os.write(self._file, view) :]
        except OSError as error:
            self._unwritten = f"its log could not be written: {error.strerror}"

    def text(self) -> str:
        """Decode head and tail; what is no UTF-8, and NUL, becomes U+FFFD."""
        if self._total <= 2 * KEPT:
            whole = _decode(self._head + self._tail)
            if len(whole) <= 2 * SHOWN:
                return whole
            head, tail = whole[:SHOWN], whole[-SHOWN:]
        else:
            head, tail = _decode(self._head)[:SHOWN], _decode(self._tail)[-SHOWN:]
        return f"{head}\n[… the middle of {self._total:,} bytes is left out …]\n{tail}"


def _decode(data: bytes) -> str:
    return data.decode(errors="replace").replace("\0", "\ufffd")  # no database keeps a NUL in text


def _create(path: Path) -> int:
    path.parent.mkdir(parents=True, exist_ok=True)
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC
    return os.open(path, flags, 0o600)
