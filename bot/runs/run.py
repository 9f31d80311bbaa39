"""A run: one execution of a pipeline, as its row holds it."""

import hashlib

from bot.runs.ending import RunError, Stop
from bot.runs.record import Kept, Record
from bot.runs.status import Publish, RunStatus
from bot.runs.trigger import Trigger
from bot.runs.work import Work


class RepositoryRef(Record):
    """A repository as an event names it; ``id`` is what survives a rename."""

    id: int
    full_name: str
    installation_id: int


class Run(Kept):
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
    stop: Stop | None = None
    error: RunError | None = None
    trigger: Trigger
    work: Work = Work()
    created_at: float
    updated_at: float

    @property
    def short_id(self) -> str:
        return self.id[:6]

    @property
    def only_planned(self) -> bool:
        """It ended with its plan, as somebody wanted; an approval goes on with it."""
        return self.status is RunStatus.DONE and self.trigger.options.plan_only


def run_id(delivery: str, n: int = 0) -> str:
    """Derive a run's id from the delivery that starts it: a redelivery starts nothing new."""
    return hashlib.sha256(f"{delivery}/{n}".encode()).hexdigest()[:12]


def branch_name(issue: int, run: str) -> str:
    """Name the branch of a run: `coppice/{issue}-{short run id}`."""
    return f"coppice/{issue}-{run[:6]}"
