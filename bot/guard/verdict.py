"""What judges of commands say, and where a command stands."""

import posixpath
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import IntEnum

from bot.guard.shell import Simple


class Danger(IntEnum):
    NONE = 0
    RISKY = 1  # a person has to want it: nobody is there to be asked, so it is refused
    FORBIDDEN = 2  # nobody may want it


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    danger: Danger
    reason: str = ""


SAFE = Verdict(danger=Danger.NONE)


def forbidden(reason: str) -> Verdict:
    return Verdict(danger=Danger.FORBIDDEN, reason=reason)


def risky(reason: str) -> Verdict:
    return Verdict(danger=Danger.RISKY, reason=reason)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a command stands."""

    tree: str
    cwd: str | None
    """None: nobody can tell."""

    def of(self, path: str) -> str | None:
        """Make a path absolute; None: nobody can tell where it lies."""
        for home in ("~", "$HOME", "${HOME}"):
            if path == home or path.startswith(home + "/"):
                path = HOME + path[len(home) :]
        for here in ("$PWD", "${PWD}"):
            if path == here or path.startswith(here + "/"):
                path = "." + path[len(here) :]
        if "$" in path or (self.cwd is None and not path.startswith("/")):
            return None
        return posixpath.normpath(posixpath.join(self.cwd or "/", path)).replace("//", "/")

    def holds(self, path: str) -> bool:
        """Is it below the worktree, or in what is the agent's own to fill?"""
        return any(path.startswith(f"{root}/") for root in (self.tree, *SCRATCH))


HOME = "/home/agent"
SCRATCH = ("/tmp", HOME, "/dev/shm", "/var/tmp")  # noqa: S108 the box's own
DEVICES = re.compile(r"/dev/(null|zero|full|tty|stdin|stdout|stderr|fd/\d+|shm/.*)")

Judge = Callable[[Simple, Place], Iterator[Verdict]]
"""A rule: what speaks against one program with its words."""
