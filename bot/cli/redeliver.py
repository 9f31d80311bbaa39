"""`coppice redeliver`: put a delivery back to pending; the service takes it up."""

from bot.cli import operator, stored
from bot.cli.output import note, say
from bot.store import audit, deliveries
from bot.store.audit import Act
from bot.store.database import Connection


def run(guid: str) -> int:
    if not stored.write(lambda c: _requeue(c, guid)):
        note(f"there is no delivery {guid}; `coppice deliveries` lists them")
        return 1
    say(f"{guid} is pending again; the service takes it up within a second")
    return 0


def _requeue(c: Connection, guid: str) -> bool:
    found = deliveries.requeue(c, guid)
    if found:
        audit.record(c, operator.entry(Act.REDELIVERED, guid=guid))
    return found
