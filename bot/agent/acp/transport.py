"""JSON-RPC messages of an agent, checked before the library sees them; it trusts its agent."""

import asyncio
import json
from collections.abc import Awaitable, Callable

from bot.agent.reading import Lines, Overflow, Unreadable, parsed
from bot.box import BoxedProcess
from bot.runs import Json

UPDATE = "session/update"
SHOWN = 200
MOST_UNANSWERED = 64
"""Questions of an agent's at once; one that does not hear our answers is read no further."""

Told = Callable[[dict[str, Json]], Awaitable[None]]


class BoundedTransport:
    """An `acp` transport; updates go to ``told`` in their order, and nothing is read meanwhile."""

    def __init__(self, process: BoxedProcess, told: Told) -> None:
        self._process = process
        self._lines = Lines(process)
        self._told = told
        self._answering = asyncio.Semaphore(MOST_UNANSWERED)
        self.problem: Unreadable | Overflow | None = None
        """Why it reads no further."""

    async def send(self, message: dict[str, Json]) -> None:
        try:
            self._process.stdin.write(json.dumps(message).encode() + b"\n")
            await self._process.stdin.drain()
        except (ConnectionError, RuntimeError) as error:
            raise ConnectionError("Connection closed") from error
        finally:
            if "method" not in message:
                self._answering.release()

    async def receive(self) -> dict[str, Json] | None:
        """Return the next message, None at the end or at the first that is none."""
        try:
            while (line := await self._lines.next()) is not None:
                message = _checked(parsed(line), line)
                if message.get("method") != UPDATE:
                    if "method" in message and "id" in message:
                        await self._answering.acquire()
                    return message
                await self._told(message["params"])
        except (Unreadable, Overflow) as problem:
            self.problem = problem
        return None

    async def close(self) -> None:
        """Leave the pipes to the box."""


def _checked(message: dict[str, Json], line: str) -> dict[str, Json]:
    """Return what has the shape of a JSON-RPC message; raises Unreadable."""
    method, id, error = message.get("method"), message.get("id"), message.get("error")
    shapes = (
        message.get("jsonrpc") == "2.0",
        "id" not in message or isinstance(id, int | str),
        ("method" in message) != ("result" in message or "error" in message),
        "method" not in message or isinstance(method, str),
        isinstance(message.get("params", {}), dict),
        error is None or _is_error(error),
        method != UPDATE or "params" in message,
    )
    if not all(shapes):
        raise Unreadable(line.strip()[:SHOWN])
    return message


def _is_error(error: Json) -> bool:
    known = isinstance(error, dict) and isinstance(error.get("code"), int)
    return known and isinstance(error.get("message"), str)
