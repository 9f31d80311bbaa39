"""Backup, restore and move: what comes out is what went in, or nothing at all."""

import sqlite3
import tarfile
import time
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

import pytest

from bot.errors import OperatorError
from bot.store import audit, runs
from bot.store.audit import Act, Entry
from bot.store.database import Connection, Database
from bot.store.keeping import archive, backup, copying, restore, snapshot
from bot.store.keeping.backup import Place
from bot.store.keeping.copying import Content
from bot.store.keeping.move import move
from bot.store.keeping.restore import Restored, Target
from bot.store.sqlite import Corrupt
from tests.store.town import ONE, TWO, fill_both

ENTRY = Entry(who="operator ana", act=Act.RESTORED)


def silent(_: str) -> None:
    """Hear of progress, and say nothing."""


def place(folder: Path) -> Place:
    return Place(runs=folder / "runs", engine_file=folder / "coppice-engine.sqlite", version="1")


def target(folder: Path, url: str | None = None) -> Target:
    return Target(
        url=url or f"sqlite:///{folder}/coppice.sqlite", data_dir=folder, place=place(folder)
    )


async def contents(database: Database) -> dict[str, Content]:
    def read(c: Connection) -> dict[str, Content]:
        return {table.name: copying.content(c, table) for table in copying.kept()}

    return await database.read(read)


def without(found: Mapping[str, Content], *names: str) -> dict[str, Content]:
    return {name: content for name, content in found.items() if name not in names}


async def a_backup(database: Database, folder: Path) -> Path:
    """Two installations, an engine's file, and files of a run."""
    await database.write(fill_both)
    with closing(sqlite3.connect(folder / "coppice-engine.sqlite")) as c:
        c.execute("CREATE TABLE steps(n)")
    run = folder / "runs" / ONE.run_id
    (run / "git").mkdir(parents=True)
    (run / "work.bundle").write_bytes(b"# v2 git bundle\n")
    (run / "git" / "HEAD").write_text("ref")
    (run / "half.part").write_text("half")
    (run / "link").symlink_to("/etc/passwd")
    to = folder / "backup.tar"
    await backup.write(database, place(folder), to, silent)
    return to


async def restored(path: Path, into: Target) -> tuple[Restored, dict[str, Content]]:
    done = await restore.restore(path, into, ENTRY, silent)
    database = await Database.open(into.url)
    try:
        return done, await contents(database)
    finally:
        await database.close()


async def test_a_restore_has_every_row_and_file_of_the_backup(
    database: Database, tmp_path: Path
) -> None:
    path = await a_backup(database, tmp_path)
    before = await contents(database)
    new = tmp_path / "new"

    _, after = await restored(path, target(new))

    assert without(after, "audit", "run_files") == without(before, "audit", "run_files")
    assert after["audit"].rows == before["audit"].rows + 1
    files = {str(p.relative_to(new)) for p in (new / "runs").rglob("*") if p.is_file()}
    assert f"runs/{ONE.run_id}/work.bundle" in files
    assert f"runs/{TWO.run_id}/config.json" in files  # it lay in the database
    assert f"runs/{ONE.run_id}/git/HEAD" in files
    assert not any(name.endswith(("half.part", "link")) for name in files)


ODD = "a%41 b?c=d#e'ü"


async def test_no_character_of_a_path_leads_a_backup_elsewhere(
    database: Database, tmp_path: Path
) -> None:
    path = await a_backup(database, tmp_path)
    before = await contents(database)
    folder = tmp_path / ODD
    folder.mkdir()

    await restored(path, target(folder / "one"))
    source = await Database.open(target(folder / "one").url)
    await backup.write(source, place(folder / "one"), folder / "x.tar", silent)
    await source.close()
    _, after = await restored(folder / "x.tar", target(folder / "two"))

    assert without(after, "audit", "run_files") == without(before, "audit", "run_files")
    made = {each.name for each in tmp_path.iterdir() if each.name.startswith("a")}
    assert made == {ODD}


async def test_a_backup_of_either_database_goes_into_postgresql(
    database: Database, tmp_path: Path, postgresql_server: object
) -> None:
    path = await a_backup(database, tmp_path)
    before = await contents(database)
    url = postgresql_server.empty()  # type: ignore[attr-defined]

    done, after = await restored(path, target(tmp_path / "new", url))

    assert without(after, "audit", "run_files") == without(before, "audit", "run_files")
    assert not done.with_engine


async def test_a_backup_of_postgresql_may_take_longer_than_a_transaction_usually_may(
    postgresql_url: str, tmp_path: Path
) -> None:
    limits = "options=-c%20idle_in_transaction_session_timeout%3D100"
    database = await Database.open(f"{postgresql_url}&{limits}", patience=0.1)

    def slow(_: str) -> None:
        time.sleep(0.3)

    await backup.write(database, place(tmp_path), tmp_path / "b.tar", slow)

    assert (tmp_path / "b.tar").exists()
    await database.close()


async def test_a_backup_is_for_its_owner_alone(database: Database, tmp_path: Path) -> None:
    path = await a_backup(database, tmp_path)

    assert path.stat().st_mode & 0o777 == 0o600
    assert [p.name for p in tmp_path.iterdir() if p.name.startswith(".backup")] == []


async def test_a_backup_of_an_ended_run_leaves_its_objects_out(
    database: Database, tmp_path: Path
) -> None:
    path = tmp_path / "b.tar"
    await database.write(lambda c: ONE.fill(c, status="done", pull_request=None))
    git = tmp_path / "runs" / ONE.run_id / "git"
    git.mkdir(parents=True)
    (git / "HEAD").write_text("ref")
    (git.parent / "work.bundle").write_bytes(b"kept")

    await backup.write(database, place(tmp_path), path, silent)

    members = archive.read_manifest(path).members
    assert [name for name in members if name.startswith("runs/")] == [
        f"runs/{ONE.run_id}/work.bundle"
    ]


async def test_both_files_of_a_backup_are_of_one_moment(sqlite_url: str, tmp_path: Path) -> None:
    """Whoever writes to the engine's file has written to ours first: so do the copies say."""
    ours, engine = Path(sqlite_url.removeprefix("sqlite:///")), tmp_path / "engine.sqlite"
    writer = sqlite3.connect(ours, isolation_level=None)
    other = sqlite3.connect(engine, isolation_level=None)
    for connection in (writer, other):
        connection.execute("PRAGMA journal_mode=WAL")
    writer.execute("CREATE TABLE written(n)")
    other.execute("CREATE TABLE written(n)")
    other.executemany("INSERT INTO written VALUES (?)", [(b"x" * 2000,)] * 4000)
    other.execute("DELETE FROM written")

    def write(*_: int) -> None:
        writer.execute("INSERT INTO written VALUES (1)")
        other.execute("INSERT INTO written VALUES (1)")

    copies = tmp_path / "copies"
    copies.mkdir()
    snapshot.take(ours, [engine], copies, write)
    writer.close()
    other.close()

    found = []
    for name in (ours.name, engine.name):
        with closing(sqlite3.connect(copies / name)) as c:
            found.append(c.execute("SELECT count(*) FROM written").fetchone()[0])
    assert found == [0, 0]


@pytest.mark.parametrize(
    "spoil",
    [
        lambda data: data[: len(data) // 2],
        lambda data: b"",
        lambda data: data.replace(b"tenant1/shop", b"tenant9/shop", 1),
    ],
    ids=["cut off", "empty", "changed"],
)
async def test_a_damaged_backup_restores_nothing(
    database: Database, tmp_path: Path, spoil: object
) -> None:
    path = await a_backup(database, tmp_path)
    path.write_bytes(spoil(path.read_bytes()))  # type: ignore[operator]
    new = tmp_path / "new"

    with pytest.raises(archive.NotABackup):
        await restore.restore(path, target(new), ENTRY, silent)

    assert [p.name for p in new.rglob("*")] == []


@pytest.mark.parametrize(
    "name", ["../evil", "/etc/evil", "runs/a/../../evil", "runs/a/..", "coppice.sqlite-wal"]
)
async def test_a_backup_with_a_foreign_name_in_it_restores_nothing(
    database: Database, tmp_path: Path, name: str
) -> None:
    path = await a_backup(database, tmp_path)
    manifest = archive.read_manifest(path)
    (tmp_path / "x").mkdir()
    with tarfile.open(path) as tar, tar.extractfile(archive.DATABASE) as found:  # type: ignore[union-attr]
        (tmp_path / "x" / archive.DATABASE).write_bytes(found.read())
    evil = tmp_path / "evil.tar"
    with archive.writing(evil) as file:
        file.add(archive.DATABASE, tmp_path / "x" / archive.DATABASE)
        file.add(name, tmp_path / "x" / archive.DATABASE)
        file.finish(manifest.model_copy(update={"members": file.members}))

    with pytest.raises(archive.NotABackup):
        await restore.restore(evil, target(tmp_path / "new"), ENTRY, silent)

    assert not (tmp_path / "new" / "coppice.sqlite").exists()
    assert not (tmp_path / "evil").exists()


async def test_a_link_in_a_backup_is_refused(database: Database, tmp_path: Path) -> None:
    path = await a_backup(database, tmp_path)
    manifest = archive.read_manifest(path)
    evil = tmp_path / "evil.tar"
    name = f"runs/{ONE.run_id}/work.bundle"
    with tarfile.open(evil, "w") as tar:
        info = tarfile.TarInfo(name)
        info.type, info.linkname = tarfile.SYMTYPE, "/etc/passwd"
        tar.addfile(info)
        archive.Writing(tar).finish(manifest)

    with pytest.raises(archive.NotABackup, match="does not belong there"):
        await restore.restore(evil, target(tmp_path / "new"), ENTRY, silent)


async def test_a_backup_of_a_newer_schema_is_refused(database: Database, tmp_path: Path) -> None:
    path = await a_backup(database, tmp_path)
    manifest = archive.read_manifest(path)
    newer = tmp_path / "newer.tar"
    with archive.writing(newer) as file:
        file.finish(manifest.model_copy(update={"schema_revision": "9999", "members": {}}))

    with pytest.raises(OperatorError, match="newer version"):
        await restore.restore(newer, target(tmp_path / "new"), ENTRY, silent)


async def test_a_restore_into_a_place_in_use_is_refused(database: Database, tmp_path: Path) -> None:
    path = await a_backup(database, tmp_path)
    before = await contents(database)

    with pytest.raises(restore.NotEmpty):
        await restore.restore(path, target(tmp_path, database.url), ENTRY, silent)

    assert await contents(database) == before


async def test_a_restore_that_was_killed_half_way_is_made_again(
    database: Database, tmp_path: Path
) -> None:
    path = await a_backup(database, tmp_path)
    before = await contents(database)
    new = tmp_path / "new"
    (new / ".restore").mkdir(parents=True)
    (new / "coppice-engine.sqlite").write_bytes(b"in its place already")

    _, after = await restored(path, target(new))

    assert after["runs"] == before["runs"]


async def test_an_engine_without_its_database_is_not_restored_over(
    database: Database, tmp_path: Path
) -> None:
    path = await a_backup(database, tmp_path)
    new = tmp_path / "new"
    new.mkdir()
    (new / "coppice-engine.sqlite").write_bytes(b"somebody's")

    with pytest.raises(restore.NotEmpty):
        await restore.restore(path, target(new), ENTRY, silent)

    assert (new / "coppice-engine.sqlite").read_bytes() == b"somebody's"


async def test_a_log_left_beside_the_place_is_not_replayed(sqlite_url: str, tmp_path: Path) -> None:
    database = await Database.open(sqlite_url)
    path = await a_backup(database, tmp_path)
    before = await contents(database)
    new = tmp_path / "new"
    new.mkdir()
    (new / "coppice.sqlite-wal").write_bytes(
        Path(f"{sqlite_url.removeprefix('sqlite:///')}-wal").read_bytes()
    )
    await database.close()

    _, after = await restored(path, target(new))

    assert after["runs"] == before["runs"]


async def test_a_damaged_database_is_not_backed_up(sqlite_url: str, tmp_path: Path) -> None:
    database = await Database.open(sqlite_url)
    await database.write(fill_both)
    await database.close()
    spoil_a_page(Path(sqlite_url.removeprefix("sqlite:///")))
    database = await Database.open(sqlite_url)

    with pytest.raises(Corrupt, match="is damaged"):
        await backup.write(database, place(tmp_path), tmp_path / "b.tar", silent)

    await database.close()
    assert not (tmp_path / "b.tar").exists()


async def test_a_move_copies_every_row_and_closes_the_file(
    sqlite_url: str, postgresql_url: str, tmp_path: Path
) -> None:
    source, to = await Database.open(sqlite_url), await Database.open(postgresql_url)
    await source.write(fill_both)
    before = await contents(source)

    moved = await move(source, to, tmp_path / "runs", ENTRY, silent)

    after = await contents(to)
    await source.close()
    await to.close()
    assert moved.content == before
    assert without(after, "audit") == without(before, "audit")
    with pytest.raises(OperatorError, match="moved to PostgreSQL"):
        await Database.open(sqlite_url)


async def test_after_a_move_new_rows_are_numbered_on(
    sqlite_url: str, postgresql_url: str, tmp_path: Path
) -> None:
    source, to = await Database.open(sqlite_url), await Database.open(postgresql_url)
    await source.write(fill_both)

    await move(source, to, tmp_path / "runs", ENTRY, silent)

    stage = TWO._stage().model_copy(update={"key": "work-1/implement-1"})
    await to.write(lambda c: runs.save_stage(c, stage))
    keys = [s.key for s in await to.read(lambda c: runs.stages(c, TWO.run_id))]
    broken = await to.read(audit.verify)
    await source.close()
    await to.close()
    assert keys == ["plan-1/plan-1", "work-1/implement-1"]
    assert broken is None


async def test_a_move_into_a_database_that_is_not_empty_changes_nothing(
    sqlite_url: str, postgresql_url: str, tmp_path: Path
) -> None:
    source, to = await Database.open(sqlite_url), await Database.open(postgresql_url)
    await source.write(ONE.fill)
    await to.write(TWO.fill)
    before = await contents(source), await contents(to)

    with pytest.raises(OperatorError, match="not empty"):
        await move(source, to, tmp_path / "runs", ENTRY, silent)

    after = await contents(source), await contents(to)
    await source.close()
    await to.close()
    assert after == before


async def test_a_move_that_postgresql_refuses_half_way_changes_nothing(
    sqlite_url: str, postgresql_url: str, tmp_path: Path
) -> None:
    """A text with a NUL fits into SQLite only."""
    source, to = await Database.open(sqlite_url), await Database.open(postgresql_url)
    await source.write(fill_both)
    await source.write(lambda c: c.exec_driver_sql("UPDATE calls SET error = 'a' || char(0)"))

    with pytest.raises(OperatorError, match="calls"):
        await move(source, to, tmp_path / "runs", ENTRY, silent)

    empty = await to.read(copying.is_empty)
    await source.close()
    await to.close()
    assert empty
    await (await Database.open(sqlite_url)).close()  # and the source is open as before


async def test_a_damaged_file_is_not_moved(
    sqlite_url: str, postgresql_url: str, tmp_path: Path
) -> None:
    database = await Database.open(sqlite_url)
    await database.write(fill_both)
    await database.close()
    spoil_a_page(Path(sqlite_url.removeprefix("sqlite:///")))
    source, to = await Database.open(sqlite_url), await Database.open(postgresql_url)

    with pytest.raises(Corrupt):
        await move(source, to, tmp_path / "runs", ENTRY, silent)

    await source.close()
    await to.close()


def spoil_a_page(path: Path) -> None:
    """Write rubbish over the page of the runs' table."""
    with closing(sqlite3.connect(path)) as c:
        c.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        page = c.execute("SELECT rootpage FROM sqlite_master WHERE name = 'stages'").fetchone()[0]
        size = c.execute("PRAGMA page_size").fetchone()[0]
    with path.open("r+b") as file:
        file.seek((page - 1) * size)
        file.write(b"\xff" * size)
