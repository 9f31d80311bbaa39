"""What `coppice verify-store` finds: rows edited by hand, bodies changed, files damaged."""

import hashlib
import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from bot.runs import Work
from bot.store import runs as stored_runs
from bot.store.cluster import run_files
from bot.store.database import Connection, Database
from bot.store.keeping.checks import files, journal, runs, shape
from bot.store.keeping.checks.finding import Finding
from bot.store.keeping.checks.runs import Known
from bot.store.sqlite import Corrupt
from tests.store.test_keeping import spoil_a_page
from tests.store.town import ONE, fill_both

NOW = 1000.0


def fields(body: bytes) -> tuple[object, ...]:
    said = json.loads(body)
    where = said["repository"]
    return (
        said["action"],
        where["full_name"],
        where["id"],
        said["issue"]["number"],
        said["installation"]["id"],
    )


def everything(c: Connection) -> Iterator[Finding]:
    known = Known()
    yield from shape.check(c)
    yield from journal.check(c, fields, NOW)
    yield from runs.read(c, known)
    yield from runs.stages(c, known)
    yield from runs.events(c)
    yield from runs.ledger(c, known, NOW)
    yield from runs.calls(c, known, NOW)


async def found_in(database: Database) -> list[Finding]:
    return await database.read(lambda c: list(everything(c)))


async def test_what_coppice_wrote_agrees_with_itself(database: Database) -> None:
    await database.write(fill_both)

    assert await found_in(database) == []


@pytest.mark.parametrize(
    ("edit", "check", "about", "detail"),
    [
        ("UPDATE runs SET status = 'finished'", "runs", "run 111", "`status` is not what"),
        ("UPDATE runs SET branch = 'main'", "runs", "run 111", "its branch is not"),
        ("UPDATE runs SET following = true", "runs", "run 111", "it follows its pull request"),
        ("UPDATE deliveries SET guid = 'x'", "runs", "run 111", "is not in the journal"),
        ("UPDATE runs SET updated_at = 1", "runs", "run 111", "changed before it was made"),
        (
            "UPDATE runs SET branch = NULL, work = '{\"x\": 1}'",
            "runs",
            "run 111",
            "`work.x` is not what",
        ),
        ("UPDATE deliveries SET decision = 'no'", "journal", "guid-of-tenant1", "`decision`"),
        ("UPDATE deliveries SET number = 8", "journal", "guid-of-tenant1", "is not the body's"),
        ("UPDATE deliveries SET runs = '[\"zz\"]'", "journal", "guid-of-tenant1", "run zz"),
        ("UPDATE payloads SET payload = '{}'", "journal", "guid-of-tenant1", "hash differs"),
        ("UPDATE stages SET status = 'ran'", "stages", "plan-1/plan-1", "`status`"),
        ("UPDATE events SET data = '7'", "events", "run 111", "`data`"),
        ("UPDATE ledger SET kind = 'push'", "ledger", "comment/101", "does not belong to its kind"),
        ("UPDATE ledger SET object = NULL", "ledger", "comment/101", "nothing came of it"),
        ("UPDATE ledger SET run_id = 'zz'", "ledger", "comment/101", "run zz is not there"),
        ("UPDATE ledger SET installation_id = 1", "ledger", "comment/101", "another installation"),
        ("UPDATE calls SET status = 'free'", "calls", "call 1", "`status`"),
        ("UPDATE calls SET usd = -5", "calls", "call 1", "less than nothing"),
    ],
)
async def test_a_row_edited_by_hand_is_named(
    database: Database, edit: str, check: str, about: str, detail: str
) -> None:
    await database.write(ONE.fill)
    edit = edit.replace("'{}'", "'{}'::bytea") if not database.file else edit
    await database.write(lambda c: c.exec_driver_sql(edit))

    found = await found_in(database)

    assert [f.check for f in found] == [check]
    assert about in found[0].about
    assert detail in found[0].detail
    assert found[0].mend != ""


async def test_what_was_left_half_done_is_named_with_a_way_on(database: Database) -> None:
    await database.write(lambda c: ONE.fill(c, status="failed", pull_request=None))
    for edit in (
        "UPDATE stages SET status = 'running'",
        "UPDATE ledger SET status = 'pending', last_at = -9000",
        "UPDATE calls SET status = 'reserved', started_at = -90000",
        "UPDATE deliveries SET decision = 'pending', received_at = -9000",
    ):
        await database.write(lambda c, edit=edit: c.exec_driver_sql(edit))  # type: ignore[misc]

    found = await found_in(database)

    assert sorted(f.check for f in found) == ["calls", "journal", "ledger", "stages"]


async def test_an_open_delivery_without_its_body_is_named(database: Database) -> None:
    await database.write(ONE.fill)
    await database.write(lambda c: c.exec_driver_sql("DELETE FROM payloads"))
    assert await found_in(database) == []  # it was handled: bodies are cleaned away first

    await database.write(lambda c: c.exec_driver_sql("UPDATE deliveries SET decision = 'error'"))

    assert [f.detail for f in await found_in(database)] == ["its body is missing"]


@pytest.mark.parametrize(
    ("statement", "about"),
    [
        ("DROP TABLE marks", "marks"),
        ("DROP INDEX runs_by_age", "runs_by_age"),
        ("ALTER TABLE pauses DROP COLUMN at", "pauses.at"),
    ],
)
async def test_a_half_applied_migration_is_named(
    database: Database, statement: str, about: str
) -> None:
    await database.write(lambda c: c.exec_driver_sql(statement))

    found = await database.read(lambda c: list(shape.check(c)))

    assert [f.about for f in found] == [about]


async def test_missing_guards_of_the_audit_log_are_named(sqlite_url: str) -> None:
    database = await Database.open(sqlite_url)
    await database.write(lambda c: c.exec_driver_sql("DROP TRIGGER audit_UPDATEs_nothing"))

    found = await database.read(lambda c: list(shape.check(c)))

    await database.close()
    assert [f.about for f in found] == ["audit"]


@pytest.fixture
async def file(sqlite_url: str) -> Path:
    """A file with rows in it, that nobody has open."""
    database = await Database.open(sqlite_url)
    await database.write(fill_both)
    await database.close()
    return Path(sqlite_url.removeprefix("sqlite:///"))


def test_a_whole_file_has_nothing_wrong(file: Path) -> None:
    assert files.cut_off(file) + files.damaged(file) == []


def test_a_corrupt_page_is_named(file: Path) -> None:
    spoil_a_page(file)

    found = files.damaged(file)

    assert found != []
    assert found[0].about == str(file)
    assert "restore" in found[0].mend


def test_a_reference_to_nothing_is_named(file: Path) -> None:
    with closing(sqlite3.connect(file)) as c:
        c.execute("DELETE FROM deliveries WHERE seq = 1")
        c.commit()

    assert [f.detail for f in files.damaged(file)] == [
        "row 1 of payloads points to a row of deliveries that is missing"
    ]


def test_a_file_that_is_no_database_is_named(file: Path) -> None:
    file.write_bytes(b"something else" * 1000)

    assert [f.detail for f in files.damaged(file)] == ["file is not a database"]


@pytest.mark.parametrize("left", [10, 40, 32 + 24 + 4096 + 100])
def test_a_log_that_was_cut_off_is_named(file: Path, left: int) -> None:
    log = a_log(file)
    log.write_bytes(log.read_bytes()[:left])

    found = files.cut_off(file)

    assert [f.about for f in found] == [str(log)]
    assert "sweep" in found[0].mend


def test_a_whole_log_is_not_named(file: Path) -> None:
    a_log(file)

    assert files.cut_off(file) == []


def a_log(file: Path) -> Path:
    """A write-ahead log as a process that was killed leaves it."""
    log = file.with_name(f"{file.name}-wal")
    with closing(sqlite3.connect(file, isolation_level=None)) as c:
        c.execute("PRAGMA journal_mode=WAL")
        c.execute("CREATE TABLE more(n)")
        c.executemany("INSERT INTO more VALUES (?)", [(b"x" * 3000,)] * 5)
        kept = log.read_bytes()
    log.write_bytes(kept)
    return log


@pytest.mark.parametrize(
    ("bundle", "wrong"),
    [(None, "missing"), (b"rubbish", "not a bundle"), (b"# v2 git bundle\n", None)],
)
def test_kept_work_that_is_gone_is_named(
    tmp_path: Path, bundle: bytes | None, wrong: str | None
) -> None:
    run = ONE.run(work=Work(checkpoint="c" * 40))
    folder = tmp_path / run.id
    folder.mkdir()
    if bundle is not None:
        (folder / "work.bundle").write_bytes(bundle)

    found: list[Any] = list(files.of_runs(tmp_path, [run]))

    assert [wrong in f.detail for f in found] == ([True] if wrong else [])


@pytest.mark.parametrize(
    ("data", "edit", "wrong"),
    [
        (None, None, "missing"),
        (b"rubbish", None, "not a bundle"),
        (b"# v2 git bundle\n", None, None),
        (b"# v2 git bundle\n", "UPDATE run_files SET digest = 'x'", "was changed"),
    ],
)
async def test_kept_work_is_looked_for_where_machines_share_it(
    postgresql_url: str, data: bytes | None, edit: str | None, wrong: str | None
) -> None:
    database, run = await Database.open(postgresql_url), ONE.run(work=Work(checkpoint="c" * 40))
    if data is not None:
        digest = hashlib.sha256(data).hexdigest()
        await database.write(lambda c: run_files.put(c, run.id, "work.bundle", digest, data))
    if edit is not None:
        await database.write(lambda c: c.exec_driver_sql(edit))

    found: list[Any] = await database.read(lambda c: list(files.of_shared_runs(c, [run])))

    assert [wrong in f.detail for f in found] == ([True] if wrong else [])
    await database.close()


async def test_a_query_that_meets_a_damaged_page_names_the_way_on(file: Path) -> None:
    spoil_a_page(file)
    database = await Database.open(f"sqlite:///{file}")

    with pytest.raises(Corrupt, match="verify-store") as refusal:
        await database.read(lambda c: stored_runs.stages(c, ONE.run_id))

    await database.close()
    assert refusal.value.exit_code == 2


async def test_what_was_committed_before_a_log_was_cut_off_is_whole(file: Path) -> None:
    log = a_log(file)
    log.write_bytes(log.read_bytes()[: 32 + 2 * (24 + 4096) + 100])

    database = await Database.open(f"sqlite:///{file}")

    assert await found_in(database) == []
    await database.close()
    assert files.damaged(file) == []
