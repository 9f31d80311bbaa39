"""How much was written to GitHub lately, counted for all machines of a database."""

import asyncio
from functools import partial

import pytest
from sqlalchemy import Connection

from bot.errors import EffectDelayed
from bot.github.clock import Clock
from bot.github.limits import SharedWriteBudget
from bot.store.cluster import writes
from bot.store.cluster.writes import Bound
from bot.store.database import Database

MINUTE = Bound(seconds=60, most=3)


@pytest.fixture
async def shared(postgresql_url: str):  # type: ignore[no-untyped-def]
    database = await Database.open(postgresql_url)
    yield database
    await database.close()


async def test_many_at_once_take_no_more_than_there_is(shared: Database) -> None:
    tries = [shared.write(lambda c: writes.take(c, 7, [MINUTE])) for _ in range(10)]

    waits = await asyncio.gather(*tries)

    assert sum(wait == 0 for wait in waits) == 3
    assert all(0 < wait <= 60 for wait in waits if wait)


async def test_each_installation_has_its_own(shared: Database) -> None:
    for installation in (1, 2):
        for _ in range(3):
            await shared.write(partial(writes.take, installation_id=installation, bounds=[MINUTE]))

    assert await shared.write(lambda c: writes.take(c, 3, [MINUTE])) == 0


async def test_what_fell_out_of_the_window_counts_no_more(shared: Database) -> None:
    short = Bound(seconds=1.5, most=1)

    def twice(c: Connection) -> tuple[float, float]:
        return writes.take(c, 7, [short]), writes.take(c, 7, [short])

    first, second = await shared.write(twice)
    await asyncio.sleep(second + 0.05)

    assert (first, second > 0) == (0.0, True)
    assert await shared.write(lambda c: writes.take(c, 7, [short])) == 0


async def test_two_machines_share_one_budget_and_progress_is_left_out_first(
    shared: Database,
) -> None:
    here, there = SharedWriteBudget(shared), SharedWriteBudget(shared, Clock())
    for _ in range(30):
        assert await here.take(7)
        assert await there.take(7)

    left_out = await here.take(7, progress=True)

    assert not left_out
    for _ in range(20):
        await there.take(7)
    with pytest.raises(EffectDelayed):
        await here.take(7)
