"""Listen for webhooks, and serve the rest of the application on the same port."""

import asyncio
import logging
from collections.abc import Sequence
from typing import Self, cast

from aiohttp import web
from aiohttp.http import HttpProcessingError

from bot.intake.hatch import Hatches
from bot.intake.journal import Journal
from bot.intake.webhook import add_webhook, encoded

_BACKLOG = 1024
_SERVER = logging.getLogger("aiohttp.server")
_LONGEST_COMMIT = 10.0  # seconds


class _NoHttp(logging.Filter):
    """Leaves out what is no HTTP: it was answered by 400, and nobody here can mend its sender."""

    def filter(self, record: logging.LogRecord) -> bool:
        return not (record.exc_info and isinstance(record.exc_info[1], HttpProcessingError))


_NO_HTTP = _NoHttp()


class Entrance:
    """An open port; belongs to the event loop that opened it."""

    def __init__(self, server: asyncio.Server, runner: web.AppRunner, hatches: Hatches) -> None:
        self._server = server
        self._runner = runner
        self._hatches = hatches

    @classmethod
    async def open(
        cls,
        app: web.Application,
        journal: Journal,
        *,
        secrets: Sequence[str],
        host: str,
        port: int,
    ) -> Self:
        """Add the webhook to `app` and serve it. Raises OSError when the port cannot be had."""
        add_webhook(app, journal, secrets=secrets)
        _SERVER.addFilter(_NO_HTTP)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        others = cast(web.Server, runner.server)  # it has one once it is set up
        hatches = Hatches(journal=journal, secrets=encoded(secrets), others=others)
        try:
            loop = asyncio.get_running_loop()
            server = await loop.create_server(hatches, host, port, backlog=_BACKLOG)
        except OSError:
            await runner.cleanup()
            raise
        return cls(server, runner, hatches)

    @property
    def address(self) -> tuple[str, int]:
        """Host and port; the first where a name stands for several."""
        host, port = self._server.sockets[0].getsockname()[:2]
        return host, port

    async def close(self) -> None:
        """Take no more connections, and answer what has come in."""
        self._server.close()
        ending = [connection.close() for connection in self._hatches.open]
        if unanswered := [future for future in ending if future]:
            await asyncio.wait(unanswered, timeout=_LONGEST_COMMIT)
        await self._runner.cleanup()
