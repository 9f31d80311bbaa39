"""Check suites, check runs and commit statuses."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bot.forge.records.json import Json
from bot.forge.records.people import App, User

if TYPE_CHECKING:
    from bot.forge.records.repositories import Repository


@dataclass(slots=True, kw_only=True, eq=False, repr=False)
class CheckSuite:
    id: int
    repository: "Repository"
    app: App
    head_sha: str
    head_branch: str | None
    before: str | None
    created_at: str
    updated_at: str
    rerequestable: bool = True
    runs: list["CheckRun"] = field(default_factory=list)


@dataclass(slots=True, kw_only=True, eq=False, repr=False)
class CheckRun:
    id: int
    suite: CheckSuite
    name: str
    external_id: str
    details_url: str | None
    status: str
    conclusion: str | None
    started_at: str | None
    completed_at: str | None
    output: Json = field(default_factory=dict)
    """`title`, `summary`, `text` as sent."""
    annotations: list[Json] = field(default_factory=list)
    actions: list[Json] = field(default_factory=list)

    @property
    def head_sha(self) -> str:
        return self.suite.head_sha


@dataclass(slots=True, kw_only=True, eq=False, repr=False)
class Status:
    id: int
    sha: str
    state: str
    context: str
    description: str | None
    target_url: str | None
    creator: User
    created_at: str
