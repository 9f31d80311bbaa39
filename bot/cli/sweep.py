"""`coppice sweep`: look in GitHub's delivery log for what never came in, and take it up."""

import asyncio
from functools import partial

from bot.cli import stored
from bot.cli.connection import open_session
from bot.cli.output import emit, moment, note, say, table
from bot.github.app import App, Registration
from bot.intake.journal import Journal
from bot.intake.sweep import Missed, Sweep
from bot.settings import Settings, load
from bot.store.database import Database
from bot.store.journal import deliveries

_HEADER = ("delivered", "guid", "event", "action", "repository")


def run(*, dry_run: bool, as_json: bool) -> int:
    """Show what was missed; unless it is a dry run, the service acts on it within a second."""
    missed = asyncio.run(_sweep(dry_run=dry_run))
    if as_json:
        emit([{**each.model_dump(exclude={"id", "at"}), "at": moment(each.at)} for each in missed])
        return 0
    if not missed:
        say("nothing was missed")
        return 0
    table(
        _HEADER,
        (
            (moment(each.at), each.guid, each.event, each.action or "", str(each.repository_id))
            for each in missed
        ),
    )
    note("this was a dry run" if dry_run else "the service acts on them now")
    return 0


async def _sweep(*, dry_run: bool) -> list[Missed]:
    settings = load(Settings)
    async with stored.opened() as database, open_session(settings) as session:
        registration = Registration(
            app_id=settings.app_id,
            private_key=settings.private_key.get_secret_value(),
            api_url=settings.github_url,
        )
        sweep = Sweep(App(registration, session).as_app, database)
        missed = await sweep.missed()
        if missed and not dry_run:
            await _take_up(sweep, database, missed)
        return missed


async def _take_up(sweep: Sweep, database: Database, missed: list[Missed]) -> None:
    """Journal them and put them back to pending: the service looks for those of other processes."""
    journal = await Journal.open(database.file or database.url)
    try:
        await sweep.bring_back(missed, journal)
    finally:
        await journal.close()
    for each in missed:
        await database.write(partial(deliveries.requeue, guid=each.guid))
