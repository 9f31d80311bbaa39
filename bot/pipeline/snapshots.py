"""The snapshot of a run as a file in the run's directory."""

import hashlib
from pathlib import Path

from bot.runs import Record

FILE = "snapshot.json"


class Span(Record):
    """One comment, cleaned."""

    id: int
    author: str
    at: str
    text: str


class Snapshot(Record):
    """What the agent is told about the issue."""

    title: str
    body: str
    goal: str | None
    at: str
    comments: tuple[Span, ...]
    changed_later: tuple[int, ...]
    left_out: int
    """Comments by people without write access."""
    removed: int
    """Hidden spans that were taken out of title, body and comments."""


def write(folder: Path, snapshot: Snapshot) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    part = folder / f"{FILE}.part"
    part.write_text(snapshot.model_dump_json(indent=2))
    part.replace(folder / FILE)


def digest(folder: Path) -> str:
    """SHA-256 of the snapshot, in hexadecimal."""
    return hashlib.sha256((folder / FILE).read_bytes()).hexdigest()


def read(folder: Path) -> Snapshot:
    """Read the snapshot; ``FileNotFoundError`` where the pipeline has made none."""
    return Snapshot.model_validate_json((folder / FILE).read_bytes(), extra="ignore")
