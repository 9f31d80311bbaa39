"""`coppice sweep`: look in GitHub's delivery log for what never came in, and take it up; and at
labels and runs of which that log knows nothing any more."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Literal

from bot.cli import stored
from bot.cli.connection import open_session
from bot.cli.output import emit, moment, note, say, table
from bot.cli.reconciling import reconciling
from bot.cli.verify_live import registration
from bot.github.app import App
from bot.intake.journal import Journal
from bot.intake.sweep import Sweep
from bot.intake.unheard import Ending, Unheard
from bot.pipeline.rulebook import Rulebook
from bot.runs import Message, MessageKind, Record
from bot.settings import Settings, load
from bot.store.database import Database
from bot.store.journal import deliveries
from bot.store.journal.arrivals import Arrival

Does = Literal["take up", "start", "stop", "end"]
BETWEEN_SECONDS = 0.25
"""For each call: somebody waits for the answer."""
_HEADER = ("does", "at", "guid", "event", "action", "repository", "number", "run")


class Item(Record):
    """What the service would do about something that it has not heard of."""

    does: Does
    """`take up` a delivery of GitHub's log; `start` a run by a label; `stop` one whose label was
    taken off, if whoever did it may; `end` one whose issue or pull request is over.
    """
    guid: str | None
    event: str
    action: str | None
    repository_id: int | None
    number: int | None = None
    run: str | None = None
    at: float | None
    """Unix time."""


@dataclass(slots=True)
class Found:
    items: list[Item] = field(default_factory=list)
    arrivals: list[Arrival] = field(default_factory=list)
    """Those that no log has."""

    def add(self, arrival: Arrival, run: str | None = None) -> None:
        self.arrivals.append(arrival)
        item = Item(
            does="start" if run is None else "stop",
            guid=arrival.guid,
            event=arrival.event,
            action=arrival.action,
            repository_id=arrival.repository_id,
            number=arrival.number,
            run=run,
            at=arrival.received_at,
        )
        self.items.append(item)


def run(*, dry_run: bool, as_json: bool) -> int:
    """Show what was missed; unless it is a dry run, the service acts on it within a second."""
    items = asyncio.run(_sweep(dry_run=dry_run))
    if as_json:
        emit([{**each.model_dump(), "at": _at(each) or None} for each in items])
        return 0
    if not items:
        say("nothing was missed")
        return 0
    table(_HEADER, (_row(each) for each in items))
    if dry_run:
        note("this was a dry run")
        return 0
    if any(each.does != "end" for each in items):
        note("the service acts on them now")
    if any(each.does == "end" for each in items):
        note("the service ends runs by itself, a minute after its start and every six hours")
    return 0


def _row(item: Item) -> list[str]:
    number = "" if item.number is None else f"#{item.number}"
    named = (item.guid or "", item.event, item.action or "", str(item.repository_id or ""))
    return [item.does, _at(item), *named, number, item.run or ""]


def _at(item: Item) -> str:
    return moment(item.at) or ""


async def _sweep(*, dry_run: bool) -> list[Item]:
    async with _opened() as (database, sweep, looker):
        missed = await sweep.missed()
        taken_up = [Item(does="take up", **each.model_dump(exclude={"id"})) for each in missed]
        found = await _unheard(looker)
        if not dry_run:
            async with _journal(database) as journal:
                await sweep.bring_back(missed, journal)
                for arrival in found.arrivals:
                    await journal.enter(arrival)
            for item in (*taken_up, *found.items):
                if item.guid is not None:
                    await database.write(partial(deliveries.requeue, guid=item.guid))
        return [*taken_up, *found.items]


@asynccontextmanager
async def _opened() -> AsyncIterator[tuple[Database, Sweep, Unheard]]:
    settings = load(Settings)
    async with stored.opened() as database, open_session(settings) as session:
        app = App(registration(settings), session)
        rulebook = Rulebook(app=app, override=settings.config_file)
        looker = reconciling(app, await app.me(), rulebook, database, BETWEEN_SECONDS)
        yield database, Sweep(app.as_app, database), looker


async def _unheard(looker: Unheard) -> Found:
    """Find what the log does not tell; nothing is changed."""
    found = Found()
    async for ending in looker.endings():
        if isinstance(ending.how, Arrival):
            found.add(ending.how, ending.run.id)
        else:
            found.items.append(_ended(ending, ending.how))
    async for arrival in looker.labels.put_on(await looker.labels.github.places()):
        found.add(arrival)
    return found


def _ended(ending: Ending, message: Message) -> Item:
    run, of_pull = ending.run, message.kind is MessageKind.CLOSED
    return Item(
        does="end",
        guid=None,
        event="pull_request" if of_pull else "issues",
        action="closed",
        repository_id=run.repository.id,
        number=run.pull_request if of_pull else run.issue,
        run=run.id,
        at=None,
    )


@asynccontextmanager
async def _journal(database: Database) -> AsyncIterator[Journal]:
    """Journal into the database; the service looks for what is put back to pending."""
    journal = await Journal.open(database.file or database.url)
    try:
        yield journal
    finally:
        await journal.close()
