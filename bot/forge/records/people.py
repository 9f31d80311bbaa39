"""Users, Apps, installations and tokens."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bot.forge.records.repositories import Repository


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
