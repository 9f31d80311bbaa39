"""Open the port: for webhooks and for what the process tells of itself, or for that alone."""

import errno
import os
from typing import Protocol

from aiohttp import web

from bot.cli.door import Door
from bot.errors import OperatorError
from bot.intake.entrance import Entrance
from bot.intake.journal import Journal

PORT_TAKEN = 4  # exit code


class Open(Protocol):
    """An open port."""

    @property
    def address(self) -> tuple[str, int]:
        """Host and port; the first where a name stands for several."""

    async def close(self) -> None: ...


class Window:
    """A port on which nothing is taken in: what a worker has."""

    def __init__(self, runner: web.AppRunner) -> None:
        self._runner = runner

    @property
    def address(self) -> tuple[str, int]:
        host, port = self._runner.addresses[0][:2]
        return host, port

    async def close(self) -> None:
        await self._runner.cleanup()


async def listen(app: web.Application, door: Door, journal: Journal | None) -> Open:
    """Serve ``app``, with the webhook where there is a journal. Raises OperatorError."""
    try:
        if journal is None:
            return await _window(app, door)
        keys = (door.webhook_secret, *filter(None, (door.webhook_secret_previous,)))
        return await Entrance.open(app, journal, secrets=keys, host=door.host, port=door.port)
    except OSError as error:
        if error.errno not in (errno.EADDRINUSE, errno.EACCES):
            raise OperatorError(
                f"COPPICE_HOST={door.host} cannot be listened on ({error.strerror}); set it to an"
                " address of this machine: 127.0.0.1, or 0.0.0.0 for all that it has"
            ) from error
        raise OperatorError(
            f"port {door.port} on {door.host} cannot be had ({os.strerror(error.errno)});"
            " set COPPICE_PORT to another one, or to 0 for any that is free",
            exit_code=PORT_TAKEN,
        ) from error


async def _window(app: web.Application, door: Door) -> Window:
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, door.host, door.port).start()
    except OSError:
        await runner.cleanup()
        raise
    return Window(runner)
