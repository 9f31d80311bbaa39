"""`coppice redeliver`: put a delivery back to pending; the service takes it up."""

import asyncio

from bot.cli import operator, stored
from bot.cli.connection import open_session
from bot.cli.output import note, say
from bot.cli.verify_live import registration
from bot.github.app import App
from bot.intake.sweep import Sweep
from bot.settings import Settings, load
from bot.store import audit
from bot.store.audit import Act
from bot.store.database import Connection
from bot.store.journal import deliveries
from bot.store.journal.arrivals import Arrival


def run(guid: str, *, from_github: bool) -> int:
    """Have it handled once more; its body as it is, or GitHub's own copy in its place."""
    arrival = asyncio.run(_find(guid)) if from_github else None
    if from_github and arrival is None:
        note(f"GitHub has no delivery {guid} any more: it keeps them for 3 days")
        return 1
    if not stored.write(lambda c: _requeue(c, guid, arrival)):
        note(f"there is no delivery {guid}; `coppice deliveries` lists them")
        return 1
    say(f"{guid} is pending again; the service takes it up within a second")
    return 0


async def _find(guid: str) -> Arrival | None:
    settings = load(Settings)
    async with stored.opened() as database, open_session(settings) as session:
        return await Sweep(App(registration(settings), session).as_app, database).find(guid)


def _requeue(c: Connection, guid: str, arrival: Arrival | None) -> bool:
    found = deliveries.requeue(c, guid) if arrival is None else deliveries.replace(c, arrival)
    if found:
        body = "kept" if arrival is None else "from GitHub"
        audit.record(c, operator.entry(Act.REDELIVERED, guid=guid, body=body))
    return found
