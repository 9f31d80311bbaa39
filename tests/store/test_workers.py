"""Who works, on the database's clock; who is dead; whose turns come back."""

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest
from sqlalchemy import text

from bot.store.cluster import turns, workers
from bot.store.cluster.seat import Seat
from bot.store.cluster.turns import Turn
from bot.store.cluster.workers import DEAD_SECONDS, Worker, WorkerState
from bot.store.database import Connection, Database


@pytest.fixture
async def shared(postgresql_url: str) -> AsyncIterator[Database]:
    database = await Database.open(postgresql_url)
    yield database
    await database.close()


def worker(name: str, life: str = "1") -> Worker:
    return Worker(name=name, life=life, version="1", pid=7, host="here", slots=2)


def age(name: str, seconds: float) -> object:
    """Have a worker be seen for the last time so long ago."""

    def change(c: Connection) -> None:
        sql = "UPDATE workers SET seen_at = seen_at - :seconds WHERE name = :name"
        c.execute(text(sql), {"seconds": seconds, "name": name})

    return change


def turn(child: str, **more: object) -> Turn:
    values = {"run_id": child, "kind": "plan", "part": {}, "repository_id": 1}
    return Turn.model_validate(
        {"child": child, **values, "installation_id": 1, "person": "ana", **more}
    )


async def test_who_was_seen_lately_is_not_dead_whatever_its_own_clock_says(
    shared: Database,
) -> None:
    await shared.write(lambda c: workers.claim(c, worker("a")))
    await shared.write(lambda c: workers.claim(c, worker("b")))
    await shared.write(age("b", DEAD_SECONDS + 1))  # type: ignore[arg-type]

    unseen = await shared.read(lambda c: workers.unseen(c, "a"))

    assert list(unseen) == ["b"]
    assert await shared.write(lambda c: workers.declare_dead(c, "b", unseen["b"]))
    assert await shared.write(lambda c: workers.beat(c, "b", "1")) is None
    assert not await shared.write(lambda c: workers.holds(c, "b", "1"))


async def test_who_beat_meanwhile_is_not_declared_dead(shared: Database) -> None:
    await shared.write(lambda c: workers.claim(c, worker("b")))
    await shared.write(age("b", DEAD_SECONDS + 1))  # type: ignore[arg-type]
    unseen = await shared.read(lambda c: workers.unseen(c, "a"))

    await shared.write(lambda c: workers.beat(c, "b", "1"))

    assert not await shared.write(lambda c: workers.declare_dead(c, "b", unseen["b"]))
    assert await shared.write(lambda c: workers.holds(c, "b", "1"))


async def test_a_new_life_of_the_same_name_ends_the_old_one(shared: Database) -> None:
    await shared.write(lambda c: workers.claim(c, worker("a", "old")))

    before = await shared.write(lambda c: workers.claim(c, worker("a", "new")))

    assert before is not None
    assert before.life == "old"
    assert not await shared.write(lambda c: workers.holds(c, "a", "old"))
    assert await shared.write(lambda c: workers.holds(c, "a", "new"))


async def test_a_name_belongs_to_one_session_and_is_free_when_that_ends(
    postgresql_url: str,
) -> None:
    first, second = Seat(postgresql_url, "a"), Seat(postgresql_url, "a")

    assert await first.take()
    assert not await second.take()
    await first.close()
    async with asyncio.timeout(150):
        while not await second.take():
            await asyncio.sleep(0.05)
    await second.close()


async def test_one_taker_at_a_time_and_the_row_stays_until_it_is_forgotten(
    shared: Database,
) -> None:
    await shared.write(lambda c: workers.claim(c, worker("b")))
    await shared.write(lambda c: workers.change(c, "b", WorkerState.LEFT))

    def take(c: Connection) -> tuple[int, int]:
        mine = workers.gone(c, "a")
        with shared.engine.connect() as other:
            return len(mine), len(workers.gone(other, "c"))

    assert await shared.write(take) == (1, 0)
    assert await shared.read(lambda c: len(workers.gone(c, "c"))) == 1
    await shared.write(lambda c: workers.forget(c, "b"))
    assert await shared.read(lambda c: workers.gone(c, "c")) == []


async def test_the_turns_of_a_dead_worker_come_back_unless_their_workflows_do(
    shared: Database,
) -> None:
    def work(c: Connection) -> list[str]:
        for name in ("begun", "taken"):
            turns.ask(c, turn(name))
        turns.claim(c, "b", lambda waiting, *_: waiting, lambda _: [])
        turns.begun(c, ["begun"])
        turns.release(c, "b")
        return [each.child for each in turns.listing(c) if each.worker is None]

    assert await shared.write(work) == ["taken"]


async def test_many_workers_at_once_take_each_turn_once(shared: Database) -> None:
    def fill(c: Connection) -> None:
        for n in range(20):
            turns.ask(c, turn(f"child-{n}"))

    await shared.write(fill)

    def claim(name: str) -> Callable[[Connection], list[Turn]]:
        return lambda c: turns.claim(c, name, lambda waiting, *_: waiting[:3], lambda _: [])

    taken = await asyncio.gather(*(shared.write(claim(f"w{n}")) for n in range(8)))

    children = [each.child for some in taken for each in some]
    assert len(children) == len(set(children)) == 20
