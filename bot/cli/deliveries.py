"""`coppice deliveries`: what came in, and what became of it."""

from typing import Any

from bot.cli import stored
from bot.cli.output import emit, moment, note, table
from bot.store.journal import deliveries
from bot.store.journal.deliveries import DeliveryRow

_HEADER = ("received", "delivery", "event", "repository", "decision", "runs or reason")


def run(guid: str | None, *, limit: int, as_json: bool) -> int:
    """List deliveries, newest first, or one; exit 1 when that one is unknown."""
    rows = _rows(guid, limit) if stored.is_there() else []
    if guid is not None and not rows:
        note(f"there is no delivery {guid}; `coppice deliveries` lists them")
    if as_json:
        emit([_facts(row) for row in rows])
    elif rows or guid is None:
        table(_HEADER, (_cells(row) for row in rows))
    return 1 if guid is not None and not rows else 0


def _rows(guid: str | None, limit: int) -> list[DeliveryRow]:
    if guid is None:
        return stored.read(lambda c: deliveries.listing(c, limit))
    found = stored.read(lambda c: deliveries.get(c, guid))
    return [found] if found else []


def _facts(row: DeliveryRow) -> dict[str, Any]:
    return {
        "guid": row.guid,
        "event": row.event,
        "action": row.action,
        "repository": row.repository,
        "received_at": moment(row.received_at),
        "attempts": row.attempts,
        "decision": row.decision.value,
        "reason": row.reason,
        "runs": list(row.runs),
        "source": row.source,
    }


def _cells(row: DeliveryRow) -> tuple[object, ...]:
    event = f"{row.event}.{row.action}" if row.action else row.event
    became = " ".join(row.runs) or row.reason
    return (moment(row.received_at), row.guid, event, row.repository, row.decision.value, became)
