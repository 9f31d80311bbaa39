"""A real PostgreSQL for tests: one server in each test process, a fresh database whenever asked.

`COPPICE_TEST_DB=postgresql` makes the tests that take whatever database there is run on it.
"""

import atexit
import functools
import itertools
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from tests import databases

USER = "postgres"  # made by the Debian package; the server refuses root
TEMPLATE = "coppice_template"
WATCH = 'read _; "$0" -D "$1/data" -m immediate stop; rm -rf "$1"'
"""For a process that outlives this one, however this one ends: until its stdin is closed."""
PYTHON = [sys.executable, "-m"]
DBOS = str(Path(sys.executable).parent / "dbos")
_OPTIONS = {
    "listen_addresses": "",
    "fsync": "off",
    "max_connections": "100",
    "max_wal_size": "256MB",
    "autovacuum_naptime": "10min",
}
_ROOT = Path(__file__).resolve().parents[1]
_chosen: dict[str, str] = {}
"""Databases of the server, by the SQLite files in whose place they are."""


def programs() -> Path | None:
    """Find the folder of initdb and pg_ctl, on the PATH or where Debian keeps them."""
    found = shutil.which("initdb")
    if found:
        return Path(found).resolve().parent
    return max(Path("/usr/lib/postgresql").glob("*/bin"), default=None)


def require_programs() -> Path:
    found = programs()
    if found is None:
        pytest.skip("no PostgreSQL server here (apt-get install postgresql)")
    return found


@dataclass
class Server:
    """A server in a temporary folder, reached over a Unix socket there; everybody is let in."""

    programs: Path
    folder: Path
    options: dict[str, str] = field(default_factory=dict)
    numbers: Iterator[int] = field(default_factory=itertools.count)

    def make(self) -> None:
        """Make its files."""
        data = ("-D", self.folder / "data")
        self.run("initdb", *data, "--no-sync", "-U", USER, "-A", "trust", "-E", "UTF8")

    def start(self) -> None:
        options = {"unix_socket_directories": str(self.folder), **_OPTIONS, **self.options}
        told = " ".join(f"-c {name}='{value}'" for name, value in options.items())
        self.control("start", "-o", told, "-l", self.folder / "log", "-w")

    def stop(self, mode: str = "immediate") -> None:
        """`immediate` is a crash, `fast` cuts every connection and then ends in order."""
        self.control("stop", "-m", mode)

    def control(self, verb: str, *arguments: str | Path) -> None:
        self.run("pg_ctl", "-D", self.folder / "data", *arguments, verb)

    def run(self, program: str, *arguments: str | Path) -> None:
        command = [str(self.programs / program), *map(str, arguments)]
        user = USER if os.geteuid() == 0 else None
        done = subprocess.run(
            command, user=user, cwd=self.folder, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr

    def url(self, database: str = "postgres", user: str = USER) -> str:
        return f"postgresql://{user}@/{database}?host={self.folder}"

    def ask(self, statement: str, database: str = "postgres") -> list[tuple[Any, ...]]:
        """Run a statement as the server's owner; answer its rows."""
        with psycopg.connect(self.url(database), autocommit=True) as connection:
            found = connection.execute(statement.encode())
            return found.fetchall() if found.description else []

    @contextmanager
    def frozen(self, application: str) -> Iterator[None]:
        """Stop the server's processes that serve an application, as a machine that hangs would."""
        found = self.ask(
            f"SELECT pid FROM pg_stat_activity WHERE application_name = '{application}'"
        )
        for (pid,) in found:
            os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            for (pid,) in found:
                os.kill(pid, signal.SIGCONT)

    @property
    def pid(self) -> int:
        return int((self.folder / "data" / "postmaster.pid").read_text().split()[0])

    def fresh(self, *, engine: bool = False) -> str:
        """Make a database with this version's tables, the engine's too; answer its URL."""
        name = f"test_{next(self.numbers)}"
        template = self.template(TEMPLATE, [*PYTHON, "bot.store", "-"])
        if engine:
            template = self.template(f"{TEMPLATE}_engine", [DBOS, "migrate", "-s"], template)
        self.ask(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY")
        return self.url(name)

    def empty(self) -> str:
        """Make a database with nothing in it; answer its URL."""
        name = f"test_{next(self.numbers)}"
        self.ask(f"CREATE DATABASE {name}")
        return self.url(name)

    def drop(self, url: str) -> None:
        self.ask(f"DROP DATABASE {conninfo_to_dict(url)['dbname']} WITH (FORCE)")

    def template(self, name: str, program: list[str], start: str = "template1") -> str:
        """Make a database to copy, once: a program that gets its URL makes what is in it."""
        if not self.ask(f"SELECT 1 FROM pg_database WHERE datname = '{name}'"):
            self.ask(f"CREATE DATABASE {name} TEMPLATE {start}")
            url = self.url(name)
            command = program if program[-1] == "-" else [*program, url]
            subprocess.run(
                command, input=url, text=True, check=True, cwd=_ROOT, capture_output=True
            )
        return name


@contextmanager
def running(**options: str) -> Iterator[Server]:
    """Start a server of one's own, which may be stopped, restarted and spoilt."""
    server = _made(**options)
    server.start()
    try:
        yield server
    finally:
        if (server.folder / "data" / "postmaster.pid").exists():
            server.stop()
        shutil.rmtree(server.folder)


@functools.cache
def shared() -> Server:
    """Start the server that the tests of this process share; it ends with the process."""
    server = _made()
    server.start()
    watch = [str(server.programs / "pg_ctl"), str(server.folder)]
    watcher = subprocess.Popen(
        ["/bin/sh", "-c", WATCH, *watch],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        user=USER if os.geteuid() == 0 else None,
    )
    atexit.register(watcher.communicate)
    return server


def _made(**options: str) -> Server:
    found = require_programs()
    folder = Path(tempfile.mkdtemp(prefix="coppice-pg-"))
    if os.geteuid() == 0:
        shutil.chown(folder, USER)
    server = Server(found, folder, options)
    server.make()
    return server


@contextmanager
def either(path: Path | str) -> Iterator[str]:
    """Choose the database of a test that takes either: an SQLite file, or one of the server's."""
    databases.require_mark()
    if not databases.wanted():
        yield f"sqlite:///{path}"
        return
    server = shared()
    url = _chosen[str(path)] = server.fresh(engine=True)
    try:
        yield url
    finally:
        del _chosen[str(path)]
        server.drop(url)


def chosen(path: Path | str) -> str | None:
    """Answer which database was chosen instead of an SQLite file, if one was."""
    return _chosen.get(str(path))


@pytest.fixture(scope="session")
def either_database() -> None:
    """What takes this, itself or by a fixture, runs on both databases: see tests/databases.py."""


@pytest.fixture
def either_url(either_database: None, tmp_path: Path) -> Iterator[str]:
    with either(tmp_path / "coppice.sqlite") as url:
        yield url


@pytest.fixture
def postgresql_url() -> Iterator[str]:
    """A database with this version's tables, and nothing in them."""
    server = shared()
    url = server.fresh()
    yield url
    server.drop(url)


@pytest.fixture
def postgresql_server() -> Iterator[Server]:
    """A server of the test's own."""
    with running() as server:
        yield server
