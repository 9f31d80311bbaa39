"""Which schema a PostgreSQL database has, without SQLAlchemy: for a process that stays small."""

import asyncio
import sys

import psycopg

from bot.errors import OperatorError
from bot.store.postgres import complaint, parameters
from bot.store.schema.version import HEAD, refuse_newer

OLDEST = 140000
"""As PostgreSQL counts: 14, the first that ends sessions which are idle."""
_SECONDS = 10.0


async def prepare(url: str) -> None:
    """Require a database at this version's schema; where there is work, another process does it.

    Raises OperatorError when it cannot be reached or was made by a newer version.
    """
    found = await asyncio.to_thread(found_at, url)
    refuse_newer(found)
    if found != HEAD:
        await _migrate(url)


def refuse_old(version: int) -> None:
    """Raise OperatorError for a server that lacks what the cluster relies on."""
    if version < OLDEST:
        raise OperatorError(
            f"the server is PostgreSQL {version // 10000}: Coppice needs {OLDEST // 10000} or newer"
        )


def found_at(url: str) -> str | None:
    """Say at which schema a database is; None: we made none there. Raises OperatorError."""
    try:
        with psycopg.connect(**parameters(url, name="start", statement_seconds=_SECONDS)) as c:
            refuse_old(c.info.server_version)
            row = c.execute("SELECT version_num FROM alembic_version").fetchone()
    except psycopg.errors.UndefinedTable:
        return None
    except psycopg.Error as error:
        raise complaint(error, url) from error
    return str(row[0]) if row else None


async def _migrate(url: str) -> None:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot.store", "-"),
        stdin=asyncio.subprocess.PIPE,  # everybody on the machine can read a command line
        stderr=asyncio.subprocess.PIPE,
    )
    _, said = await process.communicate(url.encode())
    if process.returncode:
        raise OperatorError(f"the database cannot be migrated: {said.decode()[-2000:].strip()}")
