"""A process with pipes whose end is seen by pidfd: no matter who else holds a pipe."""

import asyncio
import errno
import os
import signal
import subprocess
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import IO

from bot.errors import OperatorError, StageFailed

KILL_SECONDS = 30
LINE_LIMIT = 2**20


@dataclass(frozen=True, slots=True, kw_only=True)
class Spawn:
    """How a level of box starts a command."""

    argv: Sequence[str]
    env: Mapping[str, str]
    cwd: str = "/"
    pass_fds: Sequence[int] = ()
    stdin: int
    stderr: int

    def __call__(self) -> subprocess.Popen[bytes]:
        """Start it; raises StageFailed where the command's own words are in the way."""
        try:
            return self._popen()
        except OSError as error:
            if error.errno == errno.E2BIG:
                raise _impossible("it is too long") from error
            raise OperatorError(f"the command could not be started: {error}") from error
        except ValueError as error:
            raise _impossible(str(error)) from error

    def _popen(self) -> subprocess.Popen[bytes]:
        """Start it in a session of its own, so that no Ctrl-C reaches it."""
        return subprocess.Popen(
            self.argv,
            bufsize=0,
            env=dict(self.env),
            cwd=self.cwd,
            pass_fds=self.pass_fds,
            stdin=self.stdin,
            stdout=subprocess.PIPE,
            stderr=self.stderr,
            start_new_session=True,
        )


def _impossible(why: str) -> StageFailed:
    return StageFailed("bad_command", f"the command cannot be started: {why}", blocked=True)


class BoxedProcess(ABC):
    """A living process in a box, as an agent's runtime drives it."""

    stdin: asyncio.StreamWriter
    stdout: asyncio.StreamReader
    """A line longer than 1 MiB raises ValueError."""
    stderr: asyncio.StreamReader
    problem: str | None = None
    """The limit at which the box killed it."""

    def __init__(self, popen: subprocess.Popen[bytes]) -> None:
        self._popen = popen
        self._pidfd = os.pidfd_open(popen.pid)
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

    async def kill(self) -> None:
        """Kill everything in the box and return when it is gone; harmless when it is already."""
        try:
            async with asyncio.timeout(KILL_SECONDS):
                await self._end()
        except TimeoutError:
            message = f"a boxed process is still there {KILL_SECONDS} s after it was killed"
            raise OperatorError(message) from None

    @abstractmethod
    async def _end(self) -> None:
        """Kill what is left and wait for its end."""

    def close(self) -> None:
        """Let go of pipes and descriptors, once, after `kill`."""
        for transport in self._transports:
            if not transport.is_closing():
                transport.close()
        for pipe in self._pipes:
            pipe.close()
        os.close(self._pidfd)

    @property
    def _alive(self) -> bool:
        return self._popen.returncode is None

    def _signal(self, number: signal.Signals) -> None:
        if self._alive:
            signal.pidfd_send_signal(self._pidfd, number)

    async def _reader(self, pipe: IO[bytes]) -> asyncio.StreamReader:
        reader = asyncio.StreamReader(limit=LINE_LIMIT)
        self._pipes.discard(pipe)  # from here on its transport closes it
        transport, _ = await asyncio.get_running_loop().connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(reader), pipe
        )
        self._transports.append(transport)
        return reader

    async def _writer(self, pipe: IO[bytes]) -> asyncio.StreamWriter:
        loop = asyncio.get_running_loop()
        self._pipes.discard(pipe)
        transport, protocol = await loop.connect_write_pipe(
            lambda: asyncio.StreamReaderProtocol(asyncio.StreamReader()), pipe
        )
        self._transports.append(transport)
        return asyncio.StreamWriter(transport, protocol, None, loop)


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
