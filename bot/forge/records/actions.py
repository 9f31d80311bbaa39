"""Workflows of GitHub Actions, their runs and jobs."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bot.forge.records.checks import CheckRun, CheckSuite
from bot.forge.records.ci import JobScript
from bot.forge.records.people import User

if TYPE_CHECKING:
    from bot.forge.records.repositories import Repository


@dataclass(slots=True, kw_only=True, eq=False, repr=False)
class Workflow:
    id: int
    name: str
    path: str
    created_at: str
    runs: int = 0


@dataclass(slots=True, kw_only=True, eq=False, repr=False)
class WorkflowRun:
    id: int
    repository: "Repository"
    workflow: Workflow
    suite: CheckSuite
    number: int
    event: str
    """`push` or `pull_request`."""
    actor: User
    title: str
    created_at: str
    updated_at: str
    started_at: str
    attempt: int = 1
    status: str = "queued"
    conclusion: str | None = None
    jobs: list["Job"] = field(default_factory=list)
    """Of all attempts."""
    scripts: dict[str, JobScript] = field(default_factory=dict)
    """What each job does when it runs again, by its name."""

    @property
    def head_sha(self) -> str:
        return self.suite.head_sha

    def latest(self, attempt: int | None = None) -> list["Job"]:
        """The jobs that count after an attempt: those not run again keep their results."""
        newest: dict[str, Job] = {}
        for job in self.jobs:
            if job.attempt <= (attempt or self.attempt):
                newest[job.check.name] = job
        return list(newest.values())


@dataclass(slots=True, kw_only=True, eq=False, repr=False)
class Job:
    """A job of one attempt; its id is its check run's, as with GitHub."""

    run: WorkflowRun
    check: CheckRun
    attempt: int
    log: str = ""
    """With GitHub's time before each line; empty until the job has ended."""

    @property
    def id(self) -> int:
        return self.check.id
