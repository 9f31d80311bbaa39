"""Refuse files of patterns that would keep git of the host busy for hours, or fill its memory.

git reads `.gitignore` and `.gitattributes` whole, one of every folder above a file at once, and
tries each `**` at every folder of a path: outside of the box, where nothing bounds it.
"""

import os
import re
from collections.abc import Iterable
from math import comb

from bot.errors import StageFailed

NAMES = frozenset((".gitignore", ".gitattributes"))
LARGEST = 256 * 1024
LARGEST_IN_ALL = 16 * 1024 * 1024
MOST_WAYS = 100_000
"""In which the `**` of one pattern may be spread over the folders of one path."""

_ACROSS = re.compile(rb"\*\*+(?!\*|\s*$)", re.MULTILINE)  # one at the end matches at once


def check(files: Iterable[str], deepest: int) -> None:
    """Look at these files of a tree whose folders are ``deepest`` deep; raises StageFailed."""
    total = 0
    for path in files:
        size = os.lstat(path).st_size
        total += size
        if size > LARGEST or total > LARGEST_IN_ALL:
            raise _refused(path, f"is larger than {LARGEST >> 10} KB, or they are all together")
        with open(path, "rb") as file:
            lines = file.read(LARGEST).splitlines()
        for number, line in enumerate(lines, 1):
            if comb(deepest, len(_ACROSS.findall(line))) > MOST_WAYS:
                raise _refused(path, f"has too many `**` in line {number}")


def _refused(path: str, why: str) -> StageFailed:
    folder, _, name = os.fsdecode(path).rpartition("/")
    where = f"`{name}` in `{os.path.basename(folder)}`"
    return StageFailed("bad_pattern", f"{where} {why}; git cannot read it in time", blocked=True)
