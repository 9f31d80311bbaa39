"""Fill two stores, one with a hundredth and one with all; print how much longer each look takes."""

import argparse
import asyncio
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from benchmarks.scale.filling import Size, fill
from benchmarks.scale.looking import Place, commands, questions
from bot.store.database import Database
from tests import postgres

GOAL = 1.5
SMALL = Size(1000, 1000)
TIMES, COMMAND_TIMES = 40, 3
FLOOR = 0.005
"""Seconds: below this a ratio is noise and nobody's wait."""


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scale")
    parser.add_argument("--runs", type=int, default=100_000)
    parser.add_argument("--deliveries", type=int, default=1_000_000)
    parser.add_argument("--db", choices=("sqlite", "postgresql"), default="sqlite")
    arguments = parser.parse_args()
    large = Size(arguments.runs, arguments.deliveries)
    with tempfile.TemporaryDirectory(prefix="coppice-scale-") as name, ExitStack() as stack:
        urls = _urls(arguments.db, Path(name), stack)
        found = asyncio.run(_compare(Path(name), urls, large))
    slow = [each for each in found if not each["ok"]]
    print(json.dumps({"runs": large.runs, "deliveries": large.deliveries, "slow": len(slow)}))
    return 1 if slow else 0


def _urls(kind: str, folder: Path, stack: ExitStack) -> Iterator[str]:
    if kind == "sqlite":
        return iter([f"sqlite:///{folder}/{name}/coppice.sqlite" for name in ("small", "large")])
    server = stack.enter_context(postgres.running(autovacuum_naptime="10s"))
    return iter([server.empty(), server.empty()])


async def _compare(folder: Path, urls: Iterator[str], large: Size) -> list[dict[str, Any]]:
    places = []
    for name, size in (("small", SMALL), ("large", large)):
        (folder / name).mkdir(mode=0o700)
        url = next(urls)
        began = time.monotonic()
        database = await Database.open(url)
        await fill(database, size)
        _say(f"{name}: {size.runs} runs, {size.deliveries} deliveries,"
             f" filled in {time.monotonic() - began:.0f} s")  # fmt: skip
        places.append(Place(database, url, folder / name, size))
    found = [await _question(name, places) for name in questions(places[0])]
    found += [_command(name, places) for name in commands(places[0])]
    for place in places:
        await place.database.close()
    return found


async def _question(name: str, places: list[Place]) -> dict[str, Any]:
    """Ask both stores in turn."""
    series: list[list[float]] = [[], []]
    for n in range(TIMES + 1):
        for place, times in zip(places, series, strict=True):
            began = time.perf_counter()
            await place.database.read(questions(place)[name])
            if n:
                times.append(time.perf_counter() - began)
    return _told(name, *map(statistics.median, series))


def _command(name: str, places: list[Place]) -> dict[str, Any]:
    calls: list[Callable[[], float]] = [commands(place)[name] for place in places]
    series = [[call() for call in calls] for _ in range(COMMAND_TIMES)]
    small, large = (statistics.median(times) for times in zip(*series, strict=True))
    return _told(name, small, large)


def _told(name: str, small: float, large: float) -> dict[str, Any]:
    ratio = large / small
    ok = ratio <= GOAL or large < FLOOR
    told = {
        "name": name,
        "small_ms": round(small * 1000, 2),
        "large_ms": round(large * 1000, 2),
        "ratio": round(ratio, 2),
        "goal": f"at most {GOAL}x, or less than {FLOOR * 1000:g} ms",
        "ok": ok,
    }
    print(json.dumps(told), flush=True)
    return told


def _say(text: str) -> None:
    print(f"scale: {text}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
