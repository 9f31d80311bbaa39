"""The reads of handlers, answered by GitHub and the store."""

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial

from bot.github import reads
from bot.github.app import App, Me
from bot.pipeline.configuration import RepositoryConfig
from bot.pipeline.rulebook import Rulebook
from bot.runs import Decision, Permission, RepositoryRef, Run
from bot.settings import Settings
from bot.store import runs
from bot.store.database import Database
from handlers import Delivery, decide
from handlers.context import Context


@dataclass(frozen=True, slots=True)
class LiveGitHub:
    """Asks GitHub itself, with the installation's token."""

    app: App
    rulebook: Rulebook

    async def permission(self, repository: RepositoryRef, login: str) -> Permission:
        client = await self.app.client(repository.installation_id, repository.id)
        return await reads.permission(client, repository, login)

    async def configuration(self, repository: RepositoryRef) -> RepositoryConfig:
        return await self.rulebook.read(repository)


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

    async def living_of_installation(
        self, installation_id: int, repository_id: int | None
    ) -> list[Run]:
        find = partial(
            runs.living_of_installation,
            installation_id=installation_id,
            repository_id=repository_id,
        )
        return await self.database.read(find)


def decider(
    app: App, me: Me, rulebook: Rulebook, database: Database, settings: Settings
) -> Callable[[Delivery], Awaitable[Decision]]:
    """Bind the handlers to what they read, for the dispatcher."""
    context = Context(
        github=LiveGitHub(app, rulebook),
        runs=StoredRuns(database),
        me=me,
        agent=settings.agent,
        clock=time.time,
    )
    return partial(decide, context=context)
