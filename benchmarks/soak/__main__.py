"""Command line of the soak: stories in 20 repositories under faults, one line of JSON."""

import argparse
import asyncio
import json
import random
import sys
import tempfile
import time
from contextlib import AsyncExitStack
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.chaos import books, play
from benchmarks.chaos.arena import Arena, arena
from benchmarks.chaos.stories import ORDER, Home, plot
from benchmarks.chaos.weather import Weather
from benchmarks.soak.holding import Sample, growths, take
from tests import postgres

REPOSITORIES = 20
EVERY_SECONDS = 2.0
PACE_SECONDS = 7.0
"""Between two stories: 13 in a repository in half an hour; GitHub takes 500 writes an hour."""


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.soak")
    parser.add_argument("--duration", type=float, default=1800.0, help="seconds")
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("--db", choices=("sqlite", "postgresql"), default="sqlite")
    arguments = parser.parse_args()
    seed = arguments.seed if arguments.seed is not None else random.SystemRandom().randrange(10**9)
    play.say(f"soak, seed {seed}")
    with tempfile.TemporaryDirectory(prefix="coppice-soak-") as folder:
        found = asyncio.run(_soak(Path(folder), arguments.duration, seed, arguments.db))
    print(json.dumps(found), flush=True)
    return 0 if found["flat"] and not found["stuck"] and not found["lost"] else 1


async def _soak(folder: Path, seconds: float, seed: int, kind: str) -> dict[str, Any]:
    places = [Home(number=n + 1, kind=ORDER[n % len(ORDER)]) for n in range(REPOSITORIES)]
    stories = plot(max(REPOSITORIES, int(seconds / PACE_SECONDS)), places)
    async with AsyncExitStack() as stack:
        url = ""
        if kind == "postgresql":
            url = stack.enter_context(postgres.running(fsync="on")).empty()
        here = await stack.enter_async_context(arena(folder / "soak", stories, url))
        weather = Weather(here.door, random.Random(f"faults {seed}"), pause=4.0)
        until = time.monotonic() + seconds
        async with asyncio.TaskGroup() as group:
            storm = group.create_task(weather.storm())
            sampling = group.create_task(_sample(here, until))
            begun, in_vain = await play.people(here, stories, partial(_in_time, until))
            storm.cancel()
        await weather.clear()
        database = await here.database()
        stuck = await books.settle(here, database)
        audit = await books.audit(here, database, stuck)
        await database.close()
    found = {role: growths(samples) for role, samples in sampling.result().items()}
    return {
        "seed": seed,
        "seconds": seconds,
        "runs": len(begun),
        "faults": weather.asked.total(),
        "stuck": len(stuck) + len(in_vain),
        "lost": len(audit.lost),
        "unpaid": audit.unpaid,
        "flat": all(growth.flat for each in found.values() for growth in each),
        "held": {name: [asdict(growth) for growth in each] for name, each in found.items()},
    }


async def _in_time(until: float, _begun: int) -> bool:
    """Let one more story begin, after a while, as long as there is time."""
    await asyncio.sleep(PACE_SECONDS)
    return time.monotonic() < until


async def _sample(here: Arena, until: float) -> dict[str, list[Sample]]:
    """Look at every process now and then."""
    taken: dict[str, list[Sample]] = {server.log.stem: [] for server in here.servers}
    while (now := time.monotonic()) < until:
        for server in here.servers:
            taken[server.log.stem].append(take(server, now))
        await asyncio.sleep(EVERY_SECONDS)
    return taken


if __name__ == "__main__":
    sys.exit(main())
