"""A PostgreSQL cluster of its own in a temporary directory, reached over a Unix socket."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

USER = "postgres"  # made by the Debian package; initdb refuses root


def binaries() -> Path | None:
    """Find the folder of initdb and pg_ctl, on the PATH or where Debian keeps them."""
    found = shutil.which("initdb")
    if found:
        return Path(found).resolve().parent
    return max(Path("/usr/lib/postgresql").glob("*/bin"), default=None)


def require_binaries() -> Path:
    found = binaries()
    if found is None:
        reason = "no PostgreSQL server here (apt-get install postgresql)"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    return found


@contextmanager
def cluster() -> Iterator[str]:
    """Start a server; give the URL of its database."""
    programs = require_binaries()
    folder = Path(tempfile.mkdtemp(prefix="coppice-pg-"))
    if os.geteuid() == 0:
        shutil.chown(folder, USER)
    try:
        _run(programs / "initdb", "-D", folder / "data", "-U", USER, "-A", "trust", "-E", "UTF8")
        options = f"-k {folder} -c listen_addresses= -c fsync=off -c max_connections=40"
        log = folder / "log"
        _run(programs / "pg_ctl", "-D", folder / "data", "-o", options, "-l", log, "-w", "start")
        try:
            yield f"postgresql://{USER}@/postgres?host={folder}"
        finally:
            _run(programs / "pg_ctl", "-D", folder / "data", "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder)


def _run(*command: str | Path) -> None:
    user = USER if os.geteuid() == 0 else None
    done = subprocess.run(
        [str(part) for part in command], user=user, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
