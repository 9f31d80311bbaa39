"""Setup commands reach the hosts that the operator allows, by name, and every try is told."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing, suppress
from pathlib import Path

import pytest

from bot.box import Choice, Outcome, probe
from bot.box.destination import Allowed, Destination, is_public
from bot.box.egress import Reached, reaching
from tests.box.boxed import EACH_LEVEL, PYTHON, command

GET = """
import socket, sys, urllib.request
def get(url):
    try:
        with urllib.request.urlopen(url, timeout=60) as answer:
            print(answer.status, answer.read().decode())
    except OSError as error:
        print(getattr(error, "code", "-"), error)
def raw(words):
    import os
    host, port = os.environ["http_proxy"].removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=60) as line:
        line.sendall(words)
        line.shutdown(socket.SHUT_WR)
        with line.makefile("rb") as answer:
            print(answer.read())
"""


@asynccontextmanager
async def website() -> AsyncIterator[tuple[int, list[bytes]]]:
    """Serve one page; give the port and the heads of the requests that came."""
    heads: list[bytes] = []
    answering: set[asyncio.Task[None]] = set()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # the proxy hangs up on an address that it does not like only when it is connected
        with suppress(asyncio.IncompleteReadError, ConnectionError), closing(writer):
            heads.append(await reader.readuntil(b"\r\n\r\n"))
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\nConnection: close\r\n\r\npage")
            await writer.drain()

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        answering.add(asyncio.get_running_loop().create_task(answer(reader, writer)))

    async with await asyncio.start_server(accept, "127.0.0.1", 0) as server:
        yield server.sockets[0].getsockname()[1], heads
    await asyncio.gather(*answering)


async def fetched(
    tree: Path, lines: str, allowed: list[str], level: Choice = "bubblewrap"
) -> tuple[Outcome, list[Reached]]:
    tree.mkdir(exist_ok=True)
    (tree / "get.py").write_text(GET + lines)
    reports: list[Reached] = []
    box = await probe(level)
    bare = {"no_proxy": "", "NO_PROXY": ""}  # else a client would go to 127.0.0.1 by itself
    plain = command(tree, f"{PYTHON} get.py", env=bare)
    async with reaching(plain, Allowed.parse(allowed), reports.append) as with_network:
        return await box.run(with_network), reports


@EACH_LEVEL
async def test_an_allowed_host_is_reached_and_told(tmp_path: Path, level: Choice) -> None:
    async with website() as (port, heads):
        lines = f"get('http://127.0.0.1:{port}/a?b=c')"
        outcome, reports = await fetched(tmp_path / "tree", lines, [f"127.0.0.1:{port}"], level)

    assert outcome.output == "200 page\n"
    assert reports == [Reached("127.0.0.1", port)]
    assert heads[0].startswith(b"GET /a?b=c HTTP/1.1\r\nHost: 127.0.0.1:")
    assert b"proxy" not in heads[0].lower()


@pytest.mark.parametrize(
    "words", [b"GET / HTTP/1.0\r\n\r\n", b"SSH-2.0-x\r\n", b"\x17\x03\x03\0\0"]
)
async def test_what_is_no_tls_passes_through_no_tunnel_and_is_told(
    tmp_path: Path, words: bytes
) -> None:
    async with website() as (port, heads):
        there = f"127.0.0.1:{port}"
        asked = f"CONNECT {there} HTTP/1.1\r\n\r\n".encode() + words
        lines = f"try: raw({asked!r})\nexcept OSError: print('cut')"
        outcome, reports = await fetched(tmp_path / "tree", lines, [there])

    assert "page" not in outcome.output
    assert reports == [
        Reached("127.0.0.1", port),
        Reached("127.0.0.1", port, "it speaks no TLS inside"),
    ]
    assert heads == []


async def test_a_tunnel_in_which_nothing_is_said_hears_nothing(tmp_path: Path) -> None:
    """A server that speaks first (SSH, SMTP) would tell whoever listens that it is there."""
    async with website() as (port, heads):
        there = f"127.0.0.1:{port}"
        lines = f"raw(b'CONNECT {there} HTTP/1.1\\r\\n\\r\\n')"
        outcome, reports = await fetched(tmp_path / "tree", lines, [there])

    assert outcome.output == "b'HTTP/1.1 200 Connection established\\r\\n\\r\\n'\n"
    assert (reports, heads) == ([Reached("127.0.0.1", port)], [])


@EACH_LEVEL
async def test_another_host_another_port_and_another_name_are_refused_and_told(
    tmp_path: Path, level: Choice
) -> None:
    async with website() as (port, heads):
        urls = (f"http://127.0.0.1:{port}/", "http://example.com/", "http://localhost:1/")
        lines = "\n".join(f"get({url!r})" for url in urls)
        allowed = ["example.com:443", "127.0.0.1:1", f"localhost:{port}"]
        outcome, reports = await fetched(tmp_path / "tree", lines, allowed, level)

    assert outcome.output.count("403 HTTP Error 403: Forbidden\n") == 3
    assert [(r.host, r.port) for r in reports] == [
        ("127.0.0.1", port),
        ("example.com", 80),
        ("localhost", 1),
    ]
    assert all(r.refused and "is not allowed" in r.refused for r in reports)
    assert heads == []


async def test_an_allowed_name_that_leads_to_this_machine_is_refused(tmp_path: Path) -> None:
    async with website() as (port, heads):
        lines = f"get('http://localhost:{port}/')"
        outcome, reports = await fetched(tmp_path / "tree", lines, [f"localhost:{port}"])
        both = [f"localhost:{port}", f"127.0.0.1:{port}"]
        listed, _ = await fetched(tmp_path / "tree", lines, both)

    assert "403" in outcome.output
    assert [(r.host, "no public address" in str(r.refused)) for r in reports] == [
        ("localhost", True)
    ]
    assert listed.output == "200 page\n"
    assert len(heads) == 1


class _Public(Allowed):
    """This machine as the internet knows it: its addresses are public ones."""

    def takes(self, address: str, port: int) -> bool:
        return True


async def test_a_public_address_of_this_machine_is_refused_too(tmp_path: Path) -> None:
    reports: list[Reached] = []
    async with website() as (port, heads):
        there = _Public.parse([f"localhost:{port}"])
        (tmp_path / "get.py").write_text(f"{GET}get('http://localhost:{port}/')")
        plain = command(tmp_path, f"{PYTHON} get.py", env={"no_proxy": "", "NO_PROXY": ""})
        box = await probe("bubblewrap")
        async with reaching(plain, there, reports.append) as with_network:
            outcome = await box.run(with_network)

    assert "403" in outcome.output
    assert [report.refused for report in reports] == [f"localhost:{port} leads to this machine"]
    assert heads == []


@pytest.mark.parametrize(
    "words",
    [
        b"GET / HTTP/1.1\r\n\r\n",
        b"CONNECT a b c HTTP/1.1\r\n\r\n",
        b"GET ftp://example.com/ HTTP/1.1\r\n\r\n",
        b"GET http://u@example.com/ HTTP/1.1\r\n\r\n",
        b"CONNECT example.com:99999 HTTP/1.1\r\n\r\n",
        b"CONNECT ex\xc3\xa4mple.com:443 HTTP/1.1\r\n\r\n",
        b"GET http://example.com/ SPDY/9\r\n\r\n",
        b"\x16\x03\x01\r\n\r\n",
        # what another reader would take for one more line, or for another host
        b"GET http://example.com/\nHost:evil.example\n HTTP/1.1\r\n\r\n",
        b"GET http://example.com/ HTTP/1.1\r\nX: a\nHost: evil.example\r\n\r\n",
        b"GET http://example.com/ HTTP/1.1\r\nX: a\rHost: evil.example\r\n\r\n",
        b"GET http://example.com/ HTTP/1.1\r\nHost : evil.example\r\n\r\n",
        b"GET http://example.com/ HTTP/1.1\r\nX: a\r\n Host: evil.example\r\n\r\n",
        # no length that two readers agree on
        b"PUT http://example.com/ HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"PUT http://example.com/ HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 9\r\n\r\n1",
        b"PUT http://example.com/ HTTP/1.1\r\nContent-Length: +1\r\n\r\n1",
    ],
)
async def test_what_is_no_request_to_a_proxy_is_refused(tmp_path: Path, words: bytes) -> None:
    outcome, reports = await fetched(tmp_path / "tree", f"raw({words!r})", ["example.com"])

    assert outcome.output[2:].startswith("HTTP/1.1 400 Bad Request")
    assert reports == []


async def test_a_second_request_for_another_host_is_not_passed_on(tmp_path: Path) -> None:
    async with listener() as (port, heard):
        there = f"127.0.0.1:{port}"
        first = f"POST http://{there}/a HTTP/1.1\r\nContent-Length: 4\r\n\r\nbody"
        second = "GET /b HTTP/1.1\r\nHost: evil.example\r\n\r\n"
        outcome, _ = await fetched(
            tmp_path / "tree", f"raw({(first + second).encode()!r})", [there]
        )

    assert outcome.output == "b'hello'\n"
    assert b"".join(heard).endswith(b"Content-Length: 4\r\n\r\nbody")


async def test_an_endless_head_and_one_that_breaks_off_are_closed(tmp_path: Path) -> None:
    lines = "raw(b'GET ')\ntry: raw(b'x' * 10**6)\nexcept OSError: print('closed')"

    outcome, _ = await fetched(tmp_path / "tree", lines, [])

    assert outcome.output in ("b''\nb''\n", "b''\nclosed\n")


async def test_without_the_proxy_there_is_no_network(tmp_path: Path) -> None:
    lines = """
for address in (("1.1.1.1", 443), ("8.8.8.8", 53)):
    try:
        socket.create_connection(address, timeout=5)
        print("REACHED")
    except OSError as error:
        print("refused")
try:
    print(socket.getaddrinfo("example.com", 443))
except OSError:
    print("refused")
"""
    for level in ("bubblewrap", "landlock"):
        outcome, reports = await fetched(tmp_path / "tree", lines, ["1.1.1.1"], level)
        assert (outcome.output, reports) == ("refused\n" * 3, [])


async def test_a_host_that_does_not_answer_is_told(tmp_path: Path) -> None:
    port = 1  # nothing listens there; a port that was free a moment ago may be another test's

    outcome, reports = await fetched(
        tmp_path / "tree", f"get('http://127.0.0.1:{port}/')", [f"127.0.0.1:{port}"]
    )

    assert outcome.output.startswith("502")
    assert "does not answer" in str(reports[0].refused)


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("1.1.1.1", True),
        ("2606:4700::1111", True),
        ("127.0.0.1", False),
        ("10.1.2.3", False),
        ("172.16.0.1", False),
        ("192.168.1.1", False),
        ("169.254.169.254", False),
        ("100.64.0.1", False),
        ("0.0.0.0", False),
        ("224.0.0.1", False),
        ("255.255.255.255", False),
        ("::", False),
        ("::1", False),
        ("fe80::1", False),
        ("fd00::1", False),
        ("ff02::1", False),
        ("::ffff:127.0.0.1", False),
        ("::ffff:1.1.1.1", True),
        ("::7f00:1", False),
        ("64:ff9b::a9fe:a9fe", False),
        ("2002:7f00:1::", False),
        ("64:ff9b:1:7::808:808", False),
        ("64:ff9b::808:808", True),
        ("fec0::1", False),
        ("192.88.99.1", False),
        ("198.18.0.1", False),
    ],
)
def test_addresses_of_the_internet_are_told_from_the_others(address: str, public: bool) -> None:
    assert is_public(address) is public


@pytest.mark.parametrize(
    ("text", "host", "port"),
    [
        ("packages.example.com", "packages.example.com", 443),
        ("Packages.Example.com.:80", "packages.example.com", 80),
        ("[::0:1]:8080", "::1", 8080),
        ("10.0.0.1:1", "10.0.0.1", 1),
    ],
)
def test_a_destination_is_read_in_one_form(text: str, host: str, port: int) -> None:
    assert Destination.parse(text) == Destination(host, port)


@pytest.mark.parametrize(
    "text", ["", ":1", "a:0", "a:70000", "a b", "a/b", "-a", "a:b", "[x]", "a\n"]
)
def test_what_is_no_destination_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"is no |At least 3 parts"):
        Destination.parse(text)


TLS = """
import os, ssl
def tls(there, name, pieces=1):
    host, port = os.environ["http_proxy"].removeprefix("http://").split(":")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    sent, got = ssl.MemoryBIO(), ssl.MemoryBIO()
    inside = context.wrap_bio(got, sent, server_hostname=name)
    try:
        inside.do_handshake()
    except ssl.SSLWantReadError:
        pass
    hello = sent.read()
    with socket.create_connection((host, int(port)), timeout=60) as line:
        line.sendall(f"CONNECT {there} HTTP/1.1\\r\\n\\r\\n".encode())
        print(line.recv(100).split()[1])
        step = len(hello) // pieces
        try:
            for at in range(0, len(hello), step):
                line.sendall(hello[at : at + step])
            print("heard", line.recv(100))
        except OSError as error:
            print("cut", error)
"""


@asynccontextmanager
async def listener() -> AsyncIterator[tuple[int, list[bytes]]]:
    """Take what comes first, and answer."""
    heard: list[bytes] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(2**16):
            heard.append(data)
            if len(heard) == 1:
                writer.write(b"hello")
                writer.write_eof()
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        yield server.sockets[0].getsockname()[1], heard


@pytest.mark.parametrize("pieces", [1, 40])
async def test_tls_for_another_name_in_a_tunnel_is_cut_and_told(
    tmp_path: Path, pieces: int
) -> None:
    async with listener() as (port, heard):
        there = f"localhost:{port}"
        lines = f"{TLS}\ntls({there!r}, 'stolen-words.example.com', {pieces})"
        allowed = [there, f"127.0.0.1:{port}"]
        outcome, reports = await fetched(tmp_path / "tree", lines, allowed)

    assert "heard b'hello'" not in outcome.output
    assert heard == []
    assert reports == [
        Reached("localhost", port),
        Reached("localhost", port, "it asks for stolen-words.example.com inside"),
    ]


async def test_tls_that_names_no_host_in_a_tunnel_to_one_is_cut_and_told(tmp_path: Path) -> None:
    async with listener() as (port, heard):
        there = f"localhost:{port}"
        lines = f"{TLS}\ntls({there!r}, None)"
        allowed = [there, f"127.0.0.1:{port}"]
        outcome, reports = await fetched(tmp_path / "tree", lines, allowed)

    assert "heard b'hello'" not in outcome.output
    assert (heard, reports[1:]) == (
        [],
        [Reached("localhost", port, "it asks for no name inside")],
    )


@pytest.mark.parametrize(("host", "name"), [("localhost", "'localhost'"), ("127.0.0.1", "None")])
async def test_tls_for_the_allowed_host_goes_through(tmp_path: Path, host: str, name: str) -> None:
    async with listener() as (port, heard):
        there = f"{host}:{port}"
        lines = f"{TLS}\ntls({there!r}, {name}, 3)"
        allowed = [there, f"127.0.0.1:{port}"]
        outcome, reports = await fetched(tmp_path / "tree", lines, allowed)

    assert "heard b'hello'" in outcome.output
    assert (len(heard), reports) == (1, [Reached(host, port)])
