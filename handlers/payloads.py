"""What handlers read of GitHub's payloads; everything else in them is left unread."""

from typing import Any, TypeVar

import msgspec
from gidgethub.sansio import Event

from bot.runs import Person, RepositoryRef


class UnexpectedPayload(Exception):
    """A payload lacks what we read; the text says what."""


class User(msgspec.Struct, frozen=True):
    id: int
    login: str
    type: str = "User"

    @property
    def person(self) -> Person:
        return Person(id=self.id, login=self.login)


class Installation(msgspec.Struct, frozen=True):
    id: int


class Repository(msgspec.Struct, frozen=True):
    id: int
    full_name: str
    archived: bool = False


class Label(msgspec.Struct, frozen=True):
    name: str


class Issue(msgspec.Struct, frozen=True):
    number: int
    title: str
    updated_at: str
    state: str = "open"
    body: str | None = None
    pull_request: dict[str, Any] | None = None


class Comment(msgspec.Struct, frozen=True):
    id: int
    html_url: str
    user: User | None = None
    body: str | None = None


class PullRequest(msgspec.Struct, frozen=True):
    number: int
    merged: bool = False


class AppRef(msgspec.Struct, frozen=True):
    id: int


class CheckRun(msgspec.Struct, frozen=True):
    name: str
    app: AppRef | None = None
    external_id: str | None = None


class CheckSuite(msgspec.Struct, frozen=True):
    app: AppRef | None = None
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


class PullRequestEvent(FromRepository, frozen=True):
    pull_request: PullRequest


class Pushed(FromRepository, frozen=True):
    ref_name: str = msgspec.field(name="ref")
    deleted: bool = False


class CheckRunEvent(FromRepository, frozen=True):
    check_run: CheckRun
    requested_action: RequestedAction | None = None


class CheckSuiteEvent(FromRepository, frozen=True):
    check_suite: CheckSuite


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
