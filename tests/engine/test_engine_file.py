"""The engine's own SQLite file, wherever the operator puts it."""

from pathlib import Path

import pytest

from bot.engine.durable import sqlite
from bot.store.sqlite import Corrupt


@pytest.mark.sqlite
@pytest.mark.parametrize("folder", ["data", "da ta", "50%25", "a#b", "ümlaut"])
def test_it_lies_where_it_was_asked_for(tmp_path: Path, folder: str) -> None:
    """An address of SQLAlchemy has `%XX` decoded; a path has not."""
    (tmp_path / folder).mkdir()
    engine = sqlite.create(tmp_path / folder / "engine.sqlite")

    with engine.connect() as connection:
        connection.exec_driver_sql("CREATE TABLE kept (n)")
    engine.dispose()

    assert [path.name for path in tmp_path.iterdir()] == [folder]
    assert (tmp_path / folder / "engine.sqlite").stat().st_size > 0


@pytest.mark.sqlite
def test_a_damaged_one_is_named_with_a_way_on(tmp_path: Path) -> None:
    file = tmp_path / "engine.sqlite"
    file.write_bytes(b"no database" * 1000)

    with pytest.raises(Corrupt, match="begins again at its gate") as raised:
        sqlite.create(file)

    assert str(file) in str(raised.value)
