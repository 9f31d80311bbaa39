"""The vocabulary of Coppice as types: runs, stages, messages, decisions and effects.

Everything here is plain data that can be written as JSON; nothing does I/O. Values of the enums are
the words that GitHub, the database and ``coppice runs --json`` show.
"""

import hashlib
from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

Json = Any  # a JSON value; mypy has no recursive alias that pydantic understands


class Record(BaseModel):
    """Base of all records: frozen, no unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class RunStatus(StrEnum):
    """Where a run stands (``runs.md``, Status)."""

    QUEUED = "queued"  # accepted, waits for a slot
    PLANNING = "planning"  # snapshot, baseline, plan
    WAITING = "waiting"  # a person has to act
    RUNNING = "running"  # the agent works
    VERIFYING = "verifying"  # commands or rules judge the work
    DONE = "done"  # what `publish` asks for is there
    FAILED = "failed"  # the commands judged against it
    BLOCKED = "blocked"  # a rule or a person is in the way
    CANCELLED = "cancelled"  # somebody stopped it, or its object is gone

    @property
    def ended(self) -> bool:
        return self in ENDED


ENDED = frozenset({RunStatus.DONE, RunStatus.FAILED, RunStatus.BLOCKED, RunStatus.CANCELLED})
LIVING = frozenset(RunStatus) - ENDED


class StageStatus(StrEnum):
    PENDING = "pending"
    RUNNING = "running"
    PASSED = "passed"
    FAILED = "failed"
    NEUTRAL = "neutral"  # nothing was configured: never shown as passed
    SKIPPED = "skipped"
    CANCELLED = "cancelled"


class StageKind(StrEnum):
    """What a stage of a pipeline does; ``bot/pipeline/stages`` has a module for each."""

    SNAPSHOT = "snapshot"
    PLAN = "plan"
    IMPLEMENT = "implement"
    VERIFY = "verify"
    RULES = "rules"
    PUBLISH = "publish"


class Publish(StrEnum):
    """How far a run goes (``runs.md``, Publishing)."""

    COMMENT = "comment"
    PATCH = "patch"
    BRANCH = "branch"
    PR = "pr"


class Permission(StrEnum):
    """A person's access, by the names of ``/collaborators/{login}/permission``."""

    NONE = "none"
    READ = "read"
    TRIAGE = "triage"
    WRITE = "write"
    MAINTAIN = "maintain"
    ADMIN = "admin"

    @property
    def may_write(self) -> bool:
        return self in (Permission.WRITE, Permission.MAINTAIN, Permission.ADMIN)


OVER = frozenset({"closed", "branch_deleted", "branch_gone", "pull_request_closed"})
"""``error.class`` of the ends after which there is nothing to go on with (``runs.md``, Again)."""


class RepositoryRef(Record):
    """A repository as an event names it; ``id`` is what survives a rename."""

    id: int
    full_name: str
    installation_id: int


class Person(Record):
    id: int
    login: str


class RunError(Record):
    """Why a run or a stage ended badly; ``class`` in JSON."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    stage: str | None = None
    kind: Annotated[str, Field(alias="class")]
    message: str


class Trigger(Record):
    """What started a run, frozen at that moment (title and body come from the event itself)."""

    delivery: str
    """The delivery's GUID."""
    by: Person
    title: str
    body: str
    comment_id: int | None = None
    """The comment with the command; None for a label."""
    goal: str | None = None
    """Words after `/coppice run`."""
    at: str
    """ISO 8601, UTC: when GitHub says that the issue was as it is here (its `updated_at`)."""


class Ending(Record):
    """How a run is about to end: told on GitHub first, then written as its status."""

    status: RunStatus
    error: RunError | None = None


class Work(Record):
    """What a run has in git and on GitHub so far; every field is written once or moves forward."""

    base_ref: str | None = None
    """Branch that the pull request will target."""
    base_sha: str | None = None
    branch: str | None = None
    start_sha: str | None = None
    """The empty start commit on `branch`."""
    tree: str | None = None
    """Tree of the newest attempt's work."""
    checkpoint: str | None = None
    """Commit with that tree, in the run's own object directory and in its bundle."""
    head_sha: str | None = None
    """The commit that publishing made: what `branch` is to be set to."""
    pushed: str | None = None
    """What `branch` is at on GitHub, as far as we set it."""
    pull_request_url: str | None = None
    pull_request_note: str | None = None
    """What GitHub did otherwise than asked (`drafts are not supported here`)."""
    status_comment_id: int | None = None
    status_comment_url: str | None = None
    check_run_url: str | None = None
    """The page of the check run `Coppice`."""
    again: str | None = None
    """Key of the newest retry, so that the delivery that asked for it may be handled twice."""
    ending: Ending | None = None
    """Set while the last effects are applied, so that whoever sees the end sees all of it."""
    ci: bool = False
    """Somebody with write access asked for the repository's CI."""

    @property
    def published(self) -> bool:
        """Has work of ours been pushed, not just the start commit?"""
        return self.pushed is not None and self.pushed != self.start_sha

    @property
    def idle_branch(self) -> bool:
        """Is the branch there with nothing on it but our start commit?"""
        return self.branch is not None and self.pushed is not None and not self.published

    @property
    def ground(self) -> str | None:
        """The commit that new work goes on top of: the base, later what we pushed."""
        return self.pushed if self.published else self.base_sha


class Run(Record):
    """One execution of a pipeline for one issue or pull request: a row of ``runs``."""

    id: str
    repository: RepositoryRef
    issue: int
    pull_request: int | None = None
    pipeline: str
    agent: str
    publish: Publish
    status: RunStatus = RunStatus.QUEUED
    following: bool = False
    stop: "Stop | None" = None
    error: RunError | None = None
    trigger: Trigger
    work: Work = Work()
    created_at: float
    updated_at: float

    @property
    def short_id(self) -> str:
        return self.id[:6]


class Stop(Record):
    """Why and by whom a living run was asked to end."""

    by: str | None
    """Login, or None where nobody in particular did it (repository gone)."""
    reason: str
    """Ends the sentence "Stopped: …"."""
    kind: Literal["stop", "closed", "branch_deleted"] = "stop"
    """The message that asked."""
    merged: bool = False


class StageRecord(Record):
    """One try of a stage: a row of ``stages``."""

    run_id: str
    key: str
    """Unique within the run: `{workflow suffix}/{name}-{attempt}`; the same key is the same try."""
    name: str
    attempt: int
    status: StageStatus
    started_at: float | None = None
    ended_at: float | None = None
    error: RunError | None = None
    result: Mapping[str, Json] = {}


class RunEvent(Record):
    """One line of a run's timeline (`coppice runs ID --events --json`)."""

    stage: str
    attempt: int
    type: str
    data: Mapping[str, Json] = {}


class CommandResult(Record):
    """One of the repository's own commands, run in the box."""

    name: str
    command: str
    exit_code: int | None
    """None: it never ended and was killed."""
    seconds: float
    output: str
    """Head and tail of stdout and stderr, as text."""
    log: str | None = None
    """File with the whole output."""
    problem: str | None = None
    """Why it did not end by itself (`time limit of 600 s`, `output limit of 64 MB`)."""

    @property
    def passed(self) -> bool:
        return self.exit_code == 0 and self.problem is None


class MessageKind(StrEnum):
    STOP = "stop"
    RETRY = "retry"
    CI = "ci"
    CLOSED = "closed"  # its pull request was closed or merged
    BRANCH_DELETED = "branch_deleted"


class Message(Record):
    """What a handler tells a living run; the run reads it from its one topic, ``inbox``."""

    kind: MessageKind
    by: str | None
    reason: str = ""
    merged: bool = False
    stage: str | None = None
    """Of a retry: where to go on."""


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
    by: str


class Tell(Record):
    """Send a message to a living run."""

    kind: Literal["tell"] = "tell"
    run_id: str
    message: Message
    key: str
    """`{comment or review id}/{line}`, else `{GUID}/{n}`; a second with the same key is dropped."""


# --- effects: one typed write to GitHub each -----------------------------------------------------


class React(Record):
    kind: Literal["react"] = "react"
    issue: int
    comment_id: int | None = None
    """None: on the issue itself."""
    content: Literal["+1", "-1", "laugh", "confused", "heart", "hooray", "rocket", "eyes"]


class Comment(Record):
    """Our one comment for ``purpose`` on an issue: created when absent, else edited to `body`."""

    kind: Literal["comment"] = "comment"
    issue: int
    purpose: str
    """`status`, `refusal-{user id}`, `answer-{comment id}`, …: with the run the natural key."""
    body: str
    """Without the marker; the client adds it."""
    progress: bool = False
    """May be left out when edits come too fast; the next one catches up."""


class Button(Record):
    label: Annotated[str, Field(max_length=20)]
    description: Annotated[str, Field(max_length=40)]
    identifier: Annotated[str, Field(max_length=20)]


class CheckRun(Record):
    """A check run on ``sha``, found again by name and ``external_id``."""

    kind: Literal["check_run"] = "check_run"
    name: str
    sha: str
    external_id: str
    """`run/stage-n/sha`."""
    status: Literal["queued", "in_progress", "completed"]
    conclusion: (
        Literal["success", "failure", "neutral", "cancelled", "action_required", "timed_out"] | None
    ) = None
    title: str
    summary: str
    text: str | None = None
    buttons: tuple[Button, ...] = ()
    progress: bool = False


class Push(Record):
    """Set ``branch`` to ``sha``; refused when it is neither there nor at ``expected``."""

    kind: Literal["push"] = "push"
    branch: str
    sha: str
    expected: str | None
    """What the branch must be at before (None: absent)."""
    force: bool = False
    """Replace instead of growing (`--force-with-lease`)."""


class PullRequest(Record):
    """Our pull request of ``head``: opened when absent, else title and our body part edited."""

    kind: Literal["pull_request"] = "pull_request"
    head: str
    base: str
    title: str
    body: str
    draft: bool = True


class DeleteBranch(Record):
    kind: Literal["delete_branch"] = "delete_branch"
    branch: str
    expected: str
    """Only while it is at this commit."""


Effect = Annotated[
    React | Comment | CheckRun | Push | PullRequest | DeleteBranch, Field(discriminator="kind")
]


class Applied(Record):
    """What an effect came to on GitHub."""

    id: int | None = None
    number: int | None = None
    url: str | None = None
    """The page that people open."""
    sha: str | None = None
    draft: bool | None = None
    wrote: bool
    """False: it was there already."""
    note: str | None = None
    """What a reader should know (`drafts are not supported here`)."""


class DecisionKind(StrEnum):
    """What became of a delivery; strongest first where several happened."""

    START = "start"
    TELL = "tell"
    EFFECT = "effect"
    IGNORE = "ignore"
    PENDING = "pending"
    ERROR = "error"  # will be tried again
    DEAD = "dead"  # given up; `coppice redeliver` takes it up again


class Decision(Record):
    """What a handler answers. Empty means ignore, and then ``reason`` says why."""

    starts: tuple[Start | Again, ...] = ()
    tells: tuple[Tell, ...] = ()
    effects: tuple[Effect, ...] = ()
    reason: str | None = None

    @property
    def kind(self) -> DecisionKind:
        if self.starts:
            return DecisionKind.START
        if self.tells:
            return DecisionKind.TELL
        return DecisionKind.EFFECT if self.effects else DecisionKind.IGNORE


def ignore(reason: str) -> Decision:
    """Decide to do nothing, and keep why."""
    return Decision(reason=reason)


def run_id(delivery: str, n: int = 0) -> str:
    """Derive a run's id from the delivery that starts it: a redelivery starts nothing new."""
    return hashlib.sha256(f"{delivery}/{n}".encode()).hexdigest()[:12]


def branch_name(issue: int, run: str) -> str:
    """Name the branch of a run: `coppice/{issue}-{short run id}`."""
    return f"coppice/{issue}-{run[:6]}"
