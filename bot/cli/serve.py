"""Run the service: the composition root of everything that stays up."""

import asyncio
import contextlib
import errno
import json
import logging
import os
import signal
import sys

import uvloop
from aiohttp import web

from bot import log
from bot.cli.service import Service
from bot.engine import lock
from bot.errors import OperatorError
from bot.intake.journal import Journal
from bot.intake.webhook import PATH, add_webhook
from bot.settings import Settings, load
from bot.store.database import Database

PORT_TAKEN = 4  # exit code
_log = logging.getLogger(__name__)


def run(role: str) -> int:
    """Serve until SIGTERM or SIGINT; answer the exit code. Raises OperatorError."""
    settings = load(Settings)
    log.configure(settings.log_format, settings.secrets)
    settings.prepare_data_dir()
    if not settings.is_sqlite:
        raise OperatorError(
            "COPPICE_DATABASE_URL: running on PostgreSQL is not built yet; leave it out to use"
            " SQLite in the data directory."
        )
    with lock.hold(settings.data_dir):
        uvloop.run(_serve(settings, role))
    return 0


async def _serve(settings: Settings, role: str) -> None:
    stop = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    database = await Database.open(settings.database_url)
    journal = await Journal.open(database.file)
    service = (
        None if role == "web" else Service(settings=settings, database=database, journal=journal)
    )
    runner = await _listen(settings, journal, service)
    _say_ready(runner, settings, role)
    if service is None:
        await stop.wait()
    else:
        await _until(stop, service)
    await runner.cleanup()
    await journal.close()
    # Runs under way stop here as by a crash, and go on at the next start in the same way: one way
    # to end is one to test, and closing what a step uses would be recorded as the step's failure.
    sys.stdout.flush()
    os._exit(0)


async def _until(stop: asyncio.Event, service: Service) -> None:
    """Work until told to stop; a setting that GitHub refuses ends it."""
    working = asyncio.create_task(service.work())
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait((working, stopping), return_when=asyncio.FIRST_COMPLETED)
    if working.done():
        working.result()
    working.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await working


async def _listen(settings: Settings, journal: Journal, service: Service | None) -> web.AppRunner:
    app = web.Application()
    add_webhook(app, journal, secret=settings.webhook_secret.get_secret_value())

    async def alive(_request: web.Request) -> web.Response:
        return web.json_response({"ok": True})

    async def ready(_request: web.Request) -> web.Response:
        ok = service is None or service.ready
        return web.json_response({"ok": ok}, status=200 if ok else 503)

    app.router.add_get("/healthz", alive)
    app.router.add_get("/readyz", ready)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, settings.host, settings.port, backlog=1024).start()
    except OSError as error:
        if error.errno not in (errno.EADDRINUSE, errno.EACCES):
            raise
        raise OperatorError(
            f"port {settings.port} on {settings.host} cannot be had ({error.strerror});"
            " set COPPICE_PORT to another one, or to 0 for any that is free",
            exit_code=PORT_TAKEN,
        ) from error
    return runner


def _say_ready(runner: web.AppRunner, settings: Settings, role: str) -> None:
    host, port = runner.addresses[0][:2]
    url = settings.public_url or f"http://{f'[{host}]' if ':' in host else host}:{port}"
    line = {"url": url, "webhook_url": f"{url}{PATH}", "role": role, "pid": os.getpid()}
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()
