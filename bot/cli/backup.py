"""`coppice backup` and `coppice restore`: one file that holds an installation."""

import asyncio
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from bot.cli import operator, stored
from bot.cli.output import emit, note, say
from bot.cli.progress import Progress
from bot.engine.cluster import lock
from bot.errors import OperatorError
from bot.settings import StoreSettings, load
from bot.store import audit
from bot.store.audit import Act
from bot.store.keeping import backup
from bot.store.keeping import restore as restoring
from bot.store.keeping.archive import Manifest
from bot.store.keeping.backup import Place
from bot.store.keeping.restore import Restored, Target


def run(to: str | None, *, as_json: bool) -> int:
    """Write the backup while the service runs."""
    settings = load(StoreSettings)
    path = Path(to).expanduser().absolute() if to else _usual(settings)
    operator.require_free(path)
    manifest = asyncio.run(_write(settings, path))
    size = path.stat().st_size
    if as_json:
        emit({"file": str(path), "bytes": size, **_facts(manifest)})
        return 0
    say(
        f"{path}: {size:,} bytes, {manifest.rows['runs']:,} runs,"
        f" {manifest.rows['deliveries']:,} deliveries, schema {manifest.schema_revision}"
    )
    note("it holds the key that marks what is ours on GitHub: keep it as you keep secrets")
    return 0


def restore(file: str, *, as_json: bool) -> int:
    """Restore a backup into an empty place, and say what was done."""
    settings = load(StoreSettings)
    settings.prepare_data_dir()
    with lock.hold(settings.data_dir):
        done = asyncio.run(_restore(settings, Path(file).expanduser().absolute()))
    if as_json:
        emit({**_facts(done.manifest), "files": done.files, "engine": done.with_engine})
        return 0
    say(f"restored what was backed up at {done.manifest.at}:")
    for table, rows in done.manifest.rows.items():
        if rows:
            say(f"  {table}: {rows:,}")
    say(f"  files of runs: {done.files:,}")
    if done.with_engine:
        say("Runs go on where they were.")
    else:
        say("The engine's own state is not in it: each waiting run begins again at its gate.")
    say(
        "Next: `coppice serve` (it looks for deliveries missed in the last 3 days), then"
        " `coppice verify-store --live`."
    )
    return 0


def place(settings: StoreSettings) -> Place:
    return Place(
        runs=settings.data_dir / "runs",
        engine_file=settings.engine_file,
        version=version("coppice-bot"),
    )


async def _write(settings: StoreSettings, path: Path) -> Manifest:
    progress = Progress()
    async with stored.opened() as database:
        _make(path.parent)
        try:
            manifest = await backup.write(database, place(settings), path, progress)
        finally:
            progress.close()
        entry = operator.entry(Act.BACKED_UP, file=path.name, rows=sum(manifest.rows.values()))
        await database.write(lambda c: audit.record(c, entry))
    return manifest


def _make(folder: Path) -> None:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise OperatorError(f"{folder} cannot be made: {error.strerror}") from error


async def _restore(settings: StoreSettings, path: Path) -> Restored:
    progress = Progress()
    target = Target(url=settings.database_url, data_dir=settings.data_dir, place=place(settings))
    try:
        entry = operator.entry(Act.RESTORED, file=path.name)
        return await restoring.restore(path, target, entry, progress)
    finally:
        progress.close()


def _usual(settings: StoreSettings) -> Path:
    now = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    return settings.data_dir / "backups" / f"coppice-{now}.tar"


def _facts(manifest: Manifest) -> dict[str, object]:
    return manifest.model_dump(mode="json", exclude={"members", "format"})
