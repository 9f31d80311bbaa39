"""Tools of MCP servers that the operator lists, each in a box of its own, without network.

A server gets the worktree to look at and nothing else; what it says of itself is data. Protocol:
JSON-RPC by lines on stdin and stdout, https://modelcontextprotocol.io/specification
"""

import asyncio
import itertools
import json
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from bot.agent.loop.shorten import shorten
from bot.agent.loop.tools import Desk, Refused, Result, Tool
from bot.box import BoxedProcess, Command
from bot.errors import StageFailed

PROTOCOL = "2025-06-18"
START_SECONDS = 30.0
CALL_SECONDS = 120.0
MOST_TOOLS = 64
MOST_CHARACTERS = 16_000
_NAME = re.compile(r"[A-Za-z0-9_-]{1,40}")


class _Broken(Exception):
    """The server does not keep to the protocol, or has ended."""


@dataclass(slots=True)
class _Server:
    name: str
    process: BoxedProcess
    numbers: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))
    broken: str = ""

    async def ask(self, method: str, params: Mapping[str, Any], seconds: float) -> Any:
        """Call a method; raises Refused with the server's own word, or that it broke."""
        if self.broken:
            raise Refused(self.broken)
        number = next(self.numbers)
        try:
            async with asyncio.timeout(seconds):
                await self.send({"id": number, "method": method, "params": params})
                answer = await self._answer(number)
        except (TimeoutError, ValueError, RecursionError, OSError, _Broken) as error:
            # what it answers later would be taken for the answer to another question
            self.broken = f"the MCP server {self.name} does not answer: {str(error) or 'too late'}"
            raise Refused(self.broken) from error
        if "error" in answer:
            raise Refused(shorten(str(_map(answer["error"]).get("message")), 2000))
        return _map(answer.get("result"))

    async def send(self, message: Mapping[str, Any]) -> None:
        line = json.dumps({"jsonrpc": "2.0", **message}) + "\n"
        self.process.stdin.write(line.encode())
        await self.process.stdin.drain()

    async def _answer(self, number: int) -> Mapping[str, Any]:
        """Read on to the answer; what the server asks or tells meanwhile is passed over."""
        while line := await self.process.stdout.readline():
            message = _map(json.loads(line))
            if message.get("id") == number and "method" not in message:
                return message
        raise _Broken("it has ended")


@asynccontextmanager
async def served(name: str, argv: tuple[str, ...], desk: Desk) -> AsyncIterator[list[Tool]]:
    """Start a server and give its tools; raises StageFailed (`mcp`) where it does not start."""
    mounts = tuple(replace(mount, writable=False) for mount in desk.context.mounts)
    log = desk.context.log.with_name(f"{desk.context.log.stem}-{name}.log")
    command = Command(argv=argv, mounts=mounts, seconds=desk.seconds(CALL_SECONDS), log=log)
    async with desk.context.box.open(command) as process:
        server = _Server(name, process)
        try:
            tools = await _introduced(server)
        except Refused as error:
            raise StageFailed("mcp", str(error), blocked=True) from error
        yield tools


async def _introduced(server: _Server) -> list[Tool]:
    about = {"name": "coppice", "version": "1"}
    hello = {"protocolVersion": PROTOCOL, "capabilities": {}, "clientInfo": about}
    await server.ask("initialize", hello, START_SECONDS)
    await server.send({"method": "notifications/initialized"})
    found: list[Tool] = []
    cursor: Mapping[str, str] = {}
    for _ in range(MOST_TOOLS):
        page = await server.ask("tools/list", cursor, START_SECONDS)
        listed = page.get("tools")
        listed = listed if isinstance(listed, list) else []
        found += [_tool(server, each) for each in map(_map, listed) if _usable(each)]
        if not isinstance(page.get("nextCursor"), str) or len(found) >= MOST_TOOLS:
            break
        cursor = {"cursor": page["nextCursor"]}
    return found[:MOST_TOOLS]


def _usable(given: Mapping[str, Any]) -> bool:
    name = given.get("name")
    return isinstance(name, str) and _NAME.fullmatch(name) is not None


def _tool(server: _Server, given: Mapping[str, Any]) -> Tool:
    called = str(given["name"])
    name = f"{server.name}_{called}"[:64]
    schema = _map(given.get("inputSchema"))

    async def call(desk: Desk, arguments: Mapping[str, Any]) -> Result:
        params = {"name": called, "arguments": arguments}
        answer = await server.ask("tools/call", params, desk.seconds(CALL_SECONDS))
        return Result(text=_text(answer), ok=answer.get("isError") is not True)

    return Tool(
        name=re.sub(r"[^A-Za-z0-9_-]", "_", name),
        description=shorten(str(given.get("description") or called), 2000),
        schema={"type": "object", "properties": {}} | schema,
        parse=dict,
        call=call,
        title=lambda _: name,
    )


def _text(answer: Mapping[str, Any]) -> str:
    content = answer.get("content")
    parts = [_map(part) for part in content] if isinstance(content, list) else []
    texts = [str(part["text"]) for part in parts if part.get("type") == "text" and "text" in part]
    return shorten("\n".join(texts), MOST_CHARACTERS) or "[nothing that is text]"


def _map(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
