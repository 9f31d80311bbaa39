"""Command line of the chaos run: one line of JSON at the end, all else on stderr."""

import argparse
import asyncio
import json
import random
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.chaos import picture, play
from benchmarks.chaos.stories import plot

DIFFERENCES = ("lost", "doubled", "changed", "otherwise")
"""What has to be none at the end; "otherwise": runs that ended in another way."""


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.chaos")
    parser.add_argument("--duration", type=float, default=0.0, help="seconds of chaos")
    parser.add_argument("--runs", type=int, default=0, help="stories to play, where given")
    parser.add_argument("--kills", type=int, default=0, help="kill at least so often")
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("--db", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--calm", action="store_true", help="break nothing")
    parser.add_argument("--keep", help="a directory for logs and data, kept though all is well")
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
    folder = Path(arguments.keep or tempfile.mkdtemp(prefix="coppice-chaos-"))
    clean = False
    try:
        found = asyncio.run(_compare(wish, folder))
        clean = not any(found[what] for what in DIFFERENCES)
    finally:
        if clean and not arguments.keep:
            shutil.rmtree(folder)
        else:
            play.say(f"logs and data are in {folder}")
    print(json.dumps(found), flush=True)
    return 0 if clean else 1


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
        "otherwise": len(ends),
        "unpaid": chaos.books.unpaid,
        "model_calls": chaos.books.calls,
        "objects": chaos.picture.total(),
        "killed": dict(chaos.killed),
        "fault_kinds": dict(chaos.faults),
        "seconds": round(time.monotonic() - began),
    }


if __name__ == "__main__":
    sys.exit(main())
