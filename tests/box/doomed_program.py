"""Kill itself while a command of its runs in a box; argument: the worktree."""

import asyncio
import os
import signal
import sys
from pathlib import Path

from bot.box import probe
from tests.box.boxed import appears, command


async def main(tree: Path) -> None:
    box = await probe("landlock")
    async with box.open(command(tree, "echo x > begun; sleep 100")):
        await appears(tree / "begun")
        os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
