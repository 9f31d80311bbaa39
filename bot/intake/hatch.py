"""Take plain deliveries straight off the socket, and leave whatever else comes to aiohttp.

Reading HTTP in general costs more than checking and keeping a delivery. So a request that is
written as GitHub writes it, all of it right, is answered here; any other is handed to aiohttp from
its first byte, which alone refuses, and which keeps the connection from then on.
"""

import asyncio
import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from email.utils import formatdate
from functools import lru_cache
from typing import NamedTuple, cast

from bot.intake.fields import NotJson
from bot.intake.journal import Journal
from bot.intake.webhook import PATH, arrival, is_name, is_signed
from bot.log import logger
from bot.store.journal.arrivals import Arrival

_DIGITS = 6
LONGEST_BODY = 10**_DIGITS - 1
"""Bytes; what is larger is rare, and aiohttp reads it no faster than it is wanted."""
SILENCE = 120.0
"""Seconds without a byte after which a connection is closed: longer than proxies keep theirs."""

_LONGEST_HEAD = 8190
_HEAD = re.compile(
    rb"POST %b HTTP/1\.1\r\n((?:[A-Za-z0-9-]+:[\t -~]*\r\n)+)\r\n" % re.escape(PATH.encode())
)
_FIELD = re.compile(rb"([^:]+):([^\r]*)\r\n")
_NOT_PLAIN = {b"transfer-encoding", b"content-encoding", b"expect", b"upgrade"}
_log = logger(__name__)


class Head(NamedTuple):
    """What a plain request's head says."""

    guid: str
    event: str
    signature: str
    start: int
    """Where the body begins."""
    end: int


@dataclass(slots=True, kw_only=True)
class Hatches:
    """All connections of a port that nobody but plain senders has used yet."""

    journal: Journal
    secrets: Sequence[bytes]
    """Any of them will do."""
    others: Callable[[], asyncio.Protocol]
    """Makes what takes a connection over."""
    silence: float = SILENCE
    open: set["Hatch"] = field(default_factory=set)

    def __call__(self) -> "Hatch":
        return Hatch(self)


class Hatch(asyncio.Protocol):
    """A connection, as long as all that comes over it is plain."""

    def __init__(self, house: Hatches) -> None:
        self._house = house
        self._data: bytes | bytearray = b""
        self._head: Head | None = None
        self._written: asyncio.Future[int] | None = None
        self._heard = False
        self._closing = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._house.open.add(self)
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        self._forget()

    def data_received(self, data: bytes) -> None:
        self._heard = True
        if self._data:
            self._data = bytearray(self._data) if isinstance(self._data, bytes) else self._data
            self._data += data
        else:
            self._data = data
        if self._written:
            self._transport.pause_reading()
        else:
            self._take()

    def close(self) -> asyncio.Future[int] | None:
        """End the connection once what it has sent is answered: with the future's callbacks."""
        self._closing = True
        if not self._written:
            self._transport.close()
        return self._written

    def _take(self) -> None:
        head = self._head or read_head(self._data)
        if head is None:
            self._leave()
        elif len(self._data) < head.end:
            self._head = head
        else:
            self._deliver(head)

    def _deliver(self, head: Head) -> None:
        delivery = self._check(head)
        if delivery is None:
            self._leave()
            return
        self._data, self._head = self._data[head.end :], None
        self._written = self._house.journal.enter(delivery)
        self._written.add_done_callback(self._answer)

    def _check(self, head: Head) -> Arrival | None:
        body = bytes(self._data[head.start : head.end])
        if not is_signed(body, head.signature, self._house.secrets):
            return None
        try:
            return arrival(head.guid, head.event, body)
        except NotJson:
            return None

    def _answer(self, written: asyncio.Future[int]) -> None:
        self._written = None
        error = written.exception()
        if error is None:
            line, text = (b"202 Accepted" if written.result() else b"200 OK"), b""
        else:
            _log.error("a delivery was not journalled: %s", error)
            line, text = b"500 Internal Server Error", b"not journalled: %b\n" % str(error).encode()
        if self._transport.is_closing():
            return
        last = b"Connection: close\r\n" if self._closing else b""
        self._transport.write(
            b"HTTP/1.1 %b\r\nDate: %b\r\n%bContent-Length: %d\r\n\r\n%b"
            % (line, _date(int(time.time())), last, len(text), text)
        )
        if self._closing:
            self._transport.close()
        elif self._data:
            self._transport.resume_reading()
            self._take()

    def _leave(self) -> None:
        self._forget()
        protocol = self._house.others()
        self._transport.set_protocol(protocol)
        protocol.connection_made(self._transport)
        protocol.data_received(bytes(self._data))

    def _forget(self) -> None:
        self._house.open.discard(self)
        self._watching.cancel()

    def _watch(self) -> None:
        loop = asyncio.get_running_loop()
        self._watching = loop.call_later(self._house.silence, self._close_if_silent)

    def _close_if_silent(self) -> None:
        if self._heard or self._written:
            self._heard = False
            self._watch()
        else:
            self._transport.close()


def read_head(data: bytes | bytearray) -> Head | None:
    """Read the head at the beginning of `data`; None: it is not plain, or not all there."""
    found = _HEAD.match(data, 0, _LONGEST_HEAD)
    if found is None:
        return None
    pairs = _FIELD.findall(found[1])
    fields = {name.lower(): value.strip() for name, value in pairs}
    length = fields.get(b"content-length", b"")
    guid = fields.get(b"x-github-delivery", b"").decode()
    event = fields.get(b"x-github-event", b"").decode()
    plain = (
        len(fields) == len(pairs)
        and _NOT_PLAIN.isdisjoint(fields)
        and fields.get(b"connection", b"keep-alive").lower() == b"keep-alive"
        and length.isdigit()
        and len(length) <= _DIGITS
        and is_name(guid)
        and is_name(event)
    )
    if not plain:
        return None
    signature = fields.get(b"x-hub-signature-256", b"").decode()
    return Head(guid, event, signature, found.end(), found.end() + int(length))


@lru_cache(maxsize=1)
def _date(seconds: int) -> bytes:
    return formatdate(seconds, usegmt=True).encode()
