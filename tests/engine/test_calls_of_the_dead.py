"""Calls of models that a dead process left open are closed when its work is taken over."""

import asyncio
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import text

from bot.engine.cluster.member import Member, Takeover
from bot.runs import RunStatus
from bot.store import calls, runs
from bot.store.calls import CallStatus
from bot.store.cluster import turns, workers
from bot.store.cluster.turns import Turn
from bot.store.cluster.workers import DEAD_SECONDS, Worker
from bot.store.database import Connection, Database
from tests.store.rows import a_run
from tests.store.test_calls import a_call

OURS, THEIRS = "aaaaaa111111", "bbbbbb222222"


@pytest.fixture
async def alone(tmp_path: Path) -> AsyncIterator[Database]:
    database = await Database.open(f"sqlite:///{tmp_path}/coppice.sqlite")
    yield database
    await database.close()


@pytest.fixture
async def shared(postgresql_url: str) -> AsyncIterator[Database]:
    database = await Database.open(postgresql_url)
    yield database
    await database.close()


def three_calls(c: Connection, run_id: str) -> None:
    """One that is over, one under way, and what is set aside for the next one."""
    for status in (CallStatus.DONE, CallStatus.RESERVED, CallStatus.SPARE):
        calls.insert(c, a_call(run_id=run_id, status=status))


def at_work(c: Connection, worker: str, run_id: str) -> None:
    turns.ask(
        c,
        Turn(
            child=f"{run_id}/work-1",
            run_id=run_id,
            kind="work",
            part={},
            repository_id=1,
            installation_id=1,
            person="ana",
        ),
    )
    turns.claim(c, worker, lambda waiting, *_: waiting, lambda _: [])
    turns.begun(c, [f"{run_id}/work-1"])
    workers.claim(c, Worker(name=worker, life="1", version="1", pid=1, host="h", slots=1))
    three_calls(c, run_id)


async def states(database: Database, run_id: str) -> list[tuple[str, bool]]:
    query = "SELECT status, estimated FROM calls WHERE run_id = :run ORDER BY seq"
    found = await database.read(lambda c: c.execute(text(query), {"run": run_id}).all())
    return [(row.status, bool(row.estimated)) for row in found]


OPEN = [("done", False), ("reserved", False), ("spare", False)]
CLOSED = [("done", False), ("failed", True), ("failed", True)]


@pytest.mark.sqlite
async def test_the_one_process_of_an_sqlite_file_closes_what_the_last_one_left(
    alone: Database,
) -> None:
    def left(c: Connection) -> None:
        runs.insert(c, a_run(OURS, status=RunStatus.RUNNING))
        three_calls(c, OURS)

    await alone.write(left)

    await Member.of(alone, alone.url, "a", 1).join()

    assert await states(alone, OURS) == CLOSED
    spent = await alone.read(lambda c: calls.spend(c, OURS))
    assert (spent.calls, spent.estimated, spent.usd) == (3, 2, 1.5)


async def test_a_worker_that_begins_again_closes_its_own_and_nobody_elses(
    shared: Database,
) -> None:
    await shared.write(partial(at_work, worker="a", run_id=OURS))
    await shared.write(partial(at_work, worker="b", run_id=THEIRS))
    member = Member.of(shared, shared.url, "a", 1)

    await member.join()

    assert await states(shared, OURS) == CLOSED
    assert await states(shared, THEIRS) == OPEN
    if member.seat is not None:
        await member.seat.close()


async def test_calls_of_a_run_at_which_nobody_works_are_closed_once_they_are_old(
    shared: Database,
) -> None:
    """Their turn is gone: a worker of an older release, or a row that somebody removed."""
    await shared.write(partial(at_work, worker="a", run_id=OURS))
    await shared.write(partial(at_work, worker="b", run_id=THEIRS))
    await shared.write(lambda c: c.execute(text("DELETE FROM turns WHERE worker = 'a'")))
    begun = a_call(run_id=OURS).started_at

    young = begun + calls.NOBODYS_SECONDS - 1
    assert await shared.write(partial(calls.abandon_nobodys, now=young)) == 0
    old = begun + calls.NOBODYS_SECONDS + 1
    assert await shared.write(partial(calls.abandon_nobodys, now=old)) == 2

    assert await states(shared, OURS) == CLOSED
    assert await states(shared, THEIRS) == OPEN


async def test_who_takes_over_closes_the_calls_of_the_dead_before_the_run_goes_on(
    shared: Database,
) -> None:
    await shared.write(partial(at_work, worker="b", run_id=OURS))
    await shared.write(partial(at_work, worker="c", run_id=THEIRS))
    silent = f"UPDATE workers SET seen_at = seen_at - {DEAD_SECONDS + 1} WHERE name = 'b'"
    await shared.write(lambda c: c.execute(text(silent)))
    closed: list[int] = []

    def recover(name: str) -> int:
        """What the engine takes up elsewhere begins a call at once."""
        closed.append(len(closed))
        with shared.engine.connect() as other, other.begin():
            calls.insert(other, a_call(run_id=OURS, status=CallStatus.RESERVED))
        return 0 if len(closed) > 1 else 1

    takeover = Takeover(
        member=Member.of(shared, shared.url, "a", 1),
        recover=recover,
        release=turns.release,
        taken_over=partial(asyncio.sleep, 0),
    )
    for _ in range(3):
        await takeover.look()

    assert await states(shared, OURS) == [*CLOSED, ("reserved", False), ("reserved", False)]
    assert await states(shared, THEIRS) == OPEN
