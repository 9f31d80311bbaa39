"""One GraphQL request: who asks, and what they may see of what they name."""

import base64
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from bot.forge.actors import Actor, require
from bot.forge.answers import Refusal
from bot.forge.house import House
from bot.forge.records import (
    Comment,
    Issue,
    Json,
    Label,
    PullRequest,
    Repository,
    Review,
    ReviewComment,
    ReviewThread,
    Role,
    TimelineEvent,
    User,
)
from bot.forge.state import State, node_id

Item = TypeVar("Item", Review, ReviewComment)
Resolver = Callable[..., Any]
Fields = dict[str, Resolver]
Resolvers = dict[str, Fields]
"""By type and field: `(record, ask, **arguments)`."""


class Failed(Exception):
    """An error in GitHub's words; ``kind`` is its `type`."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind

    @classmethod
    def of(cls, refusal: Refusal) -> "Failed":
        """The same refusal as REST would give."""
        kinds = {401: "UNAUTHENTICATED", 403: "FORBIDDEN", 404: "NOT_FOUND"}
        errors = refusal.body.get("errors") or [str(refusal)]
        texts = [one if isinstance(one, str) else str(one.get("message", one)) for one in errors]
        return cls(kinds.get(refusal.status, "UNPROCESSABLE"), "; ".join(texts))


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    house: House
    actor: Actor

    @property
    def state(self) -> State:
        return self.house.state

    def require(self, repository: Repository, needs: str, role: Role = Role.READ) -> None:
        """Refuse a caller without one of the permissions (an App) or the role (a person)."""
        try:
            require(self.state, self.actor, repository, tuple(needs.split()), role)
        except Refusal as refusal:
            raise Failed.of(refusal) from None

    def node(self, id: str) -> Any:
        """The record behind a global id, if the caller may read it; raises Failed NOT_FOUND."""
        kind, number = _decoded(id)
        for record in self._records():
            if record.id != number or KINDS[type(record)] != kind:
                continue
            repository = repository_of(record)
            if repository is not None:
                self.require(repository, READS.get(type(record), "metadata:read"))
            return record
        raise Failed("NOT_FOUND", f"Could not resolve to a node with the global id of '{id}'.")

    def _records(self) -> list[Any]:
        found: list[Any] = [*self.state.users.values(), *self.state.repositories.values()]
        for repository in self.state.repositories.values():
            found += repository.labels.values()
            for issue in repository.issues.values():
                found += [issue.pull or issue, *issue.comments]
                if issue.pull:
                    found += self.shown(issue.pull.reviews)
                    found += self.shown(issue.pull.review_comments)
                    found += [t for t in issue.pull.threads if self.shown(t.comments)]
        return found

    def shown(self, items: list[Item]) -> list[Item]:
        """Without what lies in others' pending reviews."""
        return [item for item in items if self._sees(item)]

    def _sees(self, item: Review | ReviewComment) -> bool:
        review = item if isinstance(item, Review) else item.review
        return review.state != "PENDING" or review.user is self.actor.user


READS: dict[type, str] = {
    Issue: "issues:read",
    PullRequest: "pull_requests:read",
    Comment: "issues:read pull_requests:read",
    Review: "pull_requests:read",
    ReviewComment: "pull_requests:read",
    ReviewThread: "pull_requests:read",
    Label: "issues:read pull_requests:read",
}

KINDS: dict[type, str] = {
    User: "User",
    Repository: "Repository",
    Issue: "Issue",
    PullRequest: "PullRequest",
    Comment: "IssueComment",
    Review: "PullRequestReview",
    ReviewComment: "PullRequestReviewComment",
    ReviewThread: "PullRequestReviewThread",
    Label: "Label",
    TimelineEvent: "CrossReferencedEvent",
}
"""What REST's `node_id` calls a record, and GraphQL its type, but for accounts."""


def global_id(record: Any) -> str:
    """The id that REST gives as `node_id`."""
    return node_id(KINDS[type(record)], record.id)


def _decoded(id: str) -> tuple[str, int]:
    """The kind and number of a global id; no record has those of nonsense."""
    try:
        text = base64.b64decode(id, validate=True).decode("ascii")
    except ValueError:
        return "", 0
    found = re.fullmatch(r"([A-Za-z]+)([0-9]{1,18})", text)
    return (found[1], int(found[2])) if found else ("", 0)


def type_name(record: Any) -> str:
    if isinstance(record, dict):
        return str(record["__typename"])
    if isinstance(record, User):
        return record.type
    return KINDS[type(record)]


def repository_of(record: Any) -> Repository | None:
    match record:
        case Repository():
            return record
        case Issue():
            return record.repository
        case PullRequest() | Comment():
            return record.issue.repository
        case Review() | ReviewComment() | ReviewThread():
            return record.pull.issue.repository
    return None


def commit(repository: Repository, sha: str, page: str) -> Json:
    """A commit by name alone."""
    return {
        "__typename": "Commit",
        "id": node_id(f"Commit{sha}", repository.id),
        "oid": sha,
        "abbreviatedOid": sha[:7],
        "url": f"{page}/commit/{sha}",
    }
