"""A board as the service fills it in, and what a scrape of it says."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from aiohttp import ClientSession, web

from bot.store.figures import Figures
from bot.telemetry import door
from bot.telemetry.board import Board
from bot.telemetry.health import Health
from tests.telemetry.names import series

FIGURES = Figures(
    deliveries={"pending": 3, "error": 1, "dead": 2},
    lag=4.5,
    runs={"queued": 2, "running": 9},
    following=4,
    queued_seconds=60.0,
    stages={"implement": 2},
    calls=1,
    usd_today=1.25,
    paused=1,
    swept_at=1700000000.0,
    workers={"alive": 2},
)


@dataclass
class Journaled:
    arriving: int = 1
    entered: int = 7
    seen: int = 2
    refused: int = 1


def full_board(**values: object) -> Board:
    """A worker that leads, with everything there is to show."""

    async def read() -> Figures:
        return FIGURES

    board = Board(role="all", health=Health(), journal=Journaled(), read=read)
    board.leads, board.writes, board.box = (lambda: True), (lambda: 0.5), ("bubblewrap", 3)
    for name, value in values.items():
        setattr(board, name, value)
    return board


async def samples(board: Board) -> dict[str, float]:
    """What a scrape says: `name{label=value}` to number."""
    return series((await board.text()).decode())


async def names(board: Board) -> set[str]:
    """The names of all series."""
    return {name.partition("{")[0] for name in await samples(board)}


@asynccontextmanager
async def served(board: Board, access: door.Access) -> AsyncIterator[ClientSession]:
    """Serve a board on loopback, with a webhook that refuses everybody."""

    async def refuse(_: web.Request) -> web.Response:
        raise web.HTTPUnauthorized

    app = web.Application()
    app.router.add_post("/webhook", refuse)
    door.add(app, board, access, webhook="/webhook")
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        async with ClientSession(f"http://127.0.0.1:{runner.addresses[0][1]}") as session:
            yield session
    finally:
        await runner.cleanup()
