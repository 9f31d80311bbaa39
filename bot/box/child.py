"""A child process with pipes whose end is seen by pidfd: no matter who else holds a pipe.

It is started by ``subprocess``, which uses vfork: uvloop's own forks copy the tables of the whole
process, and the event loop stands still meanwhile (8 ms at 150 MB, against 1).
"""

import asyncio
import os
import signal
from contextlib import suppress
from typing import IO, Protocol

LINE_LIMIT = 2**20


class Started(Protocol):
    """What is read of a Popen."""

    @property
    def pid(self) -> int: ...
    @property
    def stdin(self) -> IO[bytes] | None: ...
    @property
    def stdout(self) -> IO[bytes] | None: ...
    @property
    def stderr(self) -> IO[bytes] | None: ...
    @property
    def returncode(self) -> int | None: ...
    def wait(self) -> int: ...


class Child:
    stdin: asyncio.StreamWriter
    stdout: asyncio.StreamReader
    """A line longer than 1 MiB raises ValueError."""
    stderr: asyncio.StreamReader

    def __init__(self, popen: Started, pidfd: int | None = None) -> None:
        self._popen = popen
        self._pidfd = os.pidfd_open(popen.pid) if pidfd is None else pidfd
        self._pipes = {pipe for pipe in (popen.stdin, popen.stdout, popen.stderr) if pipe}
        self._transports: list[asyncio.ReadTransport | asyncio.WriteTransport] = []

    async def connect(self) -> None:
        """Make streams of the pipes that it was started with."""
        if self._popen.stdout:
            self.stdout = await self._reader(self._popen.stdout)
        if self._popen.stderr:
            self.stderr = await self._reader(self._popen.stderr)
        if self._popen.stdin:
            self.stdin = await self._writer(self._popen.stdin)

    async def wait(self) -> int:
        """Return the exit code once it has ended, whoever still holds its pipes."""
        await readable(self._pidfd)
        code = self._popen.wait()
        return 128 - code if code < 0 else code

    def close(self) -> None:
        """Let go of pipes and descriptors, once, after its end."""
        for transport in self._transports:
            if not transport.is_closing():
                transport.close()
        for pipe in self._pipes:
            pipe.close()
        os.close(self._pidfd)

    @property
    def pid(self) -> int:
        """Also the id of its process group where it was started in a session of its own."""
        return self._popen.pid

    @property
    def _alive(self) -> bool:
        return self._popen.returncode is None

    def _signal(self, number: signal.Signals) -> None:
        if self._alive:
            with suppress(ProcessLookupError):  # who is not our own child may be gone already
                signal.pidfd_send_signal(self._pidfd, number)

    async def _reader(self, pipe: IO[bytes]) -> asyncio.StreamReader:
        reader = asyncio.StreamReader(limit=LINE_LIMIT)
        self._pipes.discard(pipe)  # from here on its transport closes it
        transport, _ = await asyncio.get_running_loop().connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(reader), _Given(pipe)
        )
        self._transports.append(transport)
        return reader

    async def _writer(self, pipe: IO[bytes]) -> asyncio.StreamWriter:
        loop = asyncio.get_running_loop()
        self._pipes.discard(pipe)
        transport, protocol = await loop.connect_write_pipe(
            lambda: asyncio.StreamReaderProtocol(asyncio.StreamReader()), _Given(pipe)
        )
        self._transports.append(transport)
        return asyncio.StreamWriter(transport, protocol, None, loop)


class _Given:
    """The end of a pipe that belongs to a transport, and to nobody else.

    uvloop closes the descriptor itself and then the file, whose number may by then be another
    thread's: of a database, say (MagicStack/uvloop#763). asyncio's own loops close the file only.
    """

    def __init__(self, pipe: IO[bytes]) -> None:
        self._descriptor = os.dup(pipe.fileno())
        pipe.close()
        self._closes = isinstance(asyncio.get_running_loop(), asyncio.BaseEventLoop)

    def fileno(self) -> int:
        return self._descriptor

    def close(self) -> None:
        if self._closes:
            os.close(self._descriptor)


async def readable(fd: int) -> None:
    """Wait until ``fd`` is readable; a pidfd is when its process is dead."""
    loop = asyncio.get_running_loop()
    future: asyncio.Future[None] = loop.create_future()
    watched = os.dup(fd)  # a loop keeps one callback for a descriptor; there may be two waits
    loop.add_reader(watched, _resolve, future)
    try:
        await future
    finally:
        loop.remove_reader(watched)
        os.close(watched)


def _resolve(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)
