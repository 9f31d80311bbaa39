"""Create or migrate a database for the door (bot.store.schema.version): `python -m bot.store FILE`.

With `-` in place of the file the URL of the database is read from stdin.
"""

import asyncio
import sys

from bot.errors import OperatorError
from bot.store.database import Database


async def _migrate(path: str) -> None:
    url = sys.stdin.read() if path == "-" else f"sqlite:///{path}"
    await (await Database.open(url)).close()


if __name__ == "__main__":
    try:
        asyncio.run(_migrate(sys.argv[1]))
    except OperatorError as error:
        sys.exit(str(error))
