"""Run shell scripts in the box that this machine gives."""

import os
import sys
from pathlib import Path
from typing import Any

from bot.box import TREE, Command, Mount, Outcome, probe

HOST_UID = os.getuid()
PYTHON = f"{sys.executable} -I -S"


def command(tree: Path, script: str, **options: Any) -> Command:
    """Make a command as the verify stage does, with the tree and nothing else."""
    tree.mkdir(exist_ok=True)
    mounts = (Mount(source=tree, target=TREE, writable=True), *options.pop("mounts", ()))
    return Command(argv=("/bin/sh", "-c", script), mounts=mounts, **{"seconds": 20.0, **options})


async def boxed(tree: Path, script: str, **options: Any) -> Outcome:
    box = await probe("bubblewrap")
    return await box.run(command(tree, script, **options))
