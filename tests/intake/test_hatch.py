"""Requests as bytes on a socket: the short way in answers what aiohttp would have answered."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest
from aiohttp import web

from bot.intake.entrance import Entrance
from bot.intake.hatch import LONGEST_BODY, Hatches, read_head
from bot.intake.webhook import LARGEST_BODY
from tests.intake.door import SECRET, Door, signed

BODY = b'{"action":"labeled"}'


def request(
    *more: str, guid: str = "g-1", body: bytes = BODY, signature: str | None = None
) -> bytes:
    """Write a delivery; of a header that is given twice the later one counts."""
    usual = (
        "Host: localhost",
        "Content-Type: application/json",
        "X-GitHub-Event: issues",
        f"X-GitHub-Delivery: {guid}",
        f"X-Hub-Signature-256: {signed(body) if signature is None else signature}",
        f"Content-Length: {len(body)}",
    )
    lines = {line.partition(":")[0].lower(): line for line in (*usual, *more)}
    head = "\r\n".join(["POST /webhook HTTP/1.1", *lines.values()])
    return head.encode() + b"\r\n\r\n" + body


class Sender:
    """A connection to the door."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    async def status(self) -> int:
        head = await self.reader.readuntil(b"\r\n\r\n")
        self.head = head.decode().lower()
        if "content-length: " in self.head:
            length = self.head.split("content-length: ")[1].split("\r\n")[0]
            self.text = await self.reader.readexactly(int(length))
        return int(head.split()[1])

    async def ask(self, *pieces: bytes) -> int:
        for piece in pieces:
            self.writer.write(piece)
            await self.writer.drain()
            await asyncio.sleep(0.01)
        async with asyncio.timeout(150):
            return await self.status()


@asynccontextmanager
async def connected(port: int) -> AsyncIterator[Sender]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        yield Sender(reader, writer)
    finally:
        writer.close()
        await writer.wait_closed()


@pytest.fixture
async def sender(door: Door) -> AsyncIterator[Sender]:
    async with connected(int(door.url.split(":")[2].split("/")[0])) as one:
        yield one


def at(body: bytes, size: int) -> list[bytes]:
    return [body[n : n + size] for n in range(0, len(body), size)]


async def test_many_deliveries_come_over_one_connection(sender: Sender, door: Door) -> None:
    statuses = [await sender.ask(request(guid=f"g-{n}")) for n in (1, 2, 1, 3)]

    assert statuses == [202, 202, 200, 202]
    assert [row.guid for row in await door.rows()] == ["g-1", "g-2", "g-3"]
    assert "\r\ndate: " in sender.head
    assert "\r\nserver: " not in sender.head  # aiohttp names itself
    assert sender.text == b""


async def test_deliveries_sent_at_once_are_answered_in_their_order(
    sender: Sender, door: Door
) -> None:
    sender.writer.write(
        request(guid="g-1") + request(guid="g-1") + request(guid="g-2", signature="sha256=0")
    )
    sender.writer.write(request(guid="g-3"))

    assert [await sender.status() for _ in range(4)] == [202, 200, 401, 202]
    assert [row.guid for row in await door.rows()] == ["g-1", "g-3"]


@pytest.mark.parametrize("size", [1, 7, 200, 5_000])
async def test_a_delivery_in_pieces_is_kept_whole(sender: Sender, door: Door, size: int) -> None:
    body = b'{"action":"%b"}' % (b"x" * size * 3)

    assert await sender.ask(*at(request(body=body), size * 20)) == 202
    assert (await door.row("g-1")).payload == body


async def test_a_large_body_is_kept_whole(sender: Sender, door: Door) -> None:
    body = b'{"action":"%b"}' % (b"x" * (LONGEST_BODY + 10))

    assert await sender.ask(request(body=body)) == 202
    assert (await door.row("g-1")).payload == body


def chunked() -> bytes:
    head = request("Transfer-Encoding: chunked").partition(b"\r\n\r\n")[0]
    without = [line for line in head.split(b"\r\n") if not line.startswith(b"Content-Length")]
    return b"\r\n".join(without) + b"\r\n\r\n%x\r\n%b\r\n0\r\n\r\n" % (len(BODY), BODY)


@pytest.mark.parametrize(
    "written",
    [
        request().replace(b"X-GitHub-Delivery", b"x-gIthub-delivery"),
        request().replace(b"X-GitHub-Event: ", b"X-GitHub-Event: \t "),
        request("Connection: keep-alive"),
        request("Connection: close"),
        request().replace(b"HTTP/1.1", b"HTTP/1.0"),
        request().replace(b"/webhook ", b"/webhook?from=proxy "),
        request("X-Forwarded-For: 10.0.0.1"),
        chunked(),
    ],
)
async def test_a_delivery_is_taken_however_it_is_written(
    sender: Sender, door: Door, written: bytes
) -> None:
    assert await sender.ask(written) == 202
    assert (await door.row("g-1")).payload == BODY


async def test_a_sender_that_asks_first_is_told_to_go_on(sender: Sender) -> None:
    head, _, body = request("Expect: 100-continue").partition(b"\r\n\r\n")

    assert await sender.ask(head + b"\r\n\r\n") == 100
    assert await sender.ask(body) == 202


def twice(name: bytes) -> bytes:
    line = next(line for line in request().split(b"\r\n") if line.startswith(name))
    return request().replace(line, line + b"\r\n" + line.replace(b"20", b"3"), 1)


@pytest.mark.parametrize(
    ("written", "status"),
    [
        (request(signature="sha256=" + "0" * 64), 401),
        (request(signature=""), 401),
        (request(signature="sha1=" + "0" * 40), 401),
        (request(body=b"{"), 400),
        (request(guid=""), 400),
        (request(guid="x" * 101), 400),
        (request("Content-Length: +20"), 400),
        (request(f"Content-Length: {LARGEST_BODY + 1}"), 413),
        (twice(b"Content-Length"), 400),
        (request("Transfer-Encoding: chunked"), 400),
        (request("X-Odd: a\rb"), 400),
        (request("X-Odd: a\nb"), 400),
        (request("X Odd: a"), 400),
        (request().replace(b"POST", b"GET", 1), 405),
        (request().replace(b"/webhook", b"/webhooks", 1), 404),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 40 + b"\r\n\r\n", 400),
    ],
)
async def test_nothing_else_gets_in(
    sender: Sender, door: Door, written: bytes, status: int
) -> None:
    assert await sender.ask(written) == status
    assert await door.rows() == []


async def test_a_refused_sender_may_go_on(sender: Sender, door: Door) -> None:
    refused = await sender.ask(request(signature="sha256=0"))

    assert (refused, await sender.ask(request())) == (401, 202)


def test_what_two_readers_could_read_differently_is_not_plain() -> None:
    odd = [
        request("Transfer-Encoding: chunked"),
        request("Content-Encoding: gzip"),
        request("Upgrade: h2c"),
        request("X-Odd: a\rb"),
        request("X-Odd: \x00"),
        request().replace(b"Host: localhost", b"Host: localhost\r\n folded"),
        twice(b"Content-Length"),
        twice(b"X-GitHub-Delivery"),
        request("Content-Length: 1_0"),
        request("Content-Length: 99999999999999999999"),
        request().replace(b"\r\n", b"\n"),
        request(*(f"X-{n}: {'x' * 90}" for n in range(100))),
    ]

    assert [read_head(one) for one in odd] == [None] * len(odd)
    assert read_head(request()) is not None


async def test_a_delivery_whose_sender_hangs_up_is_kept(sender: Sender, door: Door) -> None:
    with door.held():
        sender.writer.write(request())
        await _until(lambda: door.journal.arriving == 1)
        sender.writer.transport.abort()
        await asyncio.sleep(0.05)

    await _until(lambda: door.journal.arriving == 0)
    assert [row.guid for row in await door.rows()] == ["g-1"]


async def test_what_has_come_in_is_answered_before_the_door_closes(door: Door) -> None:
    entrance = await Entrance.open(
        web.Application(), door.journal, secrets=[SECRET], host="127.0.0.1", port=0
    )
    async with connected(entrance.address[1]) as idle, connected(entrance.address[1]) as sender:
        with door.held():
            sender.writer.write(request())
            await _until(lambda: door.journal.arriving == 1)
            closing = asyncio.create_task(entrance.close())
            await asyncio.sleep(0.05)

        assert await sender.status() == 202
        assert "connection: close" in sender.head
        assert await sender.reader.read() == b""
        assert await idle.reader.read() == b""
        await closing


async def test_a_sender_that_falls_silent_is_cut_off(door: Door) -> None:
    hatches = Hatches(
        journal=door.journal, secrets=[SECRET.encode()], others=asyncio.Protocol, silence=3.0
    )
    server = await asyncio.get_running_loop().create_server(hatches, "127.0.0.1", 0)
    async with connected(server.sockets[0].getsockname()[1]) as sender:
        assert await sender.ask(request()) == 202
        sender.writer.write(request()[:-5])

        async with asyncio.timeout(150):
            assert await sender.reader.read() == b""
    assert hatches.open == set()
    server.close()


async def test_what_cannot_be_written_is_said(door: Door, sender: Sender) -> None:
    await door.journal.close()

    assert await sender.ask(request()) == 500
    assert sender.text == b"not journalled: the journal is closed\n"


async def _until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(150):
        while not true():
            await asyncio.sleep(0.005)
