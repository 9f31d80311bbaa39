"""A suspension is waited for over restarts, and not for ever."""

import time
from collections.abc import AsyncIterator

import pytest

from bot.engine.patience import SUSPENDED_SECONDS, Patience
from bot.errors import EffectRefused
from bot.runs import Run
from bot.store import runs
from bot.store.database import Database
from tests.github.runs import run


@pytest.fixture
async def database(either_url: str) -> AsyncIterator[Database]:
    opened = await Database.open(either_url)
    yield opened
    await opened.close()


async def stored(database: Database, **work: float) -> Run:
    made = run()
    await database.write(lambda c: runs.insert(c, made))
    return await database.write(lambda c: runs.update(c, made.id, work=work))


async def test_the_seven_days_are_counted_from_the_time_that_was_written_down(
    database: Database,
) -> None:
    long_ago = time.time() - SUSPENDED_SECONDS - 1

    async def suspended() -> str:
        raise EffectRefused("suspended", "The App is suspended here.")

    waits = await stored(database, suspended_since=long_ago)
    with pytest.raises(EffectRefused):
        await Patience(database).ask(waits, suspended)


async def test_a_lifted_suspension_begins_anew_the_next_time(database: Database) -> None:
    async def well() -> str:
        return "well"

    waits = await stored(database, suspended_since=time.time() - 3600)

    assert await Patience(database).ask(waits, well) == "well"

    now = await database.read(lambda c: runs.get(c, waits.id))
    assert now is not None
    assert now.work.suspended_since is None
