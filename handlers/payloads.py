"""What handlers read of GitHub's payloads; everything else in them is left unread."""

from typing import Annotated, Any, TypeVar

import msgspec
from gidgethub.sansio import Event

from bot.runs import Person, RepositoryRef


class UnexpectedPayload(Exception):
    """A payload lacks what we read; the text says what."""


Number = Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]
"""Of anything at GitHub; a column holds no more."""
FullName = Annotated[str, msgspec.Meta(pattern=r"^[\w-]+/(?!\.{1,2}\Z)[\w.-]+\Z", max_length=200)]
"""It becomes part of addresses."""


class User(msgspec.Struct, frozen=True):
    id: Number
    login: str
    type: str = "User"

    @property
    def person(self) -> Person:
        return Person(id=self.id, login=self.login)


class Installation(msgspec.Struct, frozen=True):
    id: Number


class Repository(msgspec.Struct, frozen=True):
    id: Number
    full_name: FullName
    archived: bool = False


class Label(msgspec.Struct, frozen=True):
    name: str


class Issue(msgspec.Struct, frozen=True):
    number: Number
    title: str
    updated_at: str
    state: str = "open"
    body: str | None = None
    pull_request: dict[str, Any] | None = None
    labels: tuple[Label, ...] = ()


class Comment(msgspec.Struct, frozen=True):
    id: Number
    html_url: str
    created_at: str | None = None
    user: User | None = None
    body: str | None = None


class Before(msgspec.Struct, frozen=True):
    before: str | None = msgspec.field(name="from", default=None)


class Changes(msgspec.Struct, frozen=True):
    """What an edit changed; absent: it did not."""

    title: Before | None = None
    body: Before | None = None
    base: dict[str, Any] | None = None
    """Of a pull request: the branch that it is meant for."""


class Branch(msgspec.Struct, frozen=True):
    ref: str
    sha: str


class PullRequest(msgspec.Struct, frozen=True):
    number: Number
    title: str = ""
    updated_at: str = ""
    html_url: str = ""
    state: str = "open"
    merged: bool = False
    body: str | None = None
    user: User | None = None
    head: Branch | None = None
    labels: tuple[Label, ...] = ()

    @property
    def issue(self) -> "Issue":
        """The same as an issue, which every pull request is."""
        return Issue(
            number=self.number,
            title=self.title,
            updated_at=self.updated_at,
            state=self.state,
            body=self.body,
            pull_request={},
            labels=self.labels,
        )


class Review(msgspec.Struct, frozen=True):
    id: Number
    state: str
    html_url: str = ""
    submitted_at: str | None = None
    user: User | None = None
    body: str | None = None

    @property
    def comment(self) -> "Comment":
        """What it says as a whole."""
        return Comment(
            id=self.id,
            html_url=self.html_url,
            created_at=self.submitted_at,
            user=self.user,
            body=self.body,
        )


class AppRef(msgspec.Struct, frozen=True):
    id: Number


class CheckRun(msgspec.Struct, frozen=True):
    name: str
    app: AppRef | None = None
    external_id: str | None = None


class PullRequestRef(msgspec.Struct, frozen=True):
    number: Number


class CheckSuite(msgspec.Struct, frozen=True):
    app: AppRef | None = None
    head_branch: str | None = None
    head_sha: str = ""
    pull_requests: tuple[PullRequestRef, ...] = ()


class WorkflowRun(msgspec.Struct, frozen=True):
    head_sha: str
    head_branch: str | None = None


class RequestedAction(msgspec.Struct, frozen=True):
    identifier: str


class FromRepository(msgspec.Struct, frozen=True):
    """What every event of a repository carries to an App."""

    repository: Repository
    sender: User
    installation: Installation

    @property
    def ref(self) -> RepositoryRef:
        return RepositoryRef(
            id=self.repository.id,
            full_name=self.repository.full_name,
            installation_id=self.installation.id,
        )


class IssueEvent(FromRepository, frozen=True):
    issue: Issue


class IssueLabelled(IssueEvent, frozen=True):
    label: Label


class Commented(IssueEvent, frozen=True):
    comment: Comment


class CommentEdited(Commented, frozen=True):
    changes: Changes


class IssueEdited(IssueEvent, frozen=True):
    changes: Changes


class PullRequestEvent(FromRepository, frozen=True):
    pull_request: PullRequest


class PullRequestLabelled(PullRequestEvent, frozen=True):
    label: Label


class PullRequestEdited(PullRequestEvent, frozen=True):
    changes: Changes


class Reviewed(PullRequestEvent, frozen=True):
    review: Review


class ReviewCommented(PullRequestEvent, frozen=True):
    comment: Comment


class Pushed(FromRepository, frozen=True):
    ref_name: str = msgspec.field(name="ref")
    after: str = ""
    deleted: bool = False


class CheckRunEvent(FromRepository, frozen=True):
    check_run: CheckRun
    requested_action: RequestedAction | None = None


class CheckSuiteEvent(FromRepository, frozen=True):
    check_suite: CheckSuite


class WorkflowRunEvent(FromRepository, frozen=True):
    workflow_run: WorkflowRun


class StatusBranch(msgspec.Struct, frozen=True):
    name: str


class StatusEvent(FromRepository, frozen=True):
    sha: str
    state: str
    branches: tuple[StatusBranch, ...] = ()


class OfInstallation(msgspec.Struct, frozen=True):
    installation: Installation
    sender: User


class InstalledOn(OfInstallation, frozen=True):
    repositories_removed: list[Repository] = []


Payload = TypeVar("Payload", bound=msgspec.Struct)


def read(event: Event, shape: type[Payload]) -> Payload:
    """Take from an event what ``shape`` names; raise UnexpectedPayload where it is not there."""
    if "installation" not in event.data:
        raise UnexpectedPayload("it names no installation: the App's own webhook did not send it")
    try:
        return msgspec.convert(event.data, shape)
    except msgspec.ValidationError as error:
        raise UnexpectedPayload(f"the payload is not as GitHub describes it: {error}") from error
