"""A database and a folder for sockets, whose path is short as sockets want it."""

import shutil
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from bot.store.database import Database
from tests.databases import wanted


@pytest.fixture(scope="session")
def empty_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("store") / "empty.sqlite"
    subprocess.run([sys.executable, "-m", "bot.store", path], check=True)
    return path


@pytest.fixture
async def database(empty_file: Path, either_url: str, tmp_path: Path) -> AsyncIterator[Database]:
    if not wanted():
        shutil.copy(empty_file, tmp_path / "coppice.sqlite")
    database = await Database.open(either_url)
    yield database
    await database.close()


@pytest.fixture
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as name:
        yield Path(name) / "sockets"
