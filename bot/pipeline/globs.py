"""Globs of plans: `*`, `?` and `[ab]` within a name, `**` across folders. Never slow."""

import fnmatch
import re
from functools import lru_cache

ACROSS = "**"


@lru_cache(1024)
def parts(glob: str) -> tuple[str, ...]:
    """Split a glob into the patterns of its names; one that ends in ``/`` means all below it."""
    found = glob.rstrip("/").split("/")
    if glob.endswith("/") or found[-1] == ACROSS:
        found = [*(found[:-1] if found[-1] == ACROSS else found), ACROSS, "*"]
    return tuple(found)


def matches(glob: str, path: str) -> bool:
    """Tell whether a glob means a path; both are relative, with ``/`` between names.

    Goes back to the newest ``**`` only, so it takes no more than their lengths multiplied.
    """
    if not path.startswith(_beginning(glob)):
        return False
    patterns, names = parts(glob), path.split("/")
    at, mark, taken = 0, -1, 0
    n = 0
    while n < len(names):
        if at < len(patterns) and patterns[at] == ACROSS:
            mark, taken = at, n
            at += 1
        elif at < len(patterns) and _name(patterns[at]).match(names[n]):
            at, n = at + 1, n + 1
        elif mark >= 0:
            taken += 1
            at, n = mark + 1, taken
        else:
            return False
    return all(pattern == ACROSS for pattern in patterns[at:])


def is_plain(glob: str) -> bool:
    """Tell whether it names one path and nothing else."""
    return not re.search(r"[*?\[]", glob) and not glob.endswith("/")


@lru_cache(1024)
def _beginning(glob: str) -> str:
    """The part of a glob that every path which it means begins with."""
    return re.split(r"[*?\[]", glob, maxsplit=1)[0]


@lru_cache(2048)
def _name(pattern: str) -> re.Pattern[str]:
    return re.compile(fnmatch.translate(pattern))
