"""Command line of the chaos run: one line of JSON at the end, all else on stderr."""

import argparse
import asyncio
import json
import random
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.chaos import picture, play
from benchmarks.chaos.stories import plot


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.chaos")
    parser.add_argument("--duration", type=float, default=0.0, help="seconds of chaos")
    parser.add_argument("--runs", type=int, default=0, help="stories to play, where given")
    parser.add_argument("--kills", type=int, default=0, help="kill at least so often")
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("--db", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--calm", action="store_true", help="break nothing")
    parser.add_argument("--keep", help="an empty directory for logs and data")
    arguments = parser.parse_args()
    seed = arguments.seed if arguments.seed is not None else random.SystemRandom().randrange(10**9)
    play.say(f"seed {seed}")
    wish = play.Wish(
        seed=seed,
        database=arguments.db,
        seconds=arguments.duration,
        runs=arguments.runs,
        kills=arguments.kills,
        calm=arguments.calm,
    )
    with tempfile.TemporaryDirectory(prefix="coppice-chaos-") as scratch:
        found = asyncio.run(_compare(wish, Path(arguments.keep or scratch)))
    print(json.dumps(found), flush=True)
    return 0 if not found["lost"] and not found["doubled"] and not found["changed"] else 1


async def _compare(wish: play.Wish, folder: Path) -> dict[str, Any]:
    began = time.monotonic()
    chaos = await play.in_chaos(wish, folder / "chaos")
    play.say(f"chaos over after {time.monotonic() - began:.0f} s; now the same in peace")
    peace = await play.undisturbed(plot(wish.most), chaos.begun, folder / "peace")
    found = picture.compare(peace.picture, chaos.picture)
    ends = sorted((peace.endings - chaos.endings) + (chaos.endings - peace.endings))
    lost = [*chaos.books.lost, *chaos.books.stuck, *chaos.in_vain, *found.lost]
    for name, what in (
        ("lost", lost),
        ("doubled", found.doubled),
        ("changed", found.changed),
        ("ended otherwise", ends),
    ):
        for line in what:
            play.say(f"{name}: {line}")
    return {
        "seed": wish.seed,
        "runs": len(chaos.begun),
        "kills": chaos.killed.total(),
        "faults": chaos.faults.total(),
        "lost": len(lost) + chaos.books.unpaid,
        "doubled": len(found.doubled),
        "changed": len(found.changed),
        "unpaid": chaos.books.unpaid,
        "model_calls": chaos.books.calls,
        "objects": chaos.picture.total(),
        "killed": dict(chaos.killed),
        "fault_kinds": dict(chaos.faults),
        "seconds": round(time.monotonic() - began),
    }


if __name__ == "__main__":
    sys.exit(main())
