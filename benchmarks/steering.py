"""How soon a command is seen, and an approval acted on, against a handler that keeps nothing.

Both bots have a forge of their own, whose list of writes tells the times. A stranger who floods
one of them with commands must not slow the others down.
"""

import asyncio
import statistics
import tempfile
from collections.abc import Coroutine
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path

import aiohttp

from benchmarks.figure import Figure, alone, compare, show
from benchmarks.first_reaction import rival
from benchmarks.stage import new_issue, until_ready
from bot.store import runs
from tests.service.gate import GATED, planned, shown
from tests.service.world import World, world

ROUNDS = 9
FLOOD, BURST, FLOODS = 500, 5, 2
OTHERS = 35  # in a minute, with two writes each: Coppice's own budget is 80
MINUTE = 61.0  # after it all of that budget is free again
AGAINST = "an aiohttp bot that asks for the permission, reacts and keeps nothing"
PATIENCE = 30.0


async def reaction(there: World, comment: int) -> float:
    """Wait for a reaction to a comment; answer when it was written."""
    async with asyncio.timeout(PATIENCE):
        while True:
            for write in await there.writes():
                if write["path"].endswith(f"/comments/{comment}/reactions"):
                    return float(write["at"])
            await asyncio.sleep(0.3)


async def seen(there: World, issue: int) -> float:
    """Write a command; answer the seconds until its reaction was there."""
    comment = await there.comment(issue, "/coppice help")
    await asyncio.sleep(0.5)  # nobody looks while it is measured
    return await reaction(there, comment) - await _written(there, issue)


async def _written(there: World, issue: int) -> float:
    """When the newest comment of a person was written."""
    path = f"/issues/{issue}/comments"
    mine = [
        w for w in await there.writes() if w["path"].endswith(path) and "[bot]" not in w["actor"]
    ]
    return float(mine[-1]["at"])


async def resumed(there: World) -> float:
    """Approve a plan; answer the seconds until the next stage runs."""
    issue, run = await planned(there)
    await shown(there, issue)
    await asyncio.sleep(1.0)
    await there.comment(issue, "/coppice approve")
    approved = await _written(there, issue)
    await there.ended(issue)
    if there.database is None:
        raise RuntimeError("nothing was read")
    stages = await there.database.read(lambda c: runs.stages(c, run["id"]))
    begun = [s.started_at for s in stages if s.name == "implement" and s.started_at]
    return begun[0] - approved


async def flooded(there: World) -> list[Figure]:
    """Five hundred commands of a stranger within a minute; what they cost, and others' p99.

    The forge is one process that sends a repository's deliveries one after the other, which GitHub
    does not: whoever comments much keeps others' from leaving it. What that alone costs is printed
    beside: the same stranger writes as many comments in which there is no command.
    """
    await there.switch("limits", content_minute=10_000, content_hour=100_000, hourly=100_000)
    await there.person("flood", "none")
    issue, other = await new_issue(there), await new_issue(there)
    quiet: list[float] = []
    chatty: list[float] = []
    busy: list[float] = []
    made: list[int] = []
    await asyncio.sleep(MINUTE)
    for _ in range(FLOODS):
        quiet += (await _others(there, other, _comments(there, issue, "", times=0)))[0]
        chatty += (await _others(there, other, _comments(there, issue, "Me too.")))[0]
        waited, comments = await _others(there, other, _comments(there, issue, "/coppice run"))
        busy += waited
        made += comments
    await asyncio.sleep(5)
    return [*await _cost(there, issue, made), *_waits(busy, chatty, quiet)]


def _waits(busy: list[float], chatty: list[float], quiet: list[float]) -> tuple[Figure, Figure]:
    name, against = "p99 of others' 👀 in the flood", "the same without it"
    held = compare(name, against, "s", (_p99(busy), _p99(quiet)), most=1.5)
    plain = (_p99(chatty), _p99(quiet))
    beside = compare(f"{name} of plain comments", against, "s", plain, most=1.5)
    return held, replace(beside, goal="none: printed beside", ok=True)


async def _cost(there: World, issue: int, flood: list[int]) -> list[Figure]:
    """Count what Coppice wrote and read for the flood's comments on an issue."""
    ours = [w["path"] for w in await there.writes() if "[bot]" in w["actor"]]
    theirs = tuple(f"/comments/{comment}/reactions" for comment in flood)
    reactions = sum(path.endswith(theirs) for path in ours)
    comments = sum(path.endswith(f"/issues/{issue}/comments") for path in ours)
    reads = sum("/collaborators/flood/" in read["path"] for read in await _asked(there))
    name = f"{FLOODS} x {FLOOD} commands of a stranger, a minute each"
    return [
        alone(f"comments on {name}", "comments", comments, most=0),
        alone(f"reactions to {name}", "reactions", reactions, most=1),
        alone(f"reads of the permission, {name}", "reads", reads, most=2 * FLOODS),
    ]


async def _others(
    there: World, issue: int, flood: Coroutine[None, None, list[int]]
) -> tuple[list[float], list[int]]:
    """Answer what others waited in the minute of a flood, and what it answers itself."""
    flooding = asyncio.create_task(flood)
    waited: list[float] = []
    for _ in range(OTHERS):
        pause = asyncio.create_task(asyncio.sleep(MINUTE / OTHERS))
        waited.append(await seen(there, issue))
        await pause
    return waited, await flooding


async def _comments(there: World, issue: int, text: str, *, times: int = FLOOD) -> list[int]:
    """Comment on an issue so often within a minute; answer the ids."""
    made: list[int] = []
    for _ in range(times // BURST):
        pause = asyncio.create_task(asyncio.sleep(MINUTE * BURST / FLOOD))
        made += await asyncio.gather(
            *(there.comment(issue, text, who="flood") for _ in range(BURST))
        )
        await pause
    return made


async def _asked(there: World) -> list[dict[str, str]]:
    found: list[dict[str, str]] = await there.call("GET", f"{there.control}/reads")
    return found


def _p99(series: list[float]) -> list[float]:
    return [statistics.quantiles(series, n=100, method="inclusive")[98]]


async def measure(coppice: World, bot: World) -> None:
    issue, theirs = await new_issue(coppice), await new_issue(bot)
    await coppice.write_file(".github/coppice.yml", GATED)
    first: tuple[list[float], list[float]] = ([], [])
    for n in range(ROUNDS + 1):
        pair = await seen(coppice, issue), await seen(bot, theirs)
        if n:
            first[0].append(pair[0])
            first[1].append(pair[1])
    show(compare("command to 👀", AGAINST, "s", first, most=2))
    resume = [await resumed(coppice) for _ in range(5)]
    show(_with_half_a_second("/approve to the next stage running", resume, first[1]))


def _with_half_a_second(name: str, ours: list[float], theirs: list[float]) -> Figure:
    most = 2 * statistics.median(theirs) + 0.5
    good = statistics.median(ours) <= most
    return replace(
        compare(name, AGAINST, "s", (ours, theirs), most=2), goal="at most 2x and 0.5 s", ok=good
    )


async def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folders = [Path(name, part) for part in ("ours", "theirs", "flood")]
        for folder in folders:
            folder.mkdir()
        async with AsyncExitStack() as stack:
            session = await stack.enter_async_context(aiohttp.ClientSession())
            coppice = await stack.enter_async_context(world(folders[0]))
            await until_ready(coppice)
            bot = await stack.enter_async_context(rival(folders[1], session))
            await measure(coppice, bot)
        async with world(folders[2]) as fresh:  # the writes above are of the hour's budget, too
            await until_ready(fresh)
            show(*await flooded(fresh))


if __name__ == "__main__":
    asyncio.run(main())
