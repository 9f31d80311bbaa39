"""What the gateway adds to a model's answer: first byte, rate, and a hundred streams at once.

Direct is the same endpoint on loopback without it; the gateway checks each request, reserves its
largest price on disk, and reads usage from the answer as it passes. Each side has a process of its
own, on uvloop as the service has.
"""

import asyncio
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import aiohttp
import uvloop
from aiohttp import web

from benchmarks.figure import alone, compare, in_turn, show
from bot.agent.catalogue import Catalogue, Endpoint, PriceTable
from bot.agent.gateway import Gateway, Job
from bot.agent.runtime import Api, Role
from bot.runs import Budget, Budgets
from bot.store.database import Database

THINKING = 0.05
CALLS = 30
"""In one round of the first figure."""
CHUNK = b'data: {"choices":[{"delta":{"content":"' + b"x" * 960 + b'"}}]}\n\n'
USAGE = b'data: {"choices":[],"usage":{"prompt_tokens":900,"completion_tokens":100}}\n\n'
STREAMS, PACE = 100, 0.02
PATH = "/v1/chat/completions"


async def upstream() -> None:
    """Play an endpoint: the request says how many chunks, how fast, and how long to think."""

    async def answer(request: web.Request) -> web.StreamResponse:
        told = json.loads(await request.read())["metadata"]
        await asyncio.sleep(told["think"])
        response = web.StreamResponse(headers={"content-type": "text/event-stream"})
        await response.prepare(request)
        for _ in range(told["chunks"]):
            await response.write(CHUNK)
            if told["pace"]:
                await asyncio.sleep(told["pace"])
        await response.write(USAGE)
        await response.write_eof()
        return response

    app = web.Application(client_max_size=2**26)
    app.router.add_post(PATH, answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    print(f"http://127.0.0.1:{runner.addresses[0][1]}", flush=True)
    await asyncio.Event().wait()


async def gateway(url: str, folder: str) -> None:
    database = await Database.open(f"sqlite:///{folder}/coppice.sqlite")
    endpoint = Endpoint(
        url=url, api=Api.CHAT, model="small", price=PriceTable(input=3.0, output=15.0)
    )
    budgets = Budgets(month=Budget(usd=1e6))
    door = Gateway(Catalogue(endpoints={"one": endpoint}), database, budgets, folder=Path(folder))
    job = Job(
        run_id="run",
        stage="implement",
        role=Role.IMPLEMENT,
        attempt=1,
        repository_id=1,
        repository="octo/shop",
        installation_id=1,
        person="ana",
        limits=Budget(usd=1e6),
    )
    async with door.open(job, "one") as opened:
        print(opened.path, flush=True)
        await asyncio.Event().wait()


class Way:
    """One way to the endpoint, direct or through the gateway."""

    def __init__(self, url: str, socket: str | None = None) -> None:
        self._url = url + PATH
        self._socket = socket

    def first_byte(self) -> float:
        """Milliseconds until a thinking endpoint's first word is here."""
        return uvloop.run(self._first_bytes())

    def rate(self) -> float:
        """Megabytes a second of a 10 MB stream."""
        return uvloop.run(self._rate())

    def streams(self) -> float:
        """Seconds until a hundred streams at once are complete."""
        return uvloop.run(self._streams())

    async def _first_bytes(self) -> float:
        async with self._session() as session:
            await self._one(session, chunks=1)
            took = [(await self._one(session, chunks=1, think=THINKING))[0] for _ in range(CALLS)]
        return statistics.median(took) * 1e3

    async def _rate(self) -> float:
        async with self._session() as session:
            await self._one(session, chunks=1)
            _, total, seconds = await self._one(session, chunks=10_000)
        return total / seconds / 1e6

    async def _streams(self) -> float:
        async with self._session() as session:
            began = time.perf_counter()
            done = await asyncio.gather(
                *(self._one(session, chunks=100, pace=PACE) for _ in range(STREAMS))
            )
            seconds = time.perf_counter() - began
        if {total // len(CHUNK) for _, total, _ in done} != {100}:
            raise RuntimeError("not every stream was complete")
        return seconds

    def _session(self) -> aiohttp.ClientSession:
        connector = (
            aiohttp.UnixConnector(path=self._socket, limit=0)
            if self._socket
            else aiohttp.TCPConnector(limit=0)
        )
        return aiohttp.ClientSession(connector=connector, read_bufsize=2**18)

    async def _one(
        self, session: aiohttp.ClientSession, *, chunks: int, think: float = 0.0, pace: float = 0.0
    ) -> tuple[float, int, float]:
        """Give the seconds to the first byte, the bytes, and the seconds in all."""
        body = {
            "model": "small",
            "stream": True,
            "stream_options": {"include_usage": True},
            "max_tokens": 1000,
            "messages": [{"role": "user", "content": "word " * 800}],
            "metadata": {"chunks": chunks, "think": think, "pace": pace},
        }
        began, first, total = time.perf_counter(), 0.0, 0
        async with session.post(self._url, json=body) as answer:
            answer.raise_for_status()
            async for piece in answer.content.iter_any():
                first = first or time.perf_counter() - began
                total += len(piece)
        return first, total, time.perf_counter() - began


@contextmanager
def started(*arguments: str) -> Iterator[tuple[int, str]]:
    """Run a side of it until the block is left; give its process id and its first line."""
    command = [sys.executable, "-m", "benchmarks.gateway", *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            line = process.stdout.readline() if process.stdout else ""
            yield process.pid, line.strip()
        finally:
            process.terminate()


def most_resident(pid: int) -> float:
    """Read the most memory that a process ever had resident, in MB."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) / 1024


def main() -> None:
    against = "the same endpoint direct"
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        _, url = stack.enter_context(started("upstream"))
        pid, socket = stack.enter_context(started("gateway", url, folder))
        ours, direct = Way("http://box", socket), Way(url)
        first = in_turn(ours.first_byte, direct.first_byte)
        show(compare("first byte, endpoint thinks 50 ms", against, "ms", first, most=1.05))
        rates = in_turn(ours.rate, direct.rate, rounds=9)
        show(compare("rate of a 10 MB stream", against, "MB/s", rates, least=0.8))
        many = in_turn(ours.streams, direct.streams, rounds=3)
        show(compare(f"{STREAMS} streams at once, all complete", against, "s", many, most=1.1))
        show(alone("memory of the gateway process, its most", "MB", most_resident(pid), most=100))


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["upstream"]:
            uvloop.run(upstream())
        case ["gateway", url, folder]:
            uvloop.run(gateway(url, folder))
        case _:
            main()
