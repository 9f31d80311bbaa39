"""Run shell scripts in the box that this machine gives."""

import asyncio
import os
import sys
from pathlib import Path
from typing import Any

import pytest

from bot.box import TREE, Choice, Command, Mount, Outcome, probe

AS_ROOT = os.getuid() == 0
EACH_LEVEL = pytest.mark.parametrize("level", ["bubblewrap", "landlock"])
"""For what both boxes hold; what one of them cannot is in docs/security.md."""
PYTHON = f"{sys.executable} -I -S"


def command(tree: Path, script: str, **options: Any) -> Command:
    """Make a command as the verify stage does, with the tree and nothing else."""
    tree.mkdir(exist_ok=True)
    mounts = (Mount(source=tree, target=TREE, writable=True), *options.pop("mounts", ()))
    return Command(argv=("/bin/sh", "-c", script), mounts=mounts, **{"seconds": 150.0, **options})


async def boxed(tree: Path, script: str, level: Choice = "bubblewrap", **options: Any) -> Outcome:
    box = await probe(level)
    return await box.run(command(tree, script, **options))


async def appears(path: Path) -> None:
    """Wait for a file that somebody else writes."""
    async with asyncio.timeout(150):
        while not path.exists() or not path.stat().st_size:
            await asyncio.sleep(0.01)


async def falls_silent(path: Path) -> bool:
    """Wait until nobody appends to the file any more; False: somebody goes on and on."""
    for _ in range(30):
        if not await beats(path):
            return True
    return False


async def beats(path: Path) -> bool:
    """Tell whether somebody still appends to the file."""
    before = path.stat().st_size
    await asyncio.sleep(0.3)
    return path.stat().st_size > before
