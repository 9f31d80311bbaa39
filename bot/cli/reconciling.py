"""Put together what compares our runs and labels with what GitHub says of them now."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from bot.errors import UserError
from bot.github import happened
from bot.github.app import App, Me
from bot.github.client import Client
from bot.github.happened import Line, Place
from bot.intake import labels, unheard
from bot.intake.labels import Labels, Starting
from bot.intake.unheard import Unheard
from bot.pipeline.configuration import RepositoryConfig
from bot.pipeline.rulebook import Rulebook
from bot.runs import RepositoryRef
from bot.store.database import Database
from handlers.labels import PLAN


@dataclass(frozen=True, slots=True)
class LiveGitHub:
    """Asks GitHub itself, with the installations' tokens."""

    app: App
    rulebook: Rulebook

    async def client(self, ref: RepositoryRef) -> Client:
        return await self.app.client(ref.installation_id, ref.id)

    async def places(self) -> Sequence[Place]:
        return await happened.places(self.app)

    async def starting(self, ref: RepositoryRef) -> Starting:
        try:
            config = await self.rulebook.read(ref)
        except UserError:  # the default counts, as where a label is heard of
            config = RepositoryConfig()
        return Starting(trigger=config.trigger.label, plan=PLAN)

    async def labelled(self, ref: RepositoryRef, label: str, since: float) -> Sequence[Any]:
        return await happened.labelled(await self.client(ref), ref, label, since)

    async def timeline(self, ref: RepositoryRef, number: int) -> Sequence[Line]:
        return await happened.timeline(await self.client(ref), ref, number)

    async def edited_at(self, ref: RepositoryRef, number: int) -> float | None:
        return await happened.edited_at(await self.client(ref), ref, number)


def reconciling(
    app: App, me: Me, rulebook: Rulebook, database: Database, between: float | None = None
) -> Unheard:
    """``between``: seconds for each call; None: as where nobody waits for it."""
    github = LiveGitHub(app, rulebook)
    for_labels = labels.BETWEEN_SECONDS if between is None else between
    for_runs = unheard.BETWEEN_SECONDS if between is None else between
    return Unheard(
        database=database,
        reader=github.client,
        labels=Labels(database=database, github=github, me=me.user_id, between=for_labels),
        between=for_runs,
    )
