"""`coppice redeliver`: put a delivery back to pending; the service takes it up."""

from bot.cli import stored
from bot.cli.output import note, say
from bot.store import deliveries


def run(guid: str) -> int:
    if not stored.write(lambda c: deliveries.requeue(c, guid)):
        note(f"there is no delivery {guid}; `coppice deliveries` lists them")
        return 1
    say(f"{guid} is pending again; the service takes it up within a second")
    return 0
