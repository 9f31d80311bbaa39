"""What handlers ask of the engine: starts, retries, and messages to living runs."""

from enum import StrEnum
from typing import Literal

from bot.runs.record import Kept, Record
from bot.runs.run import Run
from bot.runs.spending import Budget
from bot.runs.status import Publish
from bot.runs.trigger import Person
from bot.runs.work import Note


class MessageKind(StrEnum):
    """What is told, the fields of ``Message`` that it needs, and what the run does with it.

    Whoever steers is checked by the handler; only ``APPROVE`` is checked once more, when the run
    acts on it. ``by`` is a person's login wherever a person did it.
    """

    STOP = "stop"
    """Needs ``reason``. Ends the run whatever it does; its work is kept."""
    CLOSED = "closed"
    """Its pull request was closed or merged: ``merged``, ``reason``. Ends the run."""
    BRANCH_DELETED = "branch_deleted"
    """Needs ``reason``. Ends the run."""
    RENAMED = "renamed"
    """The repository has a new full name: ``text``. Only the run's row changes."""
    APPROVE = "approve"
    """Needs ``by``, ``by_id`` and ``hash``, the plan's or amendment's that was *shown* when it was
    given, or a prefix of four or more; what names none (a label, `/coppice approve`) needs ``at``.
    Counts once a person; void where it fits neither, is withdrawn, or comes too late. On an open
    pull request that somebody approved it lets the round push that asks for it (no ``hash``)."""
    REJECT = "reject"
    """Needs ``by``; ``reason`` is the person's words. Cancels a run whose plan (or amendment)
    waits; ignored otherwise."""
    NOTE = "note"
    """Needs ``by`` and ``text``, as it was written. A waiting plan is made again with it from a new
    snapshot; on an open pull request it is one more round; a run at work takes it up afterwards."""
    PLAN = "plan"
    """Needs ``by``. A waiting plan is made again from a new snapshot; ignored otherwise."""
    EDITED = "edited"
    """The issue's title or body changed: ``by``, ``title`` and ``text`` (the new body). While a
    plan waits it voids the approvals and shows the difference; later it is noted only."""
    RETRY = "retry"
    """One more round on the open pull request: ``by``, ``budget``. Where only ``verdicts`` are
    wanted (all, or that of ``stage``), the head is judged again and no agent writes."""
    CI = "ci"
    """Needs ``by``. The repository's CI runs on what was pushed, now and in later rounds."""
    REVIEW = "review"
    """``review_id`` for a submitted review (a round starts at once), else ``comment_ids`` of single
    comments on lines (it starts when ``limits.settle`` has passed since the last). ``by``. The
    threads themselves are read from GitHub when the round starts; send none for our own reviews."""
    CHECKS = "checks"
    """A check suite, status or workflow run of the head was completed: ``sha``. What they say is
    read from GitHub; an older head's are dropped. Not for our own check runs."""
    BASE = "base"
    """The base branch moved: ``sha``. Asks for approval again where it touches the plan's files;
    brings an open pull request up to date where it conflicts."""
    PUSHED = "pushed"
    """Somebody else pushed to the run's branch: ``by``, ``sha``. Verified on an open pull request,
    and kept."""
    FIX = "fix"
    """Needs ``by``; ``text`` is ``checks``, ``conflicts`` or empty for both; ``tests``. A round
    now, beyond ``limits.rounds`` too."""
    REBASE = "rebase"
    """Needs ``by``. The branch is put on the base as it is now, while all commits are ours."""
    READY = "ready"
    """Needs ``by``. The draft becomes ready for review; ``draft``: somebody did that at GitHub."""


class Message(Kept):
    """What a handler tells a living run; the run reads it from its one topic, ``inbox``.

    Only the fields that its kind needs are set.
    """

    kind: MessageKind
    by: str | None
    """Login, or None where nobody in particular did it."""
    by_id: int | None = None
    machine: bool = False
    """A bot of the operator's list said it: it may steer, but it ends no count of rounds."""
    comment_id: int | None = None
    """The issue comment with the command: it gets 🚀 when the run has acted on it, 😕 when it could
    not. None for buttons, boxes, labels and events."""
    on_lines: bool = False
    """That comment stands at lines of a pull request."""
    issue: int | None = None
    """The issue or pull request on which that command stands."""
    reason: str = ""
    """Of a stop or a rejection: ends the sentence "Stopped: …"."""
    merged: bool = False
    stage: str | None = None
    """Of a retry: where to go on."""
    verdicts: bool = False
    """Of a retry: judge the head again; no agent writes."""
    text: str = ""
    """Of a note: the person's own words. Of `fix`: `checks` or `conflicts`, else both."""
    tests: bool = False
    """Of `fix`: tests and CI configuration that are there may be changed."""
    title: str | None = None
    """Of an edit: the issue's new title."""
    hash: str | None = None
    """Of an approval: what was shown when it was given, or a prefix as people type it."""
    at: str | None = None
    """Of an approval without a hash: ISO 8601, when GitHub says that it was given."""
    budget: Budget | None = None
    """Of a retry or note: what may be spent from here on."""
    publish: Publish | None = None
    """Of a retry: how far to go now."""
    sha: str | None = None
    """Of checks, base and pushed: the commit."""
    draft: bool | None = None
    """Of ready: what the pull request was made at GitHub; only what we show of it changes."""
    review_id: int | None = None
    comment_ids: tuple[int, ...] = ()
    """Of a review: single comments on lines."""

    @property
    def note(self) -> Note:
        """What waits in the run's row until this message is read."""
        return Note(by=self.by or "", text=self.text, comment_id=self.comment_id)

    @property
    def person(self) -> Person:
        """Whoever did it; number 0, which nobody has, where that is not known."""
        return Person(id=self.by_id or 0, login=self.by or "")


class Start(Record):
    """Begin a new run."""

    kind: Literal["start"] = "start"
    run: Run


class Again(Record):
    """Go on with an ended run in a new workflow (``runs.md``, Again).

    For failed, blocked and cancelled runs; for a run that is done only with ``publish`` (further
    than before) or ``hash`` (a run that ended with its plan).
    """

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
    hash: str | None = None
    """Of an approval: the plan that it is for; the run goes on behind its gate."""
    follow: bool = False
    """Its pull request is open again: it lives with that, and nothing is begun."""
    by: str
    by_id: int | None = None


class Tell(Record):
    """Send a message to a living run."""

    kind: Literal["tell"] = "tell"
    run_id: str
    message: Message
    key: str
    """`{comment or review id}/{line}`, else `{GUID}/{n}`; a second with the same key is dropped."""
