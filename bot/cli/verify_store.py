"""`coppice verify-store`: whether everything that is kept agrees with itself, and with GitHub."""

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path

from bot.cli import stored
from bot.cli.output import emit, printable, say
from bot.cli.verify_live import Live, ask_github
from bot.engine.durable.records import records
from bot.errors import OperatorError
from bot.intake.fields import read_fields
from bot.runs import Run
from bot.settings import Settings, StoreSettings, inspect, load
from bot.store import audit
from bot.store.database import Connection, Database
from bot.store.keeping.checks import files, journal, runs, shape
from bot.store.keeping.checks.finding import Finding
from bot.store.keeping.checks.runs import Known
from bot.store.sqlite import Corrupt, sqlite_path

_AGAIN_SECONDS = 2.0  # a service at work moves while it is looked at


def run(*, live: bool, as_json: bool) -> int:
    """Name each disagreement and what to do about it; exit 1 where there is one."""
    settings = load(StoreSettings)
    if not settings.has_data:
        raise OperatorError(f"there is no database in {settings.data_dir}", exit_code=1)
    began = time.monotonic()
    path = sqlite_path(settings.database_url)
    found = _of_files(path, settings)
    looked = Live()
    if not any(finding.about == str(path) for finding in found):
        more, looked = asyncio.run(_of_rows(settings, live=live))
        found += more
    if as_json:
        emit([finding.model_dump() for finding in found])
    else:
        _show(found, looked, time.monotonic() - began)
    return 1 if found else 0


def _of_files(path: Path | None, settings: StoreSettings) -> list[Finding]:
    if path is None:
        return []
    all_files = [each for each in (path, settings.engine_file) if each.exists()]
    logs = [finding for each in all_files for finding in files.cut_off(each)]
    return logs + [finding for each in all_files for finding in files.damaged(each)]


async def _of_rows(settings: StoreSettings, *, live: bool) -> tuple[list[Finding], Live]:
    """Check what the tables say; with ``live`` ask GitHub too."""
    async with stored.opened() as database:
        found, known = await database.read(_read)
        if not any(finding.check == shape.CHECK for finding in found):
            alive = known.alive.values()
            if settings.is_sqlite:
                found += files.of_runs(settings.data_dir / "runs", alive)
            else:
                found += await database.read(lambda c: list(files.of_shared_runs(c, alive)))
            found += await _of_engine(settings, database)
            if live:
                looked = await ask_github(_all_settings(), database, known.alive)
                return found + looked.findings, looked
    return found, Live()


def _read(c: Connection) -> tuple[list[Finding], Known]:
    if c.dialect.name == "postgresql":
        c.execution_options(isolation_level="REPEATABLE READ")
    known = Known()
    found = list(shape.check(c))
    return (found or list(_rooms(c, known))), known


def _rooms(c: Connection, known: Known) -> Iterator[Finding]:
    yield from journal.check(c, lambda body: tuple(read_fields(body)))
    yield from runs.read(c, known)
    yield from runs.stages(c, known)
    yield from runs.events(c)
    yield from runs.ledger(c, known)
    yield from runs.calls(c, known)
    broken = audit.verify(c)
    if broken is not None:
        mend = "Rows before it can be trusted. Keep a copy; restore the last backup that verifies."
        yield Finding(check="audit", about=f"row {broken.seq}", detail=broken.why, mend=mend)


async def _of_engine(settings: StoreSettings, database: Database) -> list[Finding]:
    """Compare with the engine's records, twice where they differ: a service may be at work."""
    try:
        found = await _engine_once(settings, database)
    except Corrupt as error:
        about, mend = str(settings.engine_file), str(error)
        return [Finding(check="engine", about=about, detail="it is damaged", mend=mend)]
    if not found:
        return []
    await asyncio.sleep(_AGAIN_SECONDS)
    again = await _engine_once(settings, database)
    return [finding for finding in again if finding in found]


async def _engine_once(settings: StoreSettings, database: Database) -> list[Finding]:
    def read(c: Connection) -> Known:
        known = Known()
        list(runs.read(c, known))
        return known

    where = settings.engine_file if settings.is_sqlite else settings.database_url
    carried = await asyncio.to_thread(_carried, where)
    known = await database.read(read)
    return list(_differences(carried, known))


def _carried(where: Path | str) -> set[str]:
    """Name the runs that the engine carries."""
    with records(where) as found:
        flows = found.flows(alive=True) if found else []
        return {flow.run_id for flow in flows if flow.name == "run"}


def _differences(carried: set[str], known: Known) -> Iterator[Finding]:
    for run_id, run in known.alive.items():
        if run_id not in carried:
            detail = f"it is {_doing(run)}, and the engine does not carry it"
            mend = "The service begins it again at its gate when it starts."
            yield Finding(check="engine", about=f"run {run_id}", detail=detail, mend=mend)
    for run_id in sorted(carried & known.ended):
        detail = "its row says that it has ended, and the engine still carries it"
        mend = f"Somebody changed the row. `coppice runs {run_id}` shows it; a backup has it whole."
        yield Finding(check="engine", about=f"run {run_id}", detail=detail, mend=mend)
    for run_id in sorted(carried - set(known.installations)):
        detail = "the engine carries it, and there is no row of it"
        mend = "Restore the last backup; its deliveries since come back by `coppice sweep`."
        yield Finding(check="engine", about=f"run {run_id}", detail=detail, mend=mend)


def _doing(run: Run) -> str:
    return "following its pull request" if run.following else str(run.status)


def _all_settings() -> Settings:
    settings, problems = inspect(Settings)
    if settings is None:
        raise OperatorError("--live needs all settings: " + "; ".join(str(p) for p in problems))
    return settings


def _show(found: list[Finding], looked: Live, seconds: float) -> None:
    for finding in found:
        say(f"{finding.check}: {printable(finding.about)}: {printable(finding.detail)}")
        say(f"    {printable(finding.mend)}")
    if looked.objects:
        say(f"{looked.objects:,} objects on GitHub looked for")
    for name in sorted(looked.away):
        say(f"{printable(name)} is out of reach: the App has left it; `coppice clean` tidies up")
    if looked.left:
        say(f"{looked.left:,} older ones were not looked for, to spare the rate budget")
    verdict = f"{len(found)} disagreements" if found else "everything agrees"
    say(f"{verdict} ({seconds:.1f} s)")
