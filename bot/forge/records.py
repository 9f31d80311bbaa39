"""What the forge keeps besides git, as plain mutable records; times are GitHub's ISO strings."""

from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

Json = dict[str, Any]


class Role(StrEnum):
    """A person's access to a repository, weakest first (``role_name`` of the permission API)."""

    NONE = "none"
    READ = "read"
    TRIAGE = "triage"
    WRITE = "write"
    MAINTAIN = "maintain"
    ADMIN = "admin"

    def at_least(self, other: "Role") -> bool:
        order = list(Role)
        return order.index(self) >= order.index(other)


@dataclass(slots=True, kw_only=True, eq=False, repr=False)
class User:
    id: int
    login: str
    type: str = "User"
    """`User`, `Bot` or `Organization`."""
    name: str | None = None
    email: str | None = None
    created_at: str = "2024-01-01T00:00:00Z"

    @property
    def noreply(self) -> str:
        return f"{self.id}+{self.login}@users.noreply.github.com"


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
class Hook:
    """Where an App's events go."""

    url: str = ""
    secret: str = ""
    content_type: str = "json"
    insecure_ssl: str = "0"


@dataclass(slots=True, kw_only=True, eq=False, repr=False)
class App:
    id: int
    slug: str
    name: str
    owner: User
    bot: User
    """`slug[bot]`, the author of everything that an installation token writes."""
    permissions: dict[str, str]
    events: list[str]
    private_key: str
    """PEM; only so that `coppice forge` and the tests can hand it to the bot."""
    public_key: Any
    hook: Hook = field(default_factory=Hook)
    client_id: str = "Iv1.0000000000000000"
    created_at: str = "2024-01-01T00:00:00Z"


@dataclass(slots=True, kw_only=True, eq=False, repr=False)
class Installation:
    id: int
    app: App
    account: User
    permissions: dict[str, str]
    events: list[str]
    repository_ids: set[int] | None = None
    """None: all repositories of the account."""
    suspended_at: str | None = None
    suspended_by: User | None = None
    deleted: bool = False
    created_at: str
    updated_at: str

    def covers(self, repository: "Repository") -> bool:
        if self.deleted or repository.owner is not self.account:
            return False
        return self.repository_ids is None or repository.id in self.repository_ids


@dataclass(slots=True, kw_only=True, eq=False, repr=False)
class Token:
    """A bearer's right: a user's, or an installation's with its scope and one hour's life."""

    value: str
    user: User
    installation: Installation | None = None
    repository_ids: frozenset[int] | None = None
    """None: all that the installation covers."""
    permissions: dict[str, str] = field(default_factory=dict)
    usable_at: float = 0.0
    """Before this it answers 401, as GitHub's replicas do with a fresh token."""
    expires_at: float | None = None


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


@dataclass(slots=True, kw_only=True, eq=False, repr=False)
class Comment:
    id: int
    issue: "Issue"
    user: User | None
    body: str
    created_at: str
    updated_at: str
    app: App | None = None
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
    locked: bool = False
    app: App | None = None
    labels: list[Label] = field(default_factory=list)
    assignees: list[User] = field(default_factory=list)
    comments: list[Comment] = field(default_factory=list)
    reactions: list[Reaction] = field(default_factory=list)
    events: list[TimelineEvent] = field(default_factory=list)
    pull: "PullRequest | None" = None


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


@dataclass(slots=True, kw_only=True, eq=False, repr=False)
class Protection:
    """What a branch (or all of them: name `*`) refuses."""

    pushes: bool = False
    """Refuse every push (GH006), a pull request is required."""
    force_pushes: bool = True
    """Refuse pushes that are not fast-forward, and deletions."""
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

    @property
    def full_name(self) -> str:
        return f"{self.owner.login}/{self.name}"

    @property
    def pulls(self) -> list[PullRequest]:
        return [issue.pull for issue in self.issues.values() if issue.pull]

    @property
    def check_runs(self) -> list[CheckRun]:
        return [run for suite in self.suites.values() for run in suite.runs]


@dataclass(slots=True, kw_only=True, eq=False, repr=False)
class Delivery:
    """One attempt to deliver an event; attempts of one event share the GUID."""

    id: int
    guid: str
    app: App
    event: str
    action: str | None
    body: bytes
    """The payload as it was signed."""
    installation_id: int | None
    repository_id: int | None
    delivered_at: str
    redelivery: bool = False
    duration: float = 0.0
    status: str = "pending"
    """`OK`, or what went wrong in GitHub's words."""
    status_code: int = 0
    request_headers: dict[str, str] = field(default_factory=dict)
    response_headers: dict[str, str] = field(default_factory=dict)
    response_body: str = ""
    url: str = ""


@dataclass(slots=True, kw_only=True, eq=False, repr=False)
class Write:
    """A call that changed something, for `GET /_forge/writes`."""

    n: int
    at: float
    actor: str
    method: str
    path: str
    status: int
