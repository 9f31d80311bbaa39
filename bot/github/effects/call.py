"""What the module of an effect is given, and how it declares itself for docs/effects.md."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from bot.errors import EffectRefused
from bot.github.app import App, Me
from bot.github.client import Client
from bot.github.limits import WriteBudget
from bot.github.marker import Markers
from bot.github.tokens import REST, Permissions
from bot.runs import Applied, Push, RepositoryRef

BRANCHES = "coppice/"


class LeftOut(Exception):
    """This progress is not written now; a later edit catches up."""


class Git(Protocol):
    """git, for the one repository of a call; the token and its lags are taken care of."""

    async def remote_sha(self, branch: str, url: str) -> str | None: ...

    async def push(self, push: Push, url: str) -> bool: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Declaration:
    """What a reader of docs/effects.md is told about an effect."""

    does: str
    found_by: str
    ours_if: str
    writes: str
    refused: Mapping[str, str]
    """Kind of ``EffectRefused`` -> when."""
    permissions: Permissions = REST
    heals: bool = False
    """Looked up even when the ledger says that just this was written: people can change it."""
    wordless: bool = False
    """It is a choice among GitHub's own words, so that there is no text to clear."""
    single: bool = False
    """GitHub itself keeps one, however often it is written: the ledger notes it afterwards only."""


@dataclass(slots=True, kw_only=True)
class Pen:
    """Writes once: an effect is one write, so that a kill leaves nothing half done."""

    client: Client
    budget: WriteBudget
    installation_id: int
    progress: bool
    used: bool = field(default=False, init=False)

    async def write(self, method: str, path: str, data: Mapping[str, Any]) -> tuple[int, Any]:
        """Make the one call that writes; a call that GitHub refuses does not count.

        Raises LeftOut for progress that the budget has no room for.
        """
        await self._begin(f"{method} {path}")
        answer = await self.client.send(method, path, dict(data))
        self.used = True
        return answer

    async def mutate(self, document: str, **variables: Any) -> Any:
        """Make the one GraphQL call that writes; raises as ``write``."""
        await self._begin("POST /graphql")
        answer = await self.client.graphql(document, **variables)
        self.used = True
        return answer

    async def _begin(self, call: str) -> None:
        if self.used:
            raise RuntimeError(f"an effect writes twice: {call}")
        if not await self.budget.take(self.installation_id, progress=self.progress):
            raise LeftOut


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One try to apply one effect."""

    repository: RepositoryRef
    owner: str
    """The run's id, else what distinguishes effects that belong to no run."""
    known: Applied | None
    """What the ledger says that it came to before."""
    client: Client
    pen: Pen
    markers: Markers
    app: App
    git: Git

    async def me(self) -> Me:
        return await self.app.me(self.client)

    @property
    def path(self) -> str:
        return f"/repos/{self.repository.full_name}"


def our_branch(branch: str) -> str:
    """Refuse every branch that is not Coppice's own: no default or protected branch is written."""
    if not branch.startswith(BRANCHES):
        raise EffectRefused("invalid", f"Coppice writes to its own branches only, not `{branch}`.")
    return branch
