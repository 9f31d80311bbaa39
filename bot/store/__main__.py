"""Create or migrate an SQLite file: `python -m bot.store FILE`, for the door (bot.store.schema)."""

import asyncio
import sys

from bot.errors import OperatorError
from bot.store.database import Database


async def _migrate(path: str) -> None:
    await (await Database.open(f"sqlite:///{path}")).close()


if __name__ == "__main__":
    try:
        asyncio.run(_migrate(sys.argv[1]))
    except OperatorError as error:
        sys.exit(str(error))
