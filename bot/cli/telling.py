"""What the process tells of itself on its port: health and figures."""

from functools import partial
from typing import TYPE_CHECKING, cast

from aiohttp import web

from bot.cli.door import Door
from bot.intake.journal import Journal
from bot.intake.webhook import PATH
from bot.store.journal.arrivals import Settlement
from bot.telemetry import door as shown
from bot.telemetry.board import Board
from bot.telemetry.health import Health, Unready

if TYPE_CHECKING:
    from bot.runs import DecisionKind
    from bot.store.database import Database


def lean_board(role: str, journal: Journal) -> Board:
    """Make the board of a process that only takes deliveries in."""
    health = Health()
    health.probe("database", partial(_write_nothing, journal))
    return Board(role=role, health=health, journal=journal)


def board_of(role: str, journal: Journal, database: "Database") -> Board:
    """Make the board of a process that acts on them."""
    from bot.store import figures

    async def look() -> None:
        if not await database.read(figures.takes_writes):
            raise Unready("can only be read")

    health = Health("GitHub", "engine")
    health.probe("database", look)
    read = partial(database.read, figures.read)
    return Board(role=role, health=health, journal=journal, read=read)


def show(app: web.Application, board: Board, door: Door) -> None:
    """Serve them."""
    access = shown.Access(
        metrics=door.metrics, token=door.metrics_token, public_url=door.public_url
    )
    shown.add(app, board, access, webhook=PATH)


async def _write_nothing(journal: Journal) -> None:
    """Have the journal commit a change of no row: that shows a database that takes no writes."""
    await journal.settle(Settlement(0, cast("DecisionKind", "ignore"), 0))
