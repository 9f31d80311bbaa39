"""What people have to let a run do: its plan, more than its plan, work beside somebody else's."""

from bot.runs.record import Record
from bot.runs.trigger import Person


class Approval(Record):
    """Somebody let a plan, or an amendment of it, go ahead."""

    by: Person
    hash: str
    base_sha: str
    """The commit that the plan stood on."""
    at: float


class Amendment(Record):
    """What the work needs beside the approved plan: files, in one line, to be approved."""

    hash: str
    paths: tuple[str, ...]
    asked_at: float


class Gate(Record):
    """Where the approval of a plan stands. It binds plan, commit, and each person's permission."""

    hash: str
    """Of the plan that is shown."""
    base_sha: str
    """The commit that it stands on."""
    reasons: tuple[str, ...] = ()
    """Why it waits (`touches dependencies`); empty: it need not."""
    asked_at: float
    approvals: tuple[Approval, ...] = ()
    void: tuple[Approval, ...] = ()
    """Those that count no more, and why not: ``changed``."""
    changed: str | None = None
    """What changed since it was asked for or approved, in words of ours (Markdown)."""
    edit: str | None = None
    """The difference that an edit of the issue made, as a patch."""
    passed: bool = False
    """The work may begin: not needed, or approved."""
    amendment: Amendment | None = None
    """What waits now."""
    amended: tuple[str, ...] = ()
    """Paths beside the plan that were approved."""


class Rival(Record):
    """Somebody else's open pull request about the same."""

    number: int
    author: str
    """Login."""


class Overlap(Record):
    """Others that close the same issue, and whether somebody let the run go on beside them."""

    hash: str
    """Of their numbers: what an approval binds to."""
    rivals: tuple[Rival, ...]
    asked_at: float
    passed: bool = False
    by: str | None = None
