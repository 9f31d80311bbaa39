"""git outside the forge: mirrors, warm worktrees, a run's objects, pushes."""

from bot.worktree.changes import Change
from bot.worktree.failures import (
    AccessDenied,
    BranchMoved,
    Damaged,
    RefMissing,
    RemoteMoved,
    Unreachable,
)
from bot.worktree.git import Git
from bot.worktree.mirror import Mirrors
from bot.worktree.objects import BUNDLE, Identity, Merged, Objects, Works
from bot.worktree.pool import Worktrees
from bot.worktree.push import Pusher
from bot.worktree.remote import Network, Remote
from bot.worktree.worktree import Worktree

__all__ = [
    "BUNDLE",
    "AccessDenied",
    "BranchMoved",
    "Change",
    "Damaged",
    "Git",
    "Identity",
    "Merged",
    "Mirrors",
    "Network",
    "Objects",
    "Pusher",
    "RefMissing",
    "Remote",
    "RemoteMoved",
    "Unreachable",
    "Works",
    "Worktree",
    "Worktrees",
]
