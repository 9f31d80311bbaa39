"""One call of the REST API, and the operations that answer calls."""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any
from urllib.parse import urlencode

from bot.forge.actors import Actor, holds, in_scope
from bot.forge.answers import Answer, Refusal, forbidden, invalid, not_found
from bot.forge.house import House
from bot.forge.numbers import whole
from bot.forge.records import App, Issue, Json, PullRequest, Repository, Role, User
from bot.forge.state import State

REPOSITORY = "/repos/{owner}/{repo}"
BODY_LIMIT = 65_536
TITLE_LIMIT = 256
PAGE_LIMIT = 100


class Caller(Enum):
    """Who may call an operation at all."""

    APP = "app"  # an App, by JWT
    INSTALLATION = "installation"  # an installation token
    ANYBODY = "anybody"  # even without a token
    REPOSITORY = "repository"  # whoever has the permission or role in the repository


@dataclass(slots=True, kw_only=True)
class Call:
    """A request that was let in."""

    forge: House
    operation: "Operation"
    actor: Actor
    params: Mapping[str, str]
    query: Mapping[str, str]
    body: Any
    path: str
    """As GitHub writes it in links: `/repositories/ID/…`."""
    accept: str = ""
    found: Repository | None = None
    links: list[str] = field(default_factory=list)

    @property
    def state(self) -> State:
        return self.forge.state

    @property
    def repository(self) -> Repository:
        if self.found is None:
            raise not_found()
        return self.found

    @property
    def user(self) -> User:
        if self.actor.user is None:
            raise Refusal(401, "Requires authentication")
        return self.actor.user

    @property
    def app(self) -> App | None:
        """The App in whose name something is written."""
        return self.actor.app

    def number(self, name: str) -> int:
        value = whole(self.params[name])
        if value is None:
            raise not_found()
        return value

    def issue(self) -> Issue:
        """The issue or pull request of the path; 410 when deleted, 301 when transferred."""
        number = self.number("issue_number")
        issue = self.repository.issues.get(number)
        if issue:
            self._check_kind(issue)
            return issue
        if number not in self.repository.gone:
            raise not_found()
        moved = self.repository.gone[number]
        if moved is None:
            raise Refusal(410, "This issue was deleted")
        if not self.operation.name.startswith("GET"):
            raise not_found()
        rest = self.path.partition(f"/issues/{number}")[2]
        url = f"{self.state.api_url}/repositories/{moved.repository.id}/issues/{moved.number}"
        raise Refusal(301, "Moved Permanently", headers={"Location": url + rest}, url=url + rest)

    def _check_kind(self, issue: Issue) -> None:
        """Refuse an App that may write pull requests, and this is none."""
        if issue.pull or not self.actor.installation or not in_scope(self.actor, self.repository):
            return
        needs = [need for need in self.operation.needs if not need.startswith("pull_requests")]
        if needs and not any(holds(self.actor, need) for need in needs):
            raise forbidden()

    def pull(self) -> PullRequest:
        issue = self.repository.issues.get(self.number("pull_number"))
        if issue is None or issue.pull is None:
            raise not_found()
        return issue.pull

    def may(self, role: Role, need: str) -> bool:
        """Whether the caller has this on top of what the operation asks for."""
        if self.actor.installation:
            return in_scope(self.actor, self.repository) and holds(self.actor, need)
        return self.state.role(self.repository, self.user).at_least(role)

    def page(
        self,
        items: Sequence[Any],
        shape: Callable[[Any], Json],
        wrap: str | None = None,
        **more: Any,
    ) -> Answer:
        """Answer one page of a list, with `Link` where there are more pages."""
        size = min(max(_positive(self.query.get("per_page"), 30), 1), PAGE_LIMIT)
        page = max(_positive(self.query.get("page"), 1), 1)
        last = max(1, -(-len(items) // size))
        listed: Any = [shape(item) for item in items[(page - 1) * size : page * size]]
        headers = self._links(page, last)
        if wrap:
            listed = {"total_count": len(items), **more, wrap: listed}
        return Answer(body=listed, headers=headers)

    def _links(self, page: int, last: int) -> dict[str, str]:
        wanted: dict[str, int] = {}
        if page > 1:
            wanted |= {"prev": min(page - 1, last), "first": 1}
        if page < last:
            wanted |= {"next": page + 1, "last": last}
        links = [f'<{self._url(n)}>; rel="{rel}"' for rel, n in wanted.items()]
        return {"Link": ", ".join(links)} if links else {}

    def _url(self, page: int) -> str:
        query = {**self.query, "page": str(page)}
        return f"{self.state.api_url}{self.path}?{urlencode(query)}"


def _positive(text: str | None, default: int) -> int:
    number = whole(text or "")
    return default if number is None else number


def check_length(resource: str, text: str | None) -> None:
    """Refuse a body that GitHub's database would not take."""
    if text and len(text) > BODY_LIMIT:
        message = f"body is too long (maximum is {BODY_LIMIT} characters)"
        raise invalid(resource, "unprocessable", "data", message)


def check_title(resource: str, title: object) -> None:
    """Refuse an empty title, and one that is too long; None: none was sent."""
    if title is not None and not str(title).strip():
        raise invalid(resource, "missing_field", "title")
    if len(str(title)) > TITLE_LIMIT:
        message = f"title is too long (maximum is {TITLE_LIMIT} characters)"
        raise invalid(resource, "custom", "title", message)


Handler = Callable[[Call], Awaitable[Answer]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One operation: its name in GitHub's description, who may call it, what answers it."""

    name: str
    """`POST /repos/{owner}/{repo}/issues`."""
    handle: Handler
    caller: Caller
    needs: tuple[str, ...] = ()
    """Permissions of an installation, any of which is enough (`issues:write`)."""
    role: Role = Role.READ
    """What a person has to be."""

    @property
    def creates(self) -> bool:
        """Whether it counts for the limit on content (git's objects do not)."""
        method, _, path = self.name.partition(" ")
        return (
            self.caller is Caller.REPOSITORY
            and method in ("POST", "PUT", "PATCH")
            and not path.startswith((f"{REPOSITORY}/git/", f"{REPOSITORY}/branches"))
        )


class Routes:
    """The operations of one module, declared where they are written."""

    def __init__(self) -> None:
        self.operations: list[Operation] = []

    def __call__(self, name: str, caller: Caller = Caller.ANYBODY) -> Callable[[Handler], Handler]:
        def keep(handle: Handler) -> Handler:
            self.operations.append(Operation(name=name, handle=handle, caller=caller))
            return handle

        return keep

    def repository(
        self, name: str, needs: str, role: Role = Role.READ
    ) -> Callable[[Handler], Handler]:
        """Declare an operation on a repository: `GET /issues` means `GET /repos/{…}/issues`."""
        method, _, path = name.partition(" ")

        def keep(handle: Handler) -> Handler:
            operation = Operation(
                name=f"{method} {REPOSITORY}{path}",
                handle=handle,
                caller=Caller.REPOSITORY,
                needs=tuple(needs.split()),
                role=role,
            )
            self.operations.append(operation)
            return handle

        return keep


def all_operations(modules: Iterable[Routes]) -> list[Operation]:
    return [operation for routes in modules for operation in routes.operations]
