"""What a handler may ask while it decides: reads only, each as narrow as its use."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from bot.pipeline.configuration import RepositoryConfig
from bot.runs import Permission, RepositoryRef, Run


class GitHub(Protocol):
    """What handlers ask of GitHub, as it is at this moment."""

    async def permission(self, repository: RepositoryRef, login: str) -> Permission: ...

    async def configuration(self, repository: RepositoryRef) -> RepositoryConfig:
        """Read the default branch's; raises UserError where it cannot be taken."""


class Runs(Protocol):
    """What handlers ask of the store."""

    async def get(self, run_id: str) -> Run | None: ...

    async def living(self, repository_id: int, issue: int) -> Run | None: ...

    async def latest(self, repository_id: int, issue: int) -> Run | None: ...

    async def of_pull_request(self, repository_id: int, number: int) -> Run | None: ...

    async def of_branch(self, repository_id: int, branch: str) -> Run | None: ...

    async def living_of_installation(
        self, installation_id: int, repository_id: int | None
    ) -> list[Run]: ...


class Identity(Protocol):
    """Who we are on GitHub; told by number, since names can be imitated."""

    @property
    def app_id(self) -> int: ...

    @property
    def user_id(self) -> int: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """All that a handler has besides its event."""

    github: GitHub
    runs: Runs
    me: Identity
    agent: str
    """The operator's choice of an agent, for new runs."""
    clock: Callable[[], float]
