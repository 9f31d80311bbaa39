"""The ways in which git fails that callers tell apart: each a GitError with git's own word."""

import re

from bot.errors import GitError


class RefMissing(GitError):
    """The remote has no such branch, tag or commit; an empty repository has none at all."""


class AccessDenied(GitError):
    """The token is refused, or shows no such repository."""


class RemoteMoved(GitError):
    """The address answers with a redirect, which is never followed with a token."""


class Unreachable(GitError):
    """The remote did not answer, or not to the end; later it may."""


class BranchMoved(GitError):
    """The branch is not where it was expected: somebody else pushed."""


class Damaged(GitError):
    """A local object directory lacks or cannot read what it should hold."""


_SIGNS: tuple[tuple[type[GitError], str], ...] = (
    (RefMissing, r"couldn't find remote ref|not our ref|no such remote ref"),
    (
        BranchMoved,
        r"\(stale info\)|\(fetch first\)|\(non-fast-forward\)|\(incorrect old value provided\)"
        r"|\(reference already exists\)",
    ),
    (
        AccessDenied,
        r"Authentication failed|could not read (Username|Password)|returned error: 40[13]"
        r"|fatal: repository '.*' not found|returned error: 404",
    ),
    (RemoteMoved, r"unable to update url base from redirection|returned error: 30\d"),
    (
        Unreachable,
        r"unable to access|Could not resolve host|RPC failed|early EOF|hung up unexpectedly"
        r"|unexpected disconnect|returned error: 5\d\d|time limit|expected flush after",
    ),
    (
        Damaged,
        r"bad object|unable to read|corrupt|inflate:|not a git repository"
        r"|missing (blob|tree|commit)|invalid sha1 pointer|does not point to a valid object"
        r"|cannot be accessed|not a tree"
        r"|Could not (read|parse object)|[Nn]ot a valid object|[Ii]ndex file|garbage"
        r"|does not match index|not a valid 'tree' object|bad signature|unresolved deltas",
    ),
)


def failure(command: str, exit_code: int, told: str) -> GitError:
    """Name a failure for what it is; what the remote's own hooks say does not count as a sign."""
    own = "\n".join(line for line in told.splitlines() if not line.startswith("remote:"))
    words = GitError(command, exit_code, own).words
    for kind, sign in _SIGNS:
        if re.search(sign, words):
            return kind(command, exit_code, told)
    return GitError(command, exit_code, told)
