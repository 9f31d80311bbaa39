"""`coppice move`: from an SQLite file to PostgreSQL."""

import asyncio

from bot.cli import operator
from bot.cli.output import emit, say
from bot.cli.progress import Progress
from bot.engine.cluster import lock
from bot.errors import OperatorError
from bot.settings import StoreSettings, load
from bot.store.audit import Act
from bot.store.database import Database
from bot.store.keeping.move import Moved, move


def run(to: str, *, as_json: bool) -> int:
    """Move while nothing runs; the URL may hold a password and is never printed."""
    settings = load(StoreSettings)
    if not to.startswith(("postgresql", "postgres:")):
        raise OperatorError(
            "--to takes postgresql://USER:PASSWORD@HOST:PORT/DATABASE, special characters as %XX"
        )
    if not settings.is_sqlite:
        raise OperatorError(
            "COPPICE_DATABASE_URL names PostgreSQL already: there is nothing to move"
        )
    if not settings.has_data:
        raise OperatorError(f"there is no database in {settings.data_dir} to move", exit_code=1)
    with lock.hold(settings.data_dir):
        moved = asyncio.run(_move(settings, to))
    rows = {name: content.rows for name, content in moved.content.items()}
    if as_json:
        emit({"rows": rows, "files": moved.files})
        return 0
    for name, count in rows.items():
        if count:
            say(f"{name}: {count:,} rows, the same on both sides")
    say(f"files of runs: {moved.files:,}")
    say("Set COPPICE_DATABASE_URL to the new database wherever Coppice runs, then `coppice serve`:")
    say(
        "each waiting run begins again at its gate. The SQLite file stays, and is refused from now."
    )
    return 0


async def _move(settings: StoreSettings, to: str) -> Moved:
    progress = Progress()
    source = await Database.open(settings.database_url)
    try:
        target = await Database.open(to)
        try:
            entry = operator.entry(Act.MOVED, to="postgresql")
            return await move(source, target, settings.data_dir / "runs", entry, progress)
        finally:
            await target.close()
    finally:
        await source.close()
        progress.close()
