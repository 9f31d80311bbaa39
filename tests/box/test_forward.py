"""A port of the box leads to a Unix socket of the host, and ends with the command."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from bot.box import Forward, probe
from tests.box.boxed import PYTHON, boxed, command

CALL = """
import socket
def call(port, data):
    with socket.create_connection(("127.0.0.1", port), timeout=60) as line:
        line.sendall(data)
        line.shutdown(socket.SHUT_WR)
        with line.makefile("rb") as answer:
            return answer.read()
"""


@asynccontextmanager
async def shouting(path: Path) -> AsyncIterator[Path]:
    """Answer, on a Unix socket, what comes in capitals once all has come."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write((await reader.read()).upper())
        await writer.drain()
        writer.close()

    async with await asyncio.start_unix_server(answer, path):
        yield path


def calling(tree: Path, lines: str) -> str:
    tree.mkdir(exist_ok=True)
    (tree / "call.py").write_text(CALL + lines)
    return f"{PYTHON} call.py"


async def test_what_is_sent_to_the_port_reaches_the_socket_and_comes_back(tmp_path: Path) -> None:
    script = calling(tmp_path / "tree", "print(call(8100, b'hello').decode())")

    async with shouting(tmp_path / "s") as path:
        outcome = await boxed(tmp_path / "tree", script, forward=(Forward(port=8100, socket=path),))

    assert (outcome.exit_code, outcome.output) == (0, "HELLO\n")


async def test_two_ports_lead_to_two_sockets_and_ten_megabytes_pass(tmp_path: Path) -> None:
    lines = "print(len(call(8100, b'x' * 10**7)), call(8200, b'y'))"
    script = calling(tmp_path / "tree", lines)

    async with shouting(tmp_path / "a") as one, shouting(tmp_path / "b") as two:
        forward = (Forward(port=8100, socket=one), Forward(port=8200, socket=two))
        outcome = await boxed(tmp_path / "tree", script, forward=forward)

    assert outcome.output == "10000000 b'Y'\n"


async def test_the_commands_exit_code_and_signal_come_through(tmp_path: Path) -> None:
    async with shouting(tmp_path / "s") as path:
        forward = (Forward(port=8100, socket=path),)
        ended = await boxed(tmp_path / "tree", "exit 7", forward=forward)
        killed = await boxed(tmp_path / "tree", "kill -TERM 0", forward=forward)
        absent = await boxed(tmp_path / "tree", "no-such-program", forward=forward)

    assert (ended.exit_code, killed.exit_code, absent.exit_code) == (7, 128 + 15, 127)


async def test_a_socket_that_nobody_serves_is_a_closed_line(tmp_path: Path) -> None:
    async with shouting(tmp_path / "s") as path:
        pass
    script = calling(tmp_path / "tree", "print(call(8100, b''))")

    outcome = await boxed(tmp_path / "tree", script, forward=(Forward(port=8100, socket=path),))

    assert "b''\n" in outcome.output
    assert "Connection refused" in outcome.output


async def test_an_open_process_talks_by_its_own_pipes(tmp_path: Path) -> None:
    box = await probe("bubblewrap")
    script = calling(tmp_path / "tree", "print(call(8100, input().encode()).decode(), flush=True)")

    async with shouting(tmp_path / "s") as path:
        given = command(tmp_path / "tree", script, forward=(Forward(port=8100, socket=path),))
        async with box.open(given) as process:
            process.stdin.write(b"hello\n")
            answer = await process.stdout.readline()

    assert answer == b"HELLO\n"
