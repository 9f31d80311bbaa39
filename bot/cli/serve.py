"""Run the service: the composition root of everything that stays up."""

import asyncio
import contextlib
import ctypes
import gc
import json
import logging
import math
import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import uvloop
from aiohttp import web

from bot import log
from bot.cli.door import Door, read_apart
from bot.cli.listening import Open, listen
from bot.cli.telling import board_of, lean_board, show
from bot.engine.cluster import lock
from bot.intake.journal import Journal
from bot.intake.webhook import PATH
from bot.store.schema import version as schema
from bot.store.sqlite import SqliteFile, sqlite_path

if TYPE_CHECKING:
    from bot.cli.equipment import Equipment
    from bot.cli.service import Service
    from bot.settings import Settings

_M_ARENA_MAX = -8  # of malloc.h
_YOUNG = 2000  # objects between two collections: many more are megabytes of garbage
_log = logging.getLogger(__name__)


def run(role: str) -> int:
    """Serve until SIGTERM or SIGINT; answer the exit code. Raises OperatorError."""
    _share_one_heap()
    settings = None if role == "web" else _load()
    door = Door.of(settings) if settings else read_apart()
    log.configure(door.log_format, door.secrets)
    with _alone(door, role):
        uvloop.run(_serve(door, settings, role))
    return 0


def _alone(door: Door, role: str) -> contextlib.AbstractContextManager[None]:
    """Hold the data directory, unless all that is kept goes to a server that several may use."""
    if role == "web" and sqlite_path(door.database_url) is None:
        return contextlib.nullcontext()
    return lock.hold(Path(door.data_dir))


def _load() -> "Settings":
    from bot.settings import Settings, load

    return load(Settings)


async def _serve(door: Door, settings: "Settings | None", role: str) -> None:
    stop = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    equipment = await _equipped(settings) if settings else None
    where = await schema.prepare_any(door.database_url)
    service: Service | None = None
    if settings and equipment:
        if isinstance(where, SqliteFile):
            where.close()
        journal, service = await _all_in_one(settings, equipment, role)
        service.stop = stop
    else:
        journal = await Journal.open(where)
    app = web.Application()
    show(app, service.board if service else lean_board(role, journal), door)
    entrance = await listen(app, door, None if role == "worker" else journal)
    _spare_the_collector()
    _let_the_door_go_first()
    _say_ready(entrance, door, role)
    if service is None:
        await stop.wait()
    else:
        await _until(stop, service)
    await entrance.close()
    await journal.close()
    if service is not None:
        await service.leave()
    # Runs under way stop here as by a crash, and go on at the next start in the same way: one way
    # to end is one to test, and closing what a step uses would be recorded as the step's failure.
    os._exit(0)


async def _equipped(settings: "Settings") -> "Equipment":
    """Refuse what is wrong in what the settings name before anything is made or migrated."""
    from bot.cli.equipment import equip

    return await equip(settings)


async def _all_in_one(
    settings: "Settings", equipment: "Equipment", role: str
) -> tuple[Journal, "Service"]:
    """Load the rest of the house: a process that only takes deliveries in does without it."""
    from bot.cli.service import Service
    from bot.store.database import Database

    database = await Database.open(settings.database_url, patience=math.inf)
    journal = await Journal.open(database.file or database.url)
    board = board_of(role, journal, database)
    service = Service(
        settings=settings, equipment=equipment, database=database, journal=journal, board=board
    )
    return journal, service


def _share_one_heap() -> None:
    """Keep the C library from making a heap for each thread, which never gives memory back.

    Python's own lock lets one thread at a time allocate anyway. Only glibc has heaps to spare.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_M_ARENA_MAX, 1)


def _spare_the_collector() -> None:
    """Leave what was loaded out of every later collection, which would hold deliveries up."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(_YOUNG, 20, 100)


def _let_the_door_go_first() -> None:
    """Have threads that query a database give way sooner than after Python's 5 ms."""
    sys.setswitchinterval(0.0005)


async def _until(stop: asyncio.Event, service: "Service") -> None:
    """Work until told to stop; a setting that GitHub refuses ends it."""
    working = asyncio.create_task(service.work())
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait((working, stopping), return_when=asyncio.FIRST_COMPLETED)
    if working.done():
        working.result()
    elif await service.drain():
        await service.end()
        return
    working.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await working
    await service.end()


def _say_ready(entrance: Open, door: Door, role: str) -> None:
    host, port = entrance.address
    url = door.public_url or f"http://{f'[{host}]' if ':' in host else host}:{port}"
    webhook = None if role == "worker" else f"{url}{PATH}"
    line = {"url": url, "webhook_url": webhook, "role": role, "pid": os.getpid()}
    if sys.stdout is not None:  # `>&-`: nobody wants to know
        sys.stdout.write(json.dumps(line) + "\n")
        sys.stdout.flush()
