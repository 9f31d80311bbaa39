"""A real forge, what its people did days ago, and the journal of a Coppice that was down then."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

import aiohttp

from bot.cli.reconciling import reconciling
from bot.forge.records import Installation, Issue, TimelineEvent, User
from bot.forge.state import iso
from bot.github.app import App, Registration
from bot.intake.journal import Journal
from bot.intake.unheard import Unheard
from bot.pipeline.rulebook import Rulebook
from bot.runs import Decision, Permission, Run, Tell
from bot.store import marks, runs
from bot.store.database import Database
from bot.store.journal import deliveries
from bot.store.journal.deliveries import DeliveryRow
from tests.github.world import World, open_world
from tests.handlers.world import Sent
from tests.handlers.world import World as Handlers
from tests.store.rows import a_run, an_arrival

DAY = 86400.0
FIVE = 5 * DAY
"""Older than the log, younger than what anybody waits for."""


@dataclass
class House:
    """A forge with its people, and the journal of a Coppice that was down for days."""

    world: World
    journal: Journal

    @property
    def database(self) -> Database:
        return self.world.database

    def issue(self, number: int = 1) -> Issue:
        (repository,) = self.world.forge.forge.state.repositories.values()
        return repository.issues[number]

    async def label(
        self, number: int = 1, *, ago: float = FIVE, who: str = "maintainer", name: str = "coppice"
    ) -> TimelineEvent:
        """Have somebody put a label on, and let that time pass."""
        await self.world.call("POST", f"/issues/{number}/labels", {"labels": [name]}, who)
        return self.passed(number, ago)

    async def unlabel(self, ago: float, *, who: str = "maintainer") -> TimelineEvent:
        await self.world.call("DELETE", "/issues/1/labels/coppice", who=who)
        return self.passed(1, ago)

    @property
    def us(self) -> User:
        """Our own account there."""
        return self.world.forge.forge.state.users["coppice[bot]"]

    def passed(self, number: int, ago: float) -> TimelineEvent:
        event = self.issue(number).events[-1]
        event.created_at = iso(time.time() - ago)
        return event

    @property
    def installation(self) -> Installation:
        (found,) = self.world.forge.forge.state.installations.values()
        return found

    async def listened(self, ago: float) -> None:
        """Have it known for so long, and installed for longer."""
        at, name = time.time() - ago, f"listened-{self.world.repository.id}"
        await self.database.write(partial(marks.put, name=name, at=at))
        self.installation.created_at = iso(at - DAY)

    async def has(self, **values: Any) -> None:
        usual: dict[str, Any] = {"repository": self.world.repository, "issue": 1}
        await self.database.write(lambda c: runs.insert(c, a_run(**usual | values)))

    async def looker(self) -> Unheard:
        app = self.world.app
        rulebook = Rulebook(app=app)
        return reconciling(app, await app.me(), rulebook, self.database, between=0)

    async def look(self) -> list[str]:
        """Look as the service does; answer what is in the journal by it."""
        looker = await self.looker()

        async def tell(_: Tell) -> None:
            """What is closed is another test's."""

        await looker.once(tell, self.journal.enter)
        await looker.labels.once(self.journal.enter)
        return [row.guid for row in await self.rows() if row.source == "sweep"]

    async def rows(self) -> list[DeliveryRow]:
        return (await self.database.read(deliveries.listing))[::-1]

    async def heard(self, event: TimelineEvent) -> int:
        """Have the delivery of an event come in when it happened; answer its number."""
        where = self.world.repository
        arrival = an_arrival(
            action=event.event,
            repository=where.full_name,
            repository_id=where.id,
            number=1,
            received_at=datetime.fromisoformat(event.created_at).timestamp() + 2,
        )
        return await self.journal.enter(arrival)

    async def decided(self, guid: str, held: Permission, run: Run | None = None) -> Decision:
        """Have the handler decide on a delivery of somebody who may so much."""
        row = await self.database.read(partial(deliveries.get, guid=guid))
        assert row is not None
        handlers = Handlers()
        handlers.github.permissions |= {
            user.login: held for user in self.world.forge.forge.state.people.values()
        }
        if run is not None:
            handlers.has(run)
        return await handlers.decide_on(Sent(row.event, row.payload or b"", row.guid))


def patient(world: World) -> App:
    """The App, with time for a machine that is busy: a call that is given up finds nothing."""
    ready = world.forge.ready
    registration = Registration(
        app_id=ready["app_id"],
        private_key=Path(ready["private_key_file"]).read_text(),
        api_url=ready["api_url"],
        timeout=aiohttp.ClientTimeout(total=60),
    )
    return App(registration, world.session, world.time.clock)


@asynccontextmanager
async def open_house(directory: Path) -> AsyncIterator[House]:
    async with aiohttp.ClientSession() as session, open_world(directory, session) as world:
        world.app = patient(world)
        journal = await Journal.open(world.database.file or world.database.url)
        house = House(world, journal)
        await house.listened(20 * DAY)
        yield house
        await journal.close()
