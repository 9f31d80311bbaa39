"""What a handler may ask while it decides: reads only, each as narrow as its use."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from bot.github.marker import Markers
from bot.pipeline.configuration import RepositoryConfig
from bot.runs import Permission, Person, RepositoryRef, Run, StageRecord
from handlers.refusals import Refusals


class GitHub(Protocol):
    """What handlers ask of GitHub, as it is at this moment."""

    async def permission(self, repository: RepositoryRef, person: Person) -> Permission: ...

    async def configuration(self, repository: RepositoryRef) -> RepositoryConfig:
        """Read the default branch's; raises UserError where it cannot be taken."""

    async def in_team(self, repository: RepositoryRef, team: str, login: str) -> bool | None:
        """Tell whether somebody is an active member of a team of the repository's owner.

        None: the App may not see that.
        """
        ...

    async def in_organization(self, repository: RepositoryRef, login: str) -> bool:
        """Tell whether somebody belongs to the organisation that owns the repository."""
        ...

    async def labelled_by(self, repository: RepositoryRef, issue: int) -> Mapping[str, Person]:
        """Who put each label on last, by label as GitHub spells it."""
        ...


class Runs(Protocol):
    """What handlers ask of the store."""

    async def get(self, run_id: str) -> Run | None: ...

    async def living(self, repository_id: int, issue: int) -> Run | None: ...

    async def latest(self, repository_id: int, issue: int) -> Run | None: ...

    async def of_pull_request(self, repository_id: int, number: int) -> Run | None: ...

    async def of_branch(self, repository_id: int, branch: str) -> Run | None: ...

    async def of_visit(self, repository_id: int, sha: str) -> Run | None:
        """Find the newest run on somebody's pull request whose head this was then."""
        ...

    async def on_base(self, repository_id: int, branch: str) -> list[Run]:
        """List the living runs whose base is this branch."""
        ...

    async def stages(self, run_id: str) -> list[StageRecord]: ...

    async def living_of_installation(
        self, installation_id: int, repository_id: int | None
    ) -> list[Run]: ...


class Patches(Protocol):
    """The kept work of runs."""

    async def of(self, run: Run) -> bytes:
        """Read the work as one diff; it has passed the rules. Raises GitError where it is lost."""
        ...


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
    patches: Patches
    me: Identity
    agent: str
    """The operator's choice of an agent, for new runs."""
    clock: Callable[[], float]
    markers: Markers
    refusals: Refusals
    agents: tuple[str, ...] = ()
    """Those that a repository may choose instead."""
    bots: frozenset[int] = frozenset()
    """User ids of the bots that may steer as people may, by the operator's list."""
