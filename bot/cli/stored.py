"""Open the store for a command that only looks, without making one where there is none."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import TypeVar

from bot.errors import OperatorError
from bot.settings import StoreSettings, load
from bot.store.database import Connection, Database

T = TypeVar("T")


@asynccontextmanager
async def opened() -> AsyncIterator[Database]:
    """Open the database of the settings; raise where nothing has run yet."""
    settings = load(StoreSettings)
    if not settings.has_data:
        raise OperatorError(
            f"there is no database in {settings.data_dir} yet: `coppice serve` makes it."
            " COPPICE_DATA_DIR names another directory.",
            exit_code=1,
        )
    database = await Database.open(settings.database_url)
    try:
        yield database
    finally:
        await database.close()


def read(query: Callable[[Connection], T]) -> T:
    async def reading() -> T:
        async with opened() as database:
            return await database.read(query)

    return asyncio.run(reading())


def write(query: Callable[[Connection], T]) -> T:
    async def writing() -> T:
        async with opened() as database:
            return await database.write(query)

    return asyncio.run(writing())


def is_there() -> bool:
    """Say whether there is anything to list."""
    return load(StoreSettings).has_data
