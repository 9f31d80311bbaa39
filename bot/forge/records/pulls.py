"""Pull requests, reviews and comments on their lines."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bot.forge.records.issues import Issue, Reaction
from bot.forge.records.json import Json
from bot.forge.records.people import App, User

if TYPE_CHECKING:
    from bot.forge.records.repositories import Repository


@dataclass(frozen=True, slots=True, kw_only=True)
class Spot:
    """Where a thread stands in a diff now."""

    line: int
    start_line: int | None
    position: int
    """Rows below the diff's first `@@`, GitHub's older way to say it."""
    commit_id: str


@dataclass(slots=True, kw_only=True, eq=False, repr=False)
class ReviewThread:
    """A conversation about lines of a pull request's diff, or about a whole file of it."""

    id: int
    pull: "PullRequest"
    path: str
    base_id: str
    """The merge base of the diff that it was written on."""
    commit_id: str
    """The head of that diff."""
    diff_hunk: str
    side: str = "RIGHT"
    start_side: str | None = None
    first: Spot | None = None
    """Where it was written; None for a whole file."""
    spot: Spot | None = None
    """Where those lines are in the present diff; None: nowhere, it is outdated."""
    outdated: bool = False
    resolved_by: User | None = None
    comments: list["ReviewComment"] = field(default_factory=list)

    @property
    def of_file(self) -> bool:
        return self.first is None


@dataclass(slots=True, kw_only=True, eq=False, repr=False)
class ReviewComment:
    id: int
    thread: ReviewThread
    review: "Review"
    user: User | None
    body: str
    created_at: str
    updated_at: str
    in_reply_to: int | None = None
    app: App | None = None
    minimized: str | None = None
    """Why it is hidden: `outdated`, `resolved`, …; None: it is shown."""
    reactions: list[Reaction] = field(default_factory=list)

    @property
    def pull(self) -> "PullRequest":
        return self.thread.pull


@dataclass(slots=True, kw_only=True, eq=False, repr=False)
class Review:
    id: int
    pull: "PullRequest"
    user: User | None
    body: str
    state: str
    """`PENDING`, `APPROVED`, `CHANGES_REQUESTED`, `COMMENTED` or `DISMISSED`."""
    commit_id: str
    created_at: str
    submitted_at: str | None
    app: App | None = None
    minimized: str | None = None
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
    threads: list[ReviewThread] = field(default_factory=list)

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
