"""Files of runs on their way between a folder, where SQLite leaves them, and PostgreSQL's table."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import Connection, delete, select

from bot.store import tables
from bot.store.cluster import run_files

_LEFT_BEHIND = (".part", ".index", ".lock", ".new")
"""Half-written ones; logs and objects lie in folders of their own and stay where they are."""


def into_database(c: Connection, runs: Path) -> int:
    """Keep the files of every run that has a row; answer how many."""
    known = {row.id for row in c.execute(select(tables.runs.c.id))}
    count = 0
    for folder in sorted(path for path in runs.glob("*") if path.name in known):
        for path in _files(folder):
            data = path.read_bytes()
            run_files.put(c, folder.name, path.name, hashlib.sha256(data).hexdigest(), data)
            count += 1
    return count


def into_files(c: Connection, runs: Path) -> int:
    """Write what the database keeps into the runs' folders, and keep it there no more."""
    kept = tables.run_files
    rows = c.execute(select(kept.c.run_id, kept.c.name).order_by(kept.c.run_id)).all()
    for row in rows:
        data = run_files.get(c, row.run_id, row.name)
        if not row.run_id.isalnum() or Path(row.name).name != row.name:
            raise ValueError(f"{row.run_id}/{row.name} is not the name of a run's file")
        path = runs / row.run_id / row.name
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.write_bytes(data or b"")
    c.execute(delete(kept))
    return len(rows)


def _files(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.iterdir()):
        if path.is_file() and not path.is_symlink() and not path.name.endswith(_LEFT_BEHIND):
            yield path
