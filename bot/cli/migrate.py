"""`coppice migrate`: bring the database to this version's tables, before the service starts."""

import asyncio

from bot.cli.output import say
from bot.settings import StoreSettings, load
from bot.store.database import Database
from bot.store.schema import HEAD


def run() -> int:
    settings = load(StoreSettings)
    if settings.is_sqlite:
        settings.prepare_data_dir()
    asyncio.run(_migrate(settings.database_url))
    say(f"the database is at schema {HEAD}")
    return 0


async def _migrate(url: str) -> None:
    await (await Database.open(url)).close()
