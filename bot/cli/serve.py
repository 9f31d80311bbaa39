"""Run the service: the composition root of everything that stays up."""

import asyncio
import contextlib
import errno
import gc
import json
import logging
import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import uvloop
from aiohttp import web

from bot import log
from bot.cli.door import Door, read_apart
from bot.engine import lock
from bot.errors import OperatorError
from bot.intake.entrance import Entrance
from bot.intake.journal import Journal
from bot.intake.webhook import PATH
from bot.store import schema
from bot.store.sqlite import SqliteFile, sqlite_path

if TYPE_CHECKING:
    from bot.cli.service import Service
    from bot.settings import Settings

PORT_TAKEN = 4  # exit code
_log = logging.getLogger(__name__)


def run(role: str) -> int:
    """Serve until SIGTERM or SIGINT; answer the exit code. Raises OperatorError."""
    settings = None if role == "web" else _load()
    door = Door.of(settings) if settings else read_apart()
    log.configure(door.log_format, door.secrets)
    path = sqlite_path(door.database_url)
    if path is None:
        raise OperatorError(
            "COPPICE_DATABASE_URL: running on PostgreSQL is not built yet; leave it out to use"
            " SQLite in the data directory."
        )
    with lock.hold(Path(door.data_dir)):
        uvloop.run(_serve(door, path, settings, role))
    return 0


def _load() -> "Settings":
    from bot.settings import Settings, load

    return load(Settings)


async def _serve(door: Door, path: Path, settings: "Settings | None", role: str) -> None:
    stop = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    file = SqliteFile(path)
    await schema.prepare(file)
    service: Service | None = None
    if settings:
        file.close()
        journal, service = await _all_in_one(settings)
    else:
        journal = await Journal.open(file)
    entrance = await _listen(door, journal, service)
    _spare_the_collector()
    _let_the_door_go_first()
    _say_ready(entrance, door, role)
    if service is None:
        await stop.wait()
    else:
        await _until(stop, service)
    await entrance.close()
    await journal.close()
    # Runs under way stop here as by a crash, and go on at the next start in the same way: one way
    # to end is one to test, and closing what a step uses would be recorded as the step's failure.
    sys.stdout.flush()
    os._exit(0)


async def _all_in_one(settings: "Settings") -> tuple[Journal, "Service"]:
    """Load the rest of the house: a process that only takes deliveries in does without it."""
    from bot.cli.service import Service
    from bot.store.database import Database

    database = await Database.open(settings.database_url)
    journal = await Journal.open(database.file)
    return journal, Service(settings=settings, database=database, journal=journal)


def _spare_the_collector() -> None:
    """Leave what was loaded out of every later collection, which would hold deliveries up."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)


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
    working.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await working


async def _listen(door: Door, journal: Journal, service: "Service | None") -> Entrance:
    app = web.Application()

    async def alive(_request: web.Request) -> web.Response:
        return web.json_response({"ok": True})

    async def ready(_request: web.Request) -> web.Response:
        ok = service is None or service.ready
        return web.json_response({"ok": ok}, status=200 if ok else 503)

    app.router.add_get("/healthz", alive)
    app.router.add_get("/readyz", ready)
    secret = door.webhook_secret
    try:
        return await Entrance.open(app, journal, secret=secret, host=door.host, port=door.port)
    except OSError as error:
        if error.errno not in (errno.EADDRINUSE, errno.EACCES):
            raise
        raise OperatorError(
            f"port {door.port} on {door.host} cannot be had ({os.strerror(error.errno)});"
            " set COPPICE_PORT to another one, or to 0 for any that is free",
            exit_code=PORT_TAKEN,
        ) from error


def _say_ready(entrance: Entrance, door: Door, role: str) -> None:
    host, port = entrance.address
    url = door.public_url or f"http://{f'[{host}]' if ':' in host else host}:{port}"
    line = {"url": url, "webhook_url": f"{url}{PATH}", "role": role, "pid": os.getpid()}
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()
