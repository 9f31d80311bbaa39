"""The reads of handlers, answered by GitHub and the store."""

import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import partial

from bot.engine.shop import Shop
from bot.github import people, reads
from bot.github.app import App, Me
from bot.github.tokens import TEAMS
from bot.pipeline.configuration import RepositoryConfig
from bot.pipeline.rulebook import Rulebook
from bot.runs import Decision, Permission, Person, RepositoryRef, Run, StageRecord
from bot.settings import Settings
from bot.store import runs
from bot.store.database import Database
from bot.worktree import Works
from handlers import Delivery, decide
from handlers.context import Context
from handlers.refusals import Refusals


@dataclass(frozen=True, slots=True)
class LiveGitHub:
    """Asks GitHub itself, with the installation's token."""

    app: App
    rulebook: Rulebook

    async def permission(self, repository: RepositoryRef, person: Person) -> Permission:
        client = await self.app.client(repository.installation_id, repository.id)
        return await reads.permission(client, repository, person)

    async def configuration(self, repository: RepositoryRef) -> RepositoryConfig:
        return await self.rulebook.read(repository)

    async def in_team(self, repository: RepositoryRef, team: str, login: str) -> bool | None:
        client = await self.app.client(repository.installation_id, repository.id, TEAMS)
        return await people.in_team(client, repository, team, login)

    async def in_organization(self, repository: RepositoryRef, login: str) -> bool:
        client = await self.app.client(repository.installation_id, repository.id, TEAMS)
        return await people.in_organization(client, repository, login)

    async def labelled_by(self, repository: RepositoryRef, issue: int) -> Mapping[str, Person]:
        client = await self.app.client(repository.installation_id, repository.id)
        return await people.labelled_by(client, repository, issue)


@dataclass(frozen=True, slots=True)
class StoredRuns:
    """Asks the database."""

    database: Database

    async def get(self, run_id: str) -> Run | None:
        return await self.database.read(partial(runs.get, id_or_prefix=run_id))

    async def living(self, repository_id: int, issue: int) -> Run | None:
        find = partial(runs.living, repository_id=repository_id, issue=issue)
        return await self.database.read(find)

    async def latest(self, repository_id: int, issue: int) -> Run | None:
        find = partial(runs.latest, repository_id=repository_id, issue=issue)
        return await self.database.read(find)

    async def of_pull_request(self, repository_id: int, number: int) -> Run | None:
        find = partial(runs.of_pull_request, repository_id=repository_id, number=number)
        return await self.database.read(find)

    async def of_branch(self, repository_id: int, branch: str) -> Run | None:
        find = partial(runs.of_branch, repository_id=repository_id, branch=branch)
        return await self.database.read(find)

    async def of_visit(self, repository_id: int, sha: str) -> Run | None:
        find = partial(runs.of_visit, repository_id=repository_id, sha=sha)
        return await self.database.read(find)

    async def on_base(self, repository_id: int, branch: str) -> list[Run]:
        find = partial(runs.on_base, repository_id=repository_id, branch=branch)
        return await self.database.read(find)

    async def stages(self, run_id: str) -> list[StageRecord]:
        return await self.database.read(partial(runs.stages, run_id=run_id))

    async def living_of_installation(
        self, installation_id: int, repository_id: int | None
    ) -> list[Run]:
        find = partial(
            runs.living_of_installation,
            installation_id=installation_id,
            repository_id=repository_id,
        )
        return await self.database.read(find)


@dataclass(frozen=True, slots=True)
class KeptWork:
    """Reads it from the run's own objects or bundle."""

    works: Works

    async def of(self, run: Run) -> bytes:
        commit = run.work.head_sha or run.work.checkpoint
        base = run.work.patch_base
        if base is None or commit is None:
            raise LookupError(f"run {run.id} has no work")
        objects = self.works.open(run.repository.id, run.id)
        return await objects.kept_patch(base, commit, merged=run.work.patch_merged)


def decider(
    app: App, me: Me, rulebook: Rulebook, settings: Settings, shop: Shop
) -> Callable[[Delivery], Awaitable[Decision]]:
    """Bind the handlers to what they read, for the dispatcher."""
    context = Context(
        github=LiveGitHub(app, rulebook),
        runs=StoredRuns(shop.database),
        patches=KeptWork(shop.works),
        me=me,
        agent=settings.agent,
        agents=tuple(shop.staff.runtimes),
        clock=time.time,
        markers=shop.markers,
        refusals=Refusals(time.monotonic),
        bots=frozenset(settings.bots),
    )

    return partial(decide, context=context)
