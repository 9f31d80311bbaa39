"""What the benchmarks of whole programs share: a forge alone, a rival's process, a fresh issue."""

import asyncio
import json
import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp

from tests.service.world import Program, World

ENDED = ("done", "failed", "blocked", "cancelled")
LOOK_SECONDS = 0.25  # seldom, because looking takes time from what is measured
SETTLING_SECONDS = 0.5


@asynccontextmanager
async def forge_alone(folder: Path, session: aiohttp.ClientSession) -> AsyncIterator[World]:
    """Run a forge with the demo's repository and nothing of Coppice."""
    arguments = ("forge", "--json", "--state", str(folder / "forge"), "--seed", "demo")
    forge = await Program.start(folder / "forge.log", arguments, {})
    try:
        yield World(folder, forge, session, {})
    finally:
        await forge.kill()


@asynccontextmanager
async def program(*command: str, environment: Mapping[str, str]) -> AsyncIterator[dict[str, Any]]:
    """Run a rival until the block is left; gives what it said when it was ready."""
    process = await asyncio.create_subprocess_exec(
        *command,
        stdout=asyncio.subprocess.PIPE,
        env={"PATH": os.environ["PATH"], **environment},
    )
    try:
        line = await process.stdout.readline() if process.stdout else b""
        yield json.loads(line)
    finally:
        process.terminate()
        await process.wait()


async def new_issue(there: World) -> int:
    """Open an issue, and wait until everybody has heard of it."""
    made = await there.repo("POST", "/issues", {"title": "A note", "body": "Write it down."})
    await asyncio.sleep(SETTLING_SECONDS)
    return int(made["number"])


async def until_ended(there: World, issue: int) -> dict[str, Any]:
    """Wait until the run of an issue is over and its last events are worked off; answer it."""
    while True:
        mine = [row for row in await there.runs() if row["issue"] == issue]
        if mine and mine[0]["status"] in ENDED:
            await asyncio.sleep(SETTLING_SECONDS)
            return dict(mine[0])
        await asyncio.sleep(LOOK_SECONDS)


async def until_ready(there: World) -> None:
    """Wait until the service acts on deliveries; it takes them in a moment before."""
    if there.service is None:
        raise RuntimeError("there is no service")
    while True:
        async with there.session.get(f"{there.service.ready['url']}/readyz") as answer:
            if answer.ok:
                return
        await asyncio.sleep(LOOK_SECONDS)
