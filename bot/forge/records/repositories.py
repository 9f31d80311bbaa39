"""Repositories and what their branches refuse."""

from dataclasses import dataclass, field
from pathlib import Path

from bot.forge.records.actions import Workflow, WorkflowRun
from bot.forge.records.checks import CheckRun, CheckSuite, Status
from bot.forge.records.ci import Script
from bot.forge.records.issues import Issue, Label
from bot.forge.records.people import Role, User
from bot.forge.records.pulls import PullRequest


@dataclass(slots=True, kw_only=True, eq=False, repr=False)
class Protection:
    """What a branch (or all of them: name `*`) refuses."""

    pushes: bool = False
    """Refuse every push (GH006), a pull request is required."""
    force_pushes: bool = True
    """Refuse pushes that are not fast-forward, and deletions."""
    contexts: tuple[str, ...] = ()
    """Checks and statuses that a merge needs."""
    signatures: bool = False
    sign_off: bool = False


@dataclass(slots=True, kw_only=True, eq=False, repr=False)
class Repository:
    id: int
    owner: User
    name: str
    path: Path
    """The bare git repository; it follows a rename."""
    created_at: str
    updated_at: str
    pushed_at: str
    private: bool = False
    description: str | None = None
    default_branch: str = "main"
    archived: bool = False
    drafts: bool = True
    """False: as on plans without draft pull requests."""
    push_protection: bool = True
    """Refuse pushes with secrets (GH013)."""
    parent: "Repository | None" = None
    roles: dict[int, Role] = field(default_factory=dict)
    """By user id; the owner is always admin."""
    protections: dict[str, Protection] = field(default_factory=dict)
    labels: dict[str, Label] = field(default_factory=dict)
    """By lower-case name, as GitHub compares them."""
    issues: dict[int, Issue] = field(default_factory=dict)
    """Issues and pull requests by number."""
    gone: dict[int, Issue | None] = field(default_factory=dict)
    """Numbers of deleted issues (None) and transferred ones (where they are now)."""
    last_number: int = 0
    suites: dict[int, CheckSuite] = field(default_factory=dict)
    statuses: list[Status] = field(default_factory=list)
    workflows: dict[str, Workflow] = field(default_factory=dict)
    """By name."""
    workflow_runs: dict[int, WorkflowRun] = field(default_factory=dict)
    ci: Script | None = None
    """What plays by itself at each commit of a pull request."""

    @property
    def full_name(self) -> str:
        return f"{self.owner.login}/{self.name}"

    @property
    def pulls(self) -> list[PullRequest]:
        return [issue.pull for issue in self.issues.values() if issue.pull]

    @property
    def check_runs(self) -> list[CheckRun]:
        return [run for suite in self.suites.values() for run in suite.runs]
