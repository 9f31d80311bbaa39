"""What an operator types at two in the morning: at a wrong database, too early, or twice."""

import hashlib
import sqlite3
import tarfile
from contextlib import closing
from pathlib import Path

import psycopg
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from bot.runs import RunEvent, Work
from bot.store import runs
from bot.store.cluster import run_files, workers
from bot.store.cluster.workers import Worker
from bot.store.database import Database
from bot.store.schema.version import HEAD
from tests import postgres
from tests.cli.shell import coppice
from tests.store.rows import a_run

OLDER = f"{int(HEAD) - 1:04}"


@pytest.fixture
def foreign_url() -> str:
    """A database of PostgreSQL in which Coppice has made nothing."""
    return postgres.shared().empty()


def a_key() -> bytes:
    made = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    encoding, form = serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL
    return made.private_bytes(encoding, form, serialization.NoEncryption())


def tables(url: str) -> list[str]:
    with psycopg.connect(url) as connection:
        found = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        return [row[0] for row in found]


@pytest.mark.parametrize(
    ("command", "code"),
    [(("runs", "--json"), 0), (("deliveries", "--json"), 0), (("workers", "--json"), 1)],
)
def test_a_list_of_a_database_that_is_not_ours_makes_nothing_there(
    foreign_url: str, tmp_path: Path, command: tuple[str, ...], code: int
) -> None:
    said = coppice(*command, DATABASE_URL=foreign_url, DATA_DIR=tmp_path)

    assert (said.returncode, said.stdout, said.stderr) == (code, "[]\n", "")
    assert tables(foreign_url) == []


@pytest.mark.parametrize(
    "command",
    [("workers", "pause"), ("clean",), ("audit", "verify"), ("backup",), ("verify-store",)],
)
def test_a_database_that_is_not_ours_is_named_and_left_alone(
    foreign_url: str, tmp_path: Path, command: tuple[str, ...]
) -> None:
    said = coppice(*command, DATABASE_URL=foreign_url, DATA_DIR=tmp_path)

    assert (said.returncode, said.stdout) == (1, "")
    assert "Coppice has made nothing in PostgreSQL" in said.stderr
    assert "COPPICE_DATABASE_URL" in said.stderr
    assert tables(foreign_url) == []


@pytest.mark.sqlite
def test_a_look_by_a_newer_version_migrates_nothing(tmp_path: Path) -> None:
    made = coppice("migrate", DATA_DIR=tmp_path)
    assert made.returncode == 0, made.stderr
    with closing(sqlite3.connect(tmp_path / "coppice.sqlite")) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = ?", [OLDER])

    said = coppice("runs", DATA_DIR=tmp_path)

    assert (said.returncode, said.stdout) == (2, "")
    assert f"schema {OLDER}" in said.stderr
    assert "`coppice migrate`" in said.stderr
    with closing(sqlite3.connect(tmp_path / "coppice.sqlite")) as connection:
        assert connection.execute("SELECT version_num FROM alembic_version").fetchone() == (OLDER,)


@pytest.mark.parametrize("command", [("clean",), ("clean", "--yes"), ("verify-store",)])
def test_a_database_in_which_no_engine_ran_yet_is_no_error(
    postgresql_url: str, tmp_path: Path, command: tuple[str, ...]
) -> None:
    said = coppice(*command, DATABASE_URL=postgresql_url, DATA_DIR=tmp_path)

    assert (said.returncode, said.stderr.count("Traceback")) == (0, 0), said.stderr


async def test_an_act_says_what_it_did_and_the_same_again_that_it_was_so(
    either_url: str, tmp_path: Path
) -> None:
    database = await Database.open(either_url)
    worker = Worker(name="w1", life="l", version="1", pid=1, host="h", slots=1)
    await database.write(lambda c: workers.claim(c, worker))
    await database.close()

    def told(*command: str) -> tuple[int, str]:
        done = coppice("workers", *command, DATA_DIR=tmp_path)
        assert done.stderr == ""
        return done.returncode, done.stdout

    code, first = told("pause")
    assert (code, "nothing new begins" in first) == (0, True)
    code, again = told("pause")
    assert (code, "paused already, by operator" in again) == (0, True)
    code, resumed = told("resume")
    assert (code, "go on" in resumed) == (0, True)
    assert told("resume") == (0, "the workers were not paused\n")
    code, drained = told("drain", "w1")
    assert (code, "w1 begins nothing new" in drained) == (0, True)


LONG = "a" * 300
"""What no file system takes for a name: as little can be done there as by the wrong user."""


@pytest.mark.sqlite
@pytest.mark.parametrize(
    "command",
    [("runs",), ("verify-store",), ("clean",), ("backup",), ("backup", "--to", LONG)],
    ids=lambda command: " ".join(command)[:20],
)
def test_a_place_where_nothing_may_be_read_is_named(
    command: tuple[str, ...], tmp_path: Path
) -> None:
    said = coppice(*command, DATA_DIR=tmp_path / LONG)

    assert (said.returncode, said.stdout) == (2, "")
    assert "File name too long" in said.stderr
    assert said.stderr.count("\n") == 1, said.stderr


@pytest.mark.sqlite
def test_a_database_that_cannot_be_opened_is_named(tmp_path: Path) -> None:
    (tmp_path / "coppice.sqlite").mkdir()

    said = coppice("runs", DATA_DIR=tmp_path)

    assert (said.returncode, said.stdout) == (2, "")
    assert "coppice.sqlite cannot be read: unable to open database file" in said.stderr
    assert "as the user that Coppice runs as" in said.stderr


@pytest.mark.sqlite
def test_a_data_directory_that_cannot_be_held_is_named(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    (tmp_path / "service.lock").mkdir()

    said = coppice("restore", "backup.tar", DATA_DIR=tmp_path)

    assert (said.returncode, said.stdout) == (2, "")
    assert "service.lock cannot be written: Is a directory" in said.stderr


def test_a_backup_too_early_makes_no_directory(tmp_path: Path) -> None:
    said = coppice("backup", DATA_DIR=tmp_path / "data")

    assert (said.returncode, said.stdout) == (1, "")
    assert "`coppice serve` makes it" in said.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_backup_that_cannot_be_written_there_says_why(tmp_path: Path) -> None:
    assert coppice("migrate", DATA_DIR=tmp_path).returncode == 0

    said = coppice("backup", "--to", "/proc/here/b.tar", DATA_DIR=tmp_path)

    assert (said.returncode, said.stdout) == (2, "")
    assert said.stderr == "coppice: /proc/here cannot be made: No such file or directory\n"


@pytest.mark.sqlite
@pytest.mark.parametrize("to", ["", "shop", "sqlite:///tmp/x", "mysql://h/d"])
def test_a_move_to_anything_but_postgresql_names_the_option(tmp_path: Path, to: str) -> None:
    assert coppice("migrate", DATA_DIR=tmp_path).returncode == 0

    said = coppice("move", "--to", to, DATA_DIR=tmp_path)

    assert (said.returncode, said.stdout) == (2, "")
    assert said.stderr.startswith("coppice: --to takes postgresql://USER:PASSWORD@HOST:PORT/")


@pytest.mark.sqlite
@pytest.mark.parametrize("command", [("runs",), ("backup",), ("migrate",), ("audit", "verify")])
def test_a_damaged_database_is_named_with_a_way_on(
    tmp_path: Path, command: tuple[str, ...]
) -> None:
    file = tmp_path / "coppice.sqlite"
    file.write_bytes(b"no database" * 1000)

    said = coppice(*command, DATA_DIR=tmp_path)

    assert (said.returncode, said.stdout) == (2, "")
    assert f"the database {file} is damaged (file is not a database)" in said.stderr
    assert "coppice restore FILE" in said.stderr
    assert file.read_bytes() == b"no database" * 1000


def test_a_support_file_is_written_while_the_database_is_away(tmp_path: Path) -> None:
    url = f"postgresql://coppice:hunter2hunter2@/coppice?host={tmp_path}"
    file = tmp_path / "support.tar.gz"

    said = coppice("support", "--to", str(file), DATABASE_URL=url, DATA_DIR=tmp_path)

    assert (said.returncode, said.stderr.count("Traceback")) == (0, 0), said.stderr
    with tarfile.open(file) as tar:
        names = {name.removeprefix("coppice-support/") for name in tar.getnames()}
        told = tar.extractfile("coppice-support/database.txt")
        assert told is not None
        words = told.read().decode()
    assert names == {"versions.json", "doctor.json", "database.txt"}
    assert "is it running, and can this machine reach it?" in words
    assert "hunter2" not in words


async def test_a_support_file_leaves_out_what_an_edited_row_makes_unreadable(
    either_url: str, tmp_path: Path
) -> None:
    database, file = await Database.open(either_url), tmp_path / "support.tar.gz"
    whole = {"APP_ID": 1, "PRIVATE_KEY": a_key().decode(), "WEBHOOK_SECRET": "w" * 32}
    whole |= {"DATABASE_URL": either_url, "DATA_DIR": tmp_path}
    said_then = RunEvent(stage="plan", attempt=1, type="said", data={})
    await database.write(lambda c: runs.insert(c, a_run()))
    await database.write(lambda c: runs.append_events(c, a_run().id, [said_then], 1.0))
    await database.write(lambda c: c.exec_driver_sql("UPDATE events SET data = '7'"))
    await database.close()

    said = coppice("support", "--to", str(file), **whole)

    assert (said.returncode, said.stderr.count("Traceback")) == (0, 0), said.stderr
    with tarfile.open(file) as tar:
        told = {n: tar.extractfile(f"coppice-support/{n}.json") for n in ("events", "runs")}
        texts = {name: found.read().decode() for name, found in told.items() if found}
    assert "cannot be read (" in texts["events"]
    assert "coppice verify-store" in texts["events"]
    assert a_run().id in texts["runs"]


@pytest.mark.parametrize("command", [("migrate",), ("runs",), ("backup",)])
def test_a_database_of_another_program_is_not_taken_for_a_newer_one_of_ours(
    foreign_url: str, tmp_path: Path, command: tuple[str, ...]
) -> None:
    with psycopg.connect(foreign_url) as connection:
        connection.execute("CREATE TABLE alembic_version (version_num VARCHAR(32) PRIMARY KEY)")
        connection.execute("INSERT INTO alembic_version VALUES ('9f3ab1c2d4e5')")

    said = coppice(*command, DATABASE_URL=foreign_url, DATA_DIR=tmp_path)

    assert (said.returncode, said.stdout) == (2, "")
    assert "another program" in said.stderr
    assert "newer version" not in said.stderr
    assert tables(foreign_url) == ["alembic_version"]


@pytest.mark.parametrize(("kept", "said"), [(True, 0), (False, 1)])
async def test_kept_work_in_the_database_is_missed_on_no_machine(
    postgresql_url: str, tmp_path: Path, kept: bool, said: int
) -> None:
    database, data = await Database.open(postgresql_url), b"# v2 git bundle\n"
    run, digest = a_run(work=Work(checkpoint="c" * 40)), hashlib.sha256(data).hexdigest()
    await database.write(lambda c: runs.insert(c, run))
    if kept:
        await database.write(lambda c: run_files.put(c, run.id, "work.bundle", digest, data))
    await database.close()

    found = coppice("verify-store", DATABASE_URL=postgresql_url, DATA_DIR=tmp_path)

    assert found.returncode == 1, found.stderr  # no engine has ever carried the run
    assert found.stdout.count("its kept work is missing") == said


def test_a_log_that_cannot_be_read_ends_a_support_bundle_with_its_name(tmp_path: Path) -> None:
    file, absent = tmp_path / "support.tar.gz", tmp_path / "gone.log"

    said = coppice("support", "--to", str(file), "--log", str(absent), DATA_DIR=tmp_path)

    assert (said.returncode, said.stdout) == (2, "")
    assert said.stderr == f"coppice: --log {absent}: No such file or directory\n"
    assert not file.exists()


def test_logs_that_stay_out_of_a_support_bundle_are_named(tmp_path: Path) -> None:
    file, log = tmp_path / "support.tar.gz", tmp_path / "serve.log"
    log.write_text("line\n")

    said = coppice(
        "support", "--to", str(file), "--log", str(log), DATA_DIR=tmp_path, PORT="not a port"
    )

    assert said.returncode == 0
    assert "logs/serve.log is left out" in said.stderr


def test_two_logs_of_one_name_are_both_in_a_support_bundle(tmp_path: Path) -> None:
    file, folders = tmp_path / "support.tar.gz", [tmp_path / "one", tmp_path / "two"]
    for folder in folders:
        folder.mkdir()
        (folder / "serve.log").write_text(f"of {folder.name}\n")
    named = [word for folder in folders for word in ("--log", str(folder / "serve.log"))]
    key = tmp_path / "key.pem"
    key.write_bytes(a_key())

    said = coppice(
        "support",
        "--to",
        str(file),
        *named,
        APP_ID=1,
        PRIVATE_KEY_FILE=key,
        WEBHOOK_SECRET="w" * 32,
        DATA_DIR=tmp_path,
    )

    assert said.returncode == 0, said.stderr
    with tarfile.open(file) as tar:
        names = [name for name in tar.getnames() if "/logs/" in name]
    assert names == ["coppice-support/logs/serve.log", "coppice-support/logs/2-serve.log"]
