"""Open the store for a command that only looks, without making or migrating one."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import TypeVar

from pydantic import ValidationError

from bot.errors import OperatorError, Unreadable
from bot.settings import StoreSettings, load
from bot.store.complaint import complaint
from bot.store.database import Connection, Database
from bot.store.schema import version

T = TypeVar("T")


@asynccontextmanager
async def opened() -> AsyncIterator[Database]:
    """Open the database of the settings; raise where nothing has run yet, or it is an older one."""
    settings = load(StoreSettings)
    found = _schema(settings)
    if found is None:
        raise OperatorError(_nothing(settings), exit_code=1)
    version.refuse_newer(found)
    version.refuse_older(found)
    database = await Database.open(settings.database_url)
    try:
        yield database
    finally:
        await database.close()


def read(query: Callable[[Connection], T]) -> T:
    """Answer a query; raises Unreadable where this version did not write a row of it."""

    async def reading() -> T:
        async with opened() as database:
            return await database.read(query)

    try:
        return asyncio.run(reading())
    except ValidationError as error:
        raise Unreadable("a row", complaint(error)) from error


def write(query: Callable[[Connection], T]) -> T:
    async def writing() -> T:
        async with opened() as database:
            return await database.write(query)

    return asyncio.run(writing())


def is_there() -> bool:
    """Say whether there is anything to list."""
    return _schema(load(StoreSettings)) is not None


def _schema(settings: StoreSettings) -> str | None:
    return version.found_at(settings.database_url) if settings.has_data else None


def _nothing(settings: StoreSettings) -> str:
    """Say where nothing is, and what names another place; there is a password in the URL."""
    if settings.is_sqlite:
        return (
            f"there is no database in {settings.data_dir} yet: `coppice serve` makes it."
            " COPPICE_DATA_DIR names another directory."
        )
    from bot.store.postgres import read as read_url  # late: on SQLite nobody needs the driver

    parts = read_url(settings.database_url)
    return (
        f"Coppice has made nothing in PostgreSQL ({parts.get('host', 'this machine')}, database"
        f" {parts.get('dbname', '')}) yet: `coppice migrate` does. COPPICE_DATABASE_URL names"
        " another database."
    )
