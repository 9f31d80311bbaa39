"""What handlers ask of the engine: starts, retries, and messages to living runs."""

from enum import StrEnum
from typing import Literal

from bot.runs.record import Record
from bot.runs.run import Run
from bot.runs.spending import Budget
from bot.runs.status import Publish


class MessageKind(StrEnum):
    STOP = "stop"
    RETRY = "retry"
    CI = "ci"
    CLOSED = "closed"  # its pull request was closed or merged
    BRANCH_DELETED = "branch_deleted"
    APPROVE = "approve"  # the plan, or an amendment of it, by hash
    REJECT = "reject"
    NOTE = "note"  # words for the agent: the plan again, or one more round
    PLAN = "plan"  # a plan from a new snapshot
    EDITED = "edited"  # the title or body changed
    REVIEW = "review"  # somebody reviewed the pull request, or commented on its lines
    CHECKS = "checks"  # the repository's own CI said something of a commit
    BASE = "base"  # the base branch moved
    PUSHED = "pushed"  # somebody else pushed to the run's branch
    FIX = "fix"  # mend failing checks or conflicts now
    REBASE = "rebase"
    READY = "ready"  # the pull request is to be ready for review


class Message(Record):
    """What a handler tells a living run; the run reads it from its one topic, ``inbox``.

    Only the fields that its kind needs are set.
    """

    kind: MessageKind
    by: str | None
    """Login, or None where nobody in particular did it."""
    by_id: int | None = None
    reason: str = ""
    """Of a stop or a rejection: ends the sentence "Stopped: …"."""
    merged: bool = False
    stage: str | None = None
    """Of a retry: where to go on."""
    text: str = ""
    """Of a note: the person's own words. Of `fix`: `checks` or `conflicts`, else both."""
    hash: str | None = None
    """Of an approval: what was shown when it was given, or a prefix as people type it."""
    budget: Budget | None = None
    """Of a retry or note: what may be spent from here on."""
    publish: Publish | None = None
    """Of a retry: how far to go now."""
    sha: str | None = None
    """Of checks, base and pushed: the commit."""
    review_id: int | None = None
    comment_ids: tuple[int, ...] = ()
    """Of a review: single comments on lines."""


class Start(Record):
    """Begin a new run."""

    kind: Literal["start"] = "start"
    run: Run


class Again(Record):
    """Go on with an ended run in a new workflow (``runs.md``, Again)."""

    kind: Literal["again"] = "again"
    run_id: str
    key: str
    """Comment id or `{GUID}/{n}`: the same key is the same retry."""
    stage: str | None = None
    note: str | None = None
    """Words for the agent."""
    budget: Budget | None = None
    """What may be spent from here on, beside what was."""
    publish: Publish | None = None
    by: str


class Tell(Record):
    """Send a message to a living run."""

    kind: Literal["tell"] = "tell"
    run_id: str
    message: Message
    key: str
    """`{comment or review id}/{line}`, else `{GUID}/{n}`; a second with the same key is dropped."""
