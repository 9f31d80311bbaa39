"""A run: what started it, what it has so far, how it ends."""

import hashlib
from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from bot.runs.record import Record
from bot.runs.spending import Budget
from bot.runs.status import Publish, RunStatus


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


class Options(Record):
    """What a person chose for one run, in a command or by labels; None: as configured."""

    model: str | None = None
    base: str | None = None
    budget: Budget | None = None
    gate: bool | None = None
    """True: the plan waits for an approval whatever the configuration says."""
    plan_only: bool = False
    """End with the plan; nothing is written but it."""
    priority: int = 0
    """Higher goes first."""


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
    options: Options = Options()
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


class Stop(Record):
    """Why and by whom a living run was asked to end."""

    by: str | None
    """Login, or None where nobody in particular did it (repository gone)."""
    reason: str
    """Ends the sentence "Stopped: …"."""
    kind: Literal["stop", "closed", "branch_deleted"] = "stop"
    """The message that asked."""
    merged: bool = False


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


def run_id(delivery: str, n: int = 0) -> str:
    """Derive a run's id from the delivery that starts it: a redelivery starts nothing new."""
    return hashlib.sha256(f"{delivery}/{n}".encode()).hexdigest()[:12]


def branch_name(issue: int, run: str) -> str:
    """Name the branch of a run: `coppice/{issue}-{short run id}`."""
    return f"coppice/{issue}-{run[:6]}"
