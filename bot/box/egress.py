"""Network for one command, to the hosts that the operator allows: an HTTP proxy of ours.

The box has no network of its own; the proxy stands outside, at the end of a forwarded port. It
resolves names itself, so the box sends no DNS. It adds no credentials and sees nothing of what goes
through TLS but the name that the client asks for, which has to be the one that was allowed: an
allowed host may be sent anything.
"""

import asyncio
import socket
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

from bot.box.client_hello import LONGEST, Unfinished, Unreadable, is_tls, server_name
from bot.box.command import Command
from bot.box.destination import Allowed, Destination
from bot.box.forward import Forward
from bot.box.proxy_request import NoRequest, understood

PORT = 3128
VARIABLES = ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy", "ALL_PROXY", "all_proxy")
LONGEST_HEAD = 2**16
CHUNK = 2**16
CONNECTIONS = 256
HEAD_SECONDS = 30.0
DIAL_SECONDS = 20.0
BAD = "400 Bad Request"


@dataclass(frozen=True, slots=True)
class Reached:
    """A connection that a command asked for."""

    host: str
    port: int
    refused: str | None = None
    """Why it got none; None: it was made."""


class Refused(Exception):
    def __init__(self, status: str, reason: str) -> None:
        super().__init__(reason)
        self.status = status


@asynccontextmanager
async def reaching(
    command: Command, allowed: Allowed, report: Callable[[Reached], None]
) -> AsyncIterator[Command]:
    """Give the command with a way to ``allowed``, open until the block is left.

    ``report`` hears of every connection and every refusal, in the event loop.
    """
    with tempfile.TemporaryDirectory(prefix="coppice-egress-") as folder:
        path = Path(folder, "proxy.sock")
        async with _Proxy(allowed, report).serving(path):
            address = f"http://127.0.0.1:{PORT}"
            env = dict.fromkeys(VARIABLES, address) | {
                "NO_PROXY": "localhost,127.0.0.1,::1",
                "no_proxy": "localhost,127.0.0.1,::1",
            }
            forward = (*command.forward, Forward(port=PORT, socket=path))
            yield replace(command, env={**env, **command.env}, forward=forward)


class _Proxy:
    def __init__(self, allowed: Allowed, report: Callable[[Reached], None]) -> None:
        self._allowed = allowed
        self._report = report
        self._open: set[asyncio.Task[None]] = set()

    @asynccontextmanager
    async def serving(self, path: Path) -> AsyncIterator[None]:
        server = await asyncio.start_unix_server(self._accept, path, limit=LONGEST_HEAD)
        try:
            yield
        finally:
            server.close()
            for task in self._open:
                task.cancel()
            await asyncio.gather(*self._open, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is None or len(self._open) >= CONNECTIONS:
            writer.close()
            return
        self._open.add(task)
        try:
            with _closing(writer), suppress(ConnectionError, TimeoutError):
                await self._serve(reader, writer)
        finally:
            self._open.discard(task)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(HEAD_SECONDS):
                head = await reader.readuntil(b"\r\n\r\n")
            asked = understood(head)
            wanted, first = asked.wanted, asked.first
            there, away = await self._dial(wanted)
        except (asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            return
        except NoRequest as error:
            await _say(writer, BAD, f"not a request to a proxy: {error}")
            return
        except Refused as refused:
            await _say(writer, refused.status, str(refused))
            return
        with _closing(away):
            if first is None:
                writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
                first = await self._begun(wanted, reader, (away, writer))
            if not first:
                return
            away.write(first)
            async with asyncio.TaskGroup() as pumps:
                most = asked.body if asked.first is not None else None
                pumps.create_task(_pump(reader, away, most))
                pumps.create_task(_pump(there, writer))

    async def _begun(
        self,
        wanted: Destination,
        reader: asyncio.StreamReader,
        lines: tuple[asyncio.StreamWriter, asyncio.StreamWriter],
    ) -> bytes:
        """Read how TLS begins in a tunnel; nothing passes, either way, before that was looked at.

        Empty: it was closed, or is no TLS for the allowed host and was cut.
        """
        try:
            async with asyncio.timeout(HEAD_SECONDS):
                return await _opening(reader, wanted)
        except Refused as refused:
            self._report(Reached(wanted.host, wanted.port, str(refused)))
            for line in lines:
                line.transport.abort()
            return b""

    async def _dial(self, wanted: Destination) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Connect to an address of it that was looked at; raises Refused."""
        try:
            address = await self._checked(wanted)
            try:
                async with asyncio.timeout(DIAL_SECONDS):
                    streams = await asyncio.open_connection(address, wanted.port)
            except (OSError, TimeoutError) as error:
                raise Refused("502 Bad Gateway", f"{wanted} does not answer: {error}") from error
            self._require_elsewhere(wanted, address, streams[1])
        except Refused as refused:
            self._report(Reached(wanted.host, wanted.port, str(refused)))
            raise
        self._report(Reached(wanted.host, wanted.port))
        return streams

    def _require_elsewhere(
        self, wanted: Destination, address: str, away: asyncio.StreamWriter
    ) -> None:
        """Refuse an address of this machine that the internet knows, unless it is in the list."""
        own = away.get_extra_info("sockname")
        if own[0] == address and not self._allowed.names(Destination(address, wanted.port)):
            away.transport.abort()
            raise Refused("403 Forbidden", f"{wanted} leads to this machine")

    async def _checked(self, wanted: Destination) -> str:
        if not self._allowed.names(wanted):
            raise Refused("403 Forbidden", f"{wanted} is not allowed (COPPICE_EGRESS)")
        loop = asyncio.get_running_loop()
        try:
            found = await loop.getaddrinfo(wanted.host, wanted.port, type=socket.SOCK_STREAM)
        except OSError as error:
            raise Refused("502 Bad Gateway", f"{wanted.host} is not found: {error}") from error
        for *_, address in found:
            if self._allowed.takes(str(address[0]), wanted.port):
                return str(address[0])
        raise Refused(
            "403 Forbidden",
            f"{wanted} leads to no public address, and its own is not in COPPICE_EGRESS",
        )


async def _opening(reader: asyncio.StreamReader, wanted: Destination) -> bytes:
    """Read how a client begins; raises Refused where that is no TLS for the host that is allowed.

    Empty: it said nothing.
    """
    data = await _more(reader)
    if not data:
        return data
    if not is_tls(data):
        raise Refused(BAD, "it speaks no TLS inside")
    name, data = await _named(reader, data)
    if name != wanted.host and not (
        name is None and wanted.is_address
    ):  # RFC 6066 names no address
        raise Refused("403 Forbidden", f"it asks for {(name or 'no name')[:100]} inside")
    return data


async def _named(reader: asyncio.StreamReader, data: bytes) -> tuple[str | None, bytes]:
    """Read on until the name is there, or that there is none; answers all that was read too."""
    while True:
        try:
            return server_name(data), data
        except Unfinished:
            more = await _more(reader)
            if not more or len(data) > LONGEST:
                raise Refused(BAD, "its TLS has no beginning") from None
            data += more
        except Unreadable as error:
            raise Refused(BAD, f"its TLS cannot be read: {error}") from error


async def _more(reader: asyncio.StreamReader) -> bytes:
    try:
        return await reader.read(CHUNK)
    except OSError:
        return b""


async def _say(writer: asyncio.StreamWriter, status: str, reason: str) -> None:
    text = f"coppice: {reason}\n".encode()
    writer.write(
        b"HTTP/1.1 %b\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n"
        b"Connection: close\r\n\r\n%b" % (status.encode(), len(text), text)
    )
    await writer.drain()


async def _pump(
    source: asyncio.StreamReader, sink: asyncio.StreamWriter, most: int | None = None
) -> None:
    """Pass on all of one direction, and its end; what comes after ``most`` bytes is dropped: it
    would be one more request, for whatever host it names.
    """
    try:
        while data := await source.read(CHUNK):
            passed = data if most is None else data[:most]
            most = None if most is None else most - len(passed)
            sink.write(passed)
            await sink.drain()
        sink.write_eof()
    except OSError:
        sink.close()


@contextmanager
def _closing(writer: asyncio.StreamWriter) -> Iterator[None]:
    try:
        yield
    finally:
        writer.close()
