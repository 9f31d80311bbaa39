"""Pull requests, reviews and comments on their lines."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bot.forge.records.issues import Issue, Reaction
from bot.forge.records.json import Json
from bot.forge.records.people import App, User

if TYPE_CHECKING:
    from bot.forge.records.repositories import Repository


@dataclass(slots=True, kw_only=True, eq=False, repr=False)
class ReviewComment:
    id: int
    pull: "PullRequest"
    review: "Review"
    user: User | None
    body: str
    path: str
    commit_id: str
    diff_hunk: str
    created_at: str
    updated_at: str
    line: int | None = None
    side: str = "RIGHT"
    start_line: int | None = None
    start_side: str | None = None
    subject_type: str = "line"
    in_reply_to: int | None = None
    app: App | None = None
    reactions: list[Reaction] = field(default_factory=list)


@dataclass(slots=True, kw_only=True, eq=False, repr=False)
class Review:
    id: int
    pull: "PullRequest"
    user: User | None
    body: str
    state: str
    """`PENDING`, `APPROVED`, `CHANGES_REQUESTED`, `COMMENTED` or `DISMISSED`."""
    commit_id: str
    submitted_at: str | None
    comments: list[ReviewComment] = field(default_factory=list)


@dataclass(slots=True, kw_only=True, eq=False, repr=False)
class PullRequest:
    """What a pull request has besides its issue; shares number, title, body, labels with it."""

    id: int
    issue: Issue
    head_repository: "Repository | None"
    """None: the fork is gone."""
    head_ref: str
    head_sha: str
    base_ref: str
    base_sha: str
    draft: bool = False
    merged_at: str | None = None
    merged_by: User | None = None
    merge_commit_sha: str | None = None
    maintainer_can_modify: bool = False
    mergeable: bool | None = None
    mergeable_of: tuple[str, str] | None = None
    """The (base, head) for which ``mergeable`` was computed."""
    size: Json = field(default_factory=dict)
    """Commits, additions, deletions, changed files for ``size_of``."""
    size_of: tuple[str, str] | None = None
    unknown_reads: int = 0
    """So many reads more answer `mergeable: null`."""
    requested_reviewers: list[User] = field(default_factory=list)
    reviews: list[Review] = field(default_factory=list)

    @property
    def number(self) -> int:
        return self.issue.number

    @property
    def merged(self) -> bool:
        return self.merged_at is not None

    @property
    def review_comments(self) -> list[ReviewComment]:
        return [c for review in self.reviews for c in review.comments]

    @property
    def from_fork(self) -> bool:
        return self.head_repository is not self.issue.repository
