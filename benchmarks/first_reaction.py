"""How long after the label people see that somebody is at work, against a bot that keeps nothing.

Both bots have a forge of their own. Its list of writes tells both times, and nobody asks for it
while they are measured: the label, which sends the delivery, and the reaction.
"""

import asyncio
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp

from benchmarks.figure import compare, in_turn, show
from benchmarks.stage import forge_alone, new_issue, program, until_ended, until_ready
from tests.service.world import World, world

BOT = Path(__file__).parent / "rivals" / "reacting_bot.py"
SECONDS = 0.5  # in which each of them has reacted
PATIENCE = 20


@asynccontextmanager
async def rival(folder: Path, session: aiohttp.ClientSession) -> AsyncIterator[World]:
    """Run the bot beside its forge."""
    async with forge_alone(folder, session) as there:
        ready = there.forge.ready
        environment = {
            "API": ready["api_url"],
            "SECRET": ready["webhook_secret"],
            "APP_ID": str(ready["app_id"]),
            "INSTALLATION_ID": str(ready["installation_id"]),
            "PRIVATE_KEY_FILE": ready["private_key_file"],
        }
        async with program(sys.executable, str(BOT), environment=environment) as said:
            await there.call_app("PATCH", "/app/hook/config", {"url": said["webhook_url"]})
            yield there


async def reaction(there: World, number: int) -> float:
    """Label an issue; answer the seconds from the label to the reaction."""
    await there.label(number)
    await asyncio.sleep(SECONDS)
    for _ in range(PATIENCE):
        writes = await there.writes()
        reacted = _times(writes, f"/issues/{number}/reactions")
        if reacted:
            return reacted[0] - _times(writes, f"/issues/{number}/labels")[0]
        await asyncio.sleep(SECONDS)
    raise RuntimeError(f"nobody reacted to issue {number}")


def _times(writes: list[dict[str, Any]], ending: str) -> list[float]:
    return [float(write["at"]) for write in writes if write["path"].endswith(ending)]


async def ours(there: World) -> float:
    """The run has no script, so that it ends soon; the rival has its turn after that."""
    issue = await new_issue(there)
    seconds = await reaction(there, issue)
    await until_ended(there, issue)
    return seconds


async def theirs(there: World) -> float:
    return await reaction(there, await new_issue(there))


def main() -> None:
    with tempfile.TemporaryDirectory() as name, asyncio.Runner() as runner:

        async def enter() -> tuple[World, World]:
            folders = [Path(name, part) for part in ("ours", "theirs")]
            for folder in folders:
                folder.mkdir()
            session = await stack.enter_async_context(aiohttp.ClientSession())
            coppice = await stack.enter_async_context(world(folders[0]))
            await until_ready(coppice)
            return coppice, await stack.enter_async_context(rival(folders[1], session))

        stack = AsyncExitStack()
        try:
            coppice, bot = runner.run(enter())
            series = in_turn(
                lambda: runner.run(ours(coppice)), lambda: runner.run(theirs(bot)), rounds=9
            )
        finally:
            runner.run(stack.aclose())
    against = "an aiohttp bot that reacts in its handler and keeps nothing"
    show(compare("delivery sent to 👀 seen", against, "s", series, most=2))


if __name__ == "__main__":
    main()
