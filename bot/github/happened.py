"""What happened to issues, and where the App is installed: read to find what nobody heard of.

An answer of another shape than GitHub describes raises msgspec.ValidationError.
"""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, urlencode

import msgspec

from bot.github import queries
from bot.github.app import App
from bot.github.client import Client
from bot.runs import RepositoryRef


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """A repository that an installation shows the App now."""

    ref: RepositoryRef
    installed_at: float
    """Of the installation, Unix time."""
    open_issues: int
    """Pull requests among them; 0 where nobody may change anything."""


class Account(msgspec.Struct, frozen=True):
    id: int
    login: str
    type: str = "User"


class Label(msgspec.Struct, frozen=True):
    name: str


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """One of an issue's timeline; what a kind of line does not have is None."""

    event: str = ""
    id: int | None = None
    actor: Account | None = None
    user: Account | None = None
    """Who wrote a comment or a review."""
    created_at: datetime | None = None
    label: Label | None = None

    @property
    def at(self) -> float:
        """Unix time."""
        return 0.0 if self.created_at is None else self.created_at.timestamp()


class _Installation(msgspec.Struct, frozen=True):
    id: int
    created_at: datetime
    suspended_at: datetime | None = None


class _Repository(msgspec.Struct, frozen=True):
    id: int
    full_name: str
    archived: bool = False
    disabled: bool = False
    open_issues_count: int = 0


class _Edited(msgspec.Struct, frozen=True, rename="camel"):
    last_edited_at: datetime | None


async def places(app: App) -> list[Place]:
    """List all repositories of all installations; one that is suspended shows none."""
    found: list[Place] = []
    async for item in app.as_app.getiter("/app/installations?per_page=100"):
        installation = msgspec.convert(item, _Installation)
        if installation.suspended_at is None:
            found += [place async for place in _shown(app, installation)]
    return found


async def _shown(app: App, installation: _Installation) -> AsyncIterator[Place]:
    client = app.of_installation(installation.id)
    path = "/installation/repositories?per_page=100"
    async for item in client.getiter(path, iterable_key="repositories"):
        it = msgspec.convert(item, _Repository)
        yield Place(
            ref=RepositoryRef(id=it.id, full_name=it.full_name, installation_id=installation.id),
            installed_at=installation.created_at.timestamp(),
            open_issues=0 if it.archived or it.disabled else it.open_issues_count,
        )


async def labelled(client: Client, ref: RepositoryRef, label: str, since: float) -> list[Any]:
    """List the open issues with a label to which anything happened since, as GitHub has them."""
    moment = datetime.fromtimestamp(since, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    query = {"state": "open", "labels": label, "since": moment, "per_page": "100"}
    path = f"/repos/{ref.full_name}/issues?{urlencode(query, quote_via=quote)}"
    return [item async for item in client.getiter(path) if "pull_request" not in item]


async def timeline(client: Client, ref: RepositoryRef, number: int) -> list[Line]:
    """Read what happened to an issue, oldest first."""
    path = f"/repos/{ref.full_name}/issues/{number}/timeline?per_page=100"
    return [msgspec.convert(item, Line) async for item in client.getiter(path)]


async def edited_at(client: Client, ref: RepositoryRef, number: int) -> float | None:
    """Tell when the body of an issue was changed last; None: never. REST does not say it."""
    owner, _, name = ref.full_name.partition("/")
    answer = await client.graphql(queries.EDITED, owner=owner, name=name, number=number)
    found = msgspec.convert(answer["repository"]["issue"], _Edited)
    return None if found.last_edited_at is None else found.last_edited_at.timestamp()
