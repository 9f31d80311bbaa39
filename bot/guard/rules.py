"""Judge a change before it leaves the machine: fixed rules, no model; what cannot be checked fails."""

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from bot.guard.changes import FileChange, Mode
from bot.guard.paths import protected, unsafe
from bot.guard.secrets import scan

_log = logging.getLogger(__name__)

MEGABYTE = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleLimits:
    """How much one change may be."""

    files: int = 100
    file_bytes: int = 5 * MEGABYTE
    total_bytes: int = 10 * MEGABYTE


@dataclass(frozen=True, slots=True, kw_only=True)
class Violation:
    """Why a change may not leave; ``path`` is None where the whole change is meant."""

    rule: str
    path: str | None
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Author:
    """Who a commit says that it is by: git's author and committer, ``Name <mail>``."""

    author: str
    committer: str


def check_changes(changes: Sequence[FileChange], limits: RuleLimits) -> list[Violation]:
    """Return every violation, by path; a rule that breaks is a violation itself."""
    found = _attempt("size", None, lambda: _amount(changes, limits))
    for change in changes:
        for rule, check in _RULES.items():
            found += _attempt(rule, change.path, lambda c=check, f=change: c(f, limits))
    return found


def check_author(commit: Author, app: str) -> list[Violation]:
    """Refuse a commit that says to be by anybody but the App (``Name <mail>``)."""
    strangers = sorted({commit.author, commit.committer} - {app})
    return [
        Violation(rule="author", path=None, message=f"the commit says it is by {who}, not {app}")
        for who in strangers
    ]


type_of_check = Callable[[FileChange, RuleLimits], Iterator[Violation]]
