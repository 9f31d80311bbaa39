"""What may be handed to git as the name of a branch, a ref or an object: everything else is inert.

The rules are those of `git check-ref-format`, without a process for each name.
"""

import re

from bot.errors import GitError

_SHA = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_FORBIDDEN = re.compile(r"[\x00-\x20\x7f~^:?*\[\\]|\.\.|@\{|//|/\.|\.lock(?:/|$)|\.$|/$|^[/.-]|^@$")
LONGEST = 255  # bytes of a ref that a file system keeps as one name


def checked_branch(name: str) -> str:
    """Return the name of a branch as it is; raises GitError where git would not take it."""
    if not name or _FORBIDDEN.search(name) or len(name.encode(errors="replace")) > LONGEST:
        raise GitError("check-ref-format", 1, f"{name[:LONGEST]!r} is not the name of a branch")
    return name


def checked_ref(ref: str) -> str:
    """Return a full ref name (`refs/…`), `HEAD` or an object id as it is; raises GitError."""
    if ref == "HEAD" or _SHA.fullmatch(ref):
        return ref
    if not ref.startswith("refs/"):
        raise GitError("check-ref-format", 1, f"{ref[:LONGEST]!r} is not a full ref name")
    return checked_branch(ref)


def checked_sha(sha: str) -> str:
    """Return an object id as it is; raises GitError."""
    if not _SHA.fullmatch(sha):
        raise GitError("rev-parse", 128, f"{sha[:LONGEST]!r} is not an object id")
    return sha
