"""Issues, comments, labels, reactions, and what happened to them."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bot.forge.records.json import Json
from bot.forge.records.people import App, User

if TYPE_CHECKING:
    from bot.forge.records.pulls import PullRequest
    from bot.forge.records.repositories import Repository


@dataclass(slots=True, kw_only=True, eq=False, repr=False)
class Label:
    id: int
    name: str
    color: str = "ededed"
    description: str | None = None
    default: bool = False


@dataclass(slots=True, kw_only=True, eq=False, repr=False)
class Reaction:
    id: int
    user: User | None
    content: str
    created_at: str


@dataclass(slots=True, kw_only=True, eq=False, repr=False)
class TimelineEvent:
    """Something that happened to an issue besides a comment (`labeled`, `closed`, …)."""

    id: int
    event: str
    actor: User | None
    created_at: str
    app: App | None = None
    label: Label | None = None
    rename: tuple[str, str] | None = None
    user: User | None = None
    """Who was assigned, or asked for a review."""
    commit_id: str | None = None
    """The commit that closed, merged or replaced something."""
    lock_reason: str | None = None
    dismissed: Json | None = None
    """`state`, `review_id` and `dismissal_message` of a dismissed review."""
    source: "Issue | None" = None
    """The issue or pull request that mentions this one."""


@dataclass(slots=True, kw_only=True, eq=False, repr=False)
class Comment:
    id: int
    issue: "Issue"
    user: User | None
    body: str
    created_at: str
    updated_at: str
    app: App | None = None
    minimized: str | None = None
    """Why it is hidden: `outdated`, `resolved`, …; None: it is shown."""
    reactions: list[Reaction] = field(default_factory=list)


@dataclass(slots=True, kw_only=True, eq=False, repr=False)
class Issue:
    """An issue, or the issue half of a pull request (then ``pull`` is set)."""

    id: int
    number: int
    repository: "Repository"
    user: User | None
    title: str
    body: str | None
    created_at: str
    updated_at: str
    state: str = "open"
    state_reason: str | None = None
    closed_at: str | None = None
    closed_by: User | None = None
    edited_at: str | None = None
    """When the body was changed last; None: it stands as it was written."""
    locked: bool = False
    lock_reason: str | None = None
    app: App | None = None
    labels: list[Label] = field(default_factory=list)
    assignees: list[User] = field(default_factory=list)
    comments: list[Comment] = field(default_factory=list)
    reactions: list[Reaction] = field(default_factory=list)
    events: list[TimelineEvent] = field(default_factory=list)
    pull: "PullRequest | None" = None
