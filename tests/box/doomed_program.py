"""Kill itself while a command of its runs in a box.

usage: doomed_program.py TREE [with its servers | at its end]

`with its servers`: all that watches over the command is killed at once, and nothing else holds it.
`at its end`: a command runs to its end, and so does this.
"""

import asyncio
import os
import signal
import sys
from pathlib import Path

from bot.box import probe
from bot.box.landlock import Landlock
from tests.box.boxed import appears, command

BEAT = "while :; do printf x >> begun; sleep 0.02; done"


async def die(tree: Path) -> None:
    box = await probe("landlock")
    async with box.open(command(tree, "echo x > begun; sleep 100")):
        await appears(tree / "begun")
        os.kill(os.getpid(), signal.SIGKILL)


async def die_with_servers(tree: Path) -> None:
    box = Landlock(read=(Path(sys.prefix),))
    async with box.open(command(tree, f"setsid sh -c '{BEAT}' & wait")) as process:
        await appears(tree / "begun")
        below = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
        for number in (signal.SIGSTOP, signal.SIGKILL):
            for pid in (process.pid, *map(int, below), os.getpid()):
                if number != signal.SIGSTOP or pid != os.getpid():
                    os.kill(pid, number)


async def end_well(tree: Path) -> None:
    await Landlock(read=(Path(sys.prefix),)).run(command(tree, "true"))


ENDS = {"": die, "with its servers": die_with_servers, "at its end": end_well}

if __name__ == "__main__":
    asyncio.run(ENDS[" ".join(sys.argv[2:])](Path(sys.argv[1])))
