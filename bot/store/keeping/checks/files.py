"""Whether the files are whole: the database's own, and what runs keep beside it."""

import struct
from collections.abc import Iterable, Iterator
from pathlib import Path

from bot.runs import Run
from bot.store.keeping import snapshot
from bot.store.keeping.backup import WORK
from bot.store.keeping.checks.finding import Finding

_WAL_HEADER = struct.Struct(">IIIIIIII")
_WAL_MAGIC = (0x377F0682, 0x377F0683)
_FRAME_HEADER = 24
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
    """Look for what living runs need to go on; runs kept in a shared database need none here."""
    for run in alive:
        path = folder / run.id / WORK
        if run.work.checkpoint is None:
            continue
        detail = None
        if not path.exists():
            detail = "its kept work is missing"
        elif not path.read_bytes()[:16].startswith(b"# v2 git bundle\n"):
            detail = "its kept work is not a bundle"
        if detail is not None:
            mend = f"Restore {path} from a backup, or `/coppice stop` and `/coppice run` again."
            yield Finding(check="files", about=f"run {run.id}", detail=detail, mend=mend)
