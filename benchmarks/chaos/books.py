"""What the service's own books must agree with: GitHub's delivery log, the model's own count."""

import asyncio
import time
from collections import Counter
from dataclasses import dataclass
from functools import partial

from sqlalchemy import select

from benchmarks.chaos.arena import Arena
from bot.runs import Run
from bot.store import runs, tables
from bot.store.database import Connection, Database
from bot.store.journal import deliveries

OPEN = ("pending", "error")
QUIET_SECONDS = 4.0
"""So long nothing may change before all is taken to be over."""
STANDSTILL_SECONDS = 240.0
"""So long may nothing at all happen before a run is called stuck."""


@dataclass(frozen=True, slots=True)
class State:
    """How far everything is."""

    open_deliveries: int
    living: tuple[str, ...]
    """Runs that work or wait."""
    mark: tuple[float, ...]
    """Changes whenever anything happens."""


@dataclass(frozen=True, slots=True)
class Books:
    stuck: list[str]
    lost: list[str]
    """Deliveries that GitHub has in its log and the journal has not, or has not decided."""
    unpaid: int
    """Calls that reached the model and have no row."""
    calls: int


async def settle(arena: Arena, database: Database) -> list[str]:
    """Wait until nothing is left to do; answer the runs that are stuck."""
    last, changed = None, time.monotonic()
    while True:
        state = await database.read(_state)
        now = time.monotonic()
        if state != last:
            last, changed = state, now
        over = not state.open_deliveries and not state.living
        missed = over and now - changed > QUIET_SECONDS and await _missed(arena, database)
        if over and now - changed > QUIET_SECONDS and not missed:
            return []
        if now - changed > STANDSTILL_SECONDS:
            return list(state.living)
        await asyncio.sleep(0.5)


async def audit(arena: Arena, database: Database, stuck: list[str]) -> Books:
    lost = await _missed(arena, database)
    undecided = await database.read(_undecided)
    asked = sum(1 for seen in arena.model.calls if seen.api is not None)
    rows = await database.read(_call_rows)
    return Books(stuck, lost + undecided, max(0, asked - rows), asked)


async def _missed(arena: Arena, database: Database) -> list[str]:
    """List deliveries of GitHub's log that never came in."""
    log = await arena.door.deliveries()
    names = {item["guid"]: f"{item['event']}.{item['action']} {item['guid']}" for item in log}
    guids = list(names)
    unknown: set[str] = set()
    for start in range(0, len(guids), 500):
        some = guids[start : start + 500]
        unknown |= await database.read(partial(deliveries.unknown, guids=some))
    return sorted(names[guid] for guid in unknown)


def _state(c: Connection) -> State:
    rows = deliveries.listing(c)
    every = runs.listing(c)
    living = [run for run in every if not run.status.ended or run.following]
    return State(
        open_deliveries=sum(row.decision in OPEN for row in rows),
        living=tuple(sorted(_told(run) for run in living)),
        mark=(float(len(rows)), float(len(every)), max((r.updated_at for r in every), default=0)),
    )


def _told(run: Run) -> str:
    follows = " and follows" if run.following else ""
    return f"{run.repository.full_name}#{run.issue} ({run.short_id}) is {run.status}{follows}"


def _undecided(c: Connection) -> list[str]:
    return [
        f"{row.event}.{row.action} {row.guid}: {row.decision} {row.reason}"
        for row in deliveries.listing(c)
        if row.decision in (*OPEN, "dead")
    ]


def _call_rows(c: Connection) -> int:
    return len(c.execute(select(tables.calls.c.seq)).all())


async def endings(database: Database) -> Counter[str]:
    """Say how the runs ended, by repository and issue."""

    def read(c: Connection) -> Counter[str]:
        return Counter(
            f"{run.repository.full_name}#{run.issue}: {run.status}"
            f" {run.error.kind if run.error else ''}".strip()
            for run in runs.listing(c)
        )

    return await database.read(read)
