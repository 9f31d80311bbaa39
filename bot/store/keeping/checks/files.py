"""Whether the files are whole: the database's own, and what runs keep beside it."""

import hashlib
import struct
from collections.abc import Iterable, Iterator
from pathlib import Path

from sqlalchemy import Connection

from bot.runs import Run
from bot.store.cluster import run_files
from bot.store.keeping import snapshot
from bot.store.keeping.backup import WORK
from bot.store.keeping.checks.finding import Finding

_WAL_HEADER = struct.Struct(">IIIIIIII")
_WAL_MAGIC = (0x377F0682, 0x377F0683)
_FRAME_HEADER = 24
_BUNDLE = b"# v2 git bundle\n"
_ANEW = "`/coppice stop` and `/coppice run` again"
_RESTORE = (
    "Stop the service, keep a copy of the file, restore the last good backup into an empty place"
    " (`coppice restore FILE`); deliveries of the last 3 days come back by themselves."
)
_LOST = (
    "What was committed after it is gone, the rest is whole. Start the service: deliveries of the"
    " last 3 days come back by `coppice sweep`; then `coppice verify-store --live`."
)


def cut_off(path: Path) -> list[Finding]:
    """Look whether the write-ahead log of a database ends inside a frame.

    Before anybody opens it: SQLite drops such an end without a word.
    """
    log = path.with_name(f"{path.name}-wal")
    try:
        size = log.stat().st_size
        with log.open("rb") as file:
            head = file.read(_WAL_HEADER.size)
    except FileNotFoundError:
        return []
    about = str(log)
    if size == 0:
        return []
    if len(head) < _WAL_HEADER.size or _WAL_HEADER.unpack(head)[0] not in _WAL_MAGIC:
        detail = "its head is not that of a write-ahead log"
        return [Finding(check="files", about=about, detail=detail, mend=_LOST)]
    frame = _FRAME_HEADER + _WAL_HEADER.unpack(head)[2]
    over = (size - _WAL_HEADER.size) % frame
    detail = f"the write-ahead log was cut off: its last frame has {over} of {frame} bytes"
    return [Finding(check="files", about=about, detail=detail, mend=_LOST)] if over else []


def damaged(path: Path) -> list[Finding]:
    """Have SQLite check every page, index and reference of a file."""
    return [
        Finding(check="files", about=str(path), detail=detail, mend=_RESTORE)
        for detail in snapshot.complaints(path)
    ]


def of_runs(folder: Path, alive: Iterable[Run]) -> Iterator[Finding]:
    """Look for what living runs need to go on, where one machine has it in files."""
    for run in alive:
        path = folder / run.id / WORK
        if run.work.checkpoint is None:
            continue
        detail = _wrong(path.read_bytes() if path.exists() else None)
        if detail is not None:
            mend = f"Restore {path} from a backup, or {_ANEW}."
            yield Finding(check="files", about=f"run {run.id}", detail=detail, mend=mend)


def of_shared_runs(c: Connection, alive: Iterable[Run]) -> Iterator[Finding]:
    """The same where machines share it in the database: none of them needs to have a file."""
    for run in alive:
        if run.work.checkpoint is None:
            continue
        data = run_files.get(c, run.id, WORK)
        detail = _wrong(data)
        digest = run_files.digests(c, run.id).get(WORK)
        if data is not None and hashlib.sha256(data).hexdigest() != digest:
            detail = "its kept work was changed in the database: the hash differs"
        if detail is not None:
            mend = f"A backup has it as it was; or {_ANEW}."
            yield Finding(check="files", about=f"run {run.id}", detail=detail, mend=mend)


def _wrong(bundle: bytes | None) -> str | None:
    if bundle is None:
        return "its kept work is missing"
    return None if bundle.startswith(_BUNDLE) else "its kept work is not a bundle"
