"""What a box shows of the host: a path, where it stands inside, and whether it may be written."""

from dataclasses import dataclass, replace
from pathlib import Path

TREE = "/tree"
"""Where the worktree stands in a box, and where commands start."""
GIT = "/git"
"""Where the throwaway git directory stands in a box."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mount:
    source: Path
    """On the host; has to exist."""
    target: str
    """In the box; absolute."""
    writable: bool = False


def readonly(mounts: tuple[Mount, ...]) -> tuple[Mount, ...]:
    """Give the same mounts with nothing writable among them: the tree for plan and review."""
    return tuple(replace(mount, writable=False) for mount in mounts)
