"""`coppice migrate`: bring the database to this version's tables, before the service starts."""

import asyncio

from bot.cli.output import say
from bot.settings import StoreSettings, load
from bot.store.database import Database
from bot.store.schema.migrate import Migration
from bot.store.schema.version import HEAD


def run() -> int:
    settings = load(StoreSettings)
    if settings.is_sqlite:
        settings.prepare_data_dir()
    migration = asyncio.run(_migrate(settings.database_url))
    if migration.backup:
        say(f"copied to {migration.backup} as it was (schema {migration.found})")
    if migration.mended:
        what = ", ".join(migration.mended)
        say(f"a migration had been left half-way: {what} had nothing in it and was made anew")
    say(f"the database is at schema {HEAD}")
    return 0


async def _migrate(url: str) -> Migration:
    database = await Database.open(url)
    await database.close()
    return database.migration
