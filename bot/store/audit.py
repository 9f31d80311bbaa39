"""Who did what, as a log that only grows: each row's hash covers the row before it.

Triggers refuse changes and removals; whoever gets around them breaks the chain, which `verify`
shows. What was cut off at the end shows against a head that was noted elsewhere.
"""

import hashlib
import json
import time
from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Any

from pydantic import Field
from sqlalchemy import Connection, Row, bindparam, func, select, text

from bot.runs import Json, Record
from bot.store import tables

START = hashlib.sha256(b"coppice audit").hexdigest()
"""What the first row's hash stands on."""

_AUDIT = tables.audit.c
# Built once: people wait for the answer to their label behind it.
_INSERT = tables.audit.insert()
_KNOWN = select(_AUDIT.seq).where(_AUDIT.key == bindparam("wanted"))
_NEWEST = select(func.max(_AUDIT.seq)).scalar_subquery()
_LAST = select(_AUDIT.seq, _AUDIT.hash).where(_AUDIT.seq == _NEWEST)
_LOCK = 0x61756474  # any number, the same in every process
_LONGEST = 500
_BATCH = 1000


class Act(StrEnum):
    """What was done; the operator's own acts begin with their command."""

    COMMAND = "command"  # on GitHub; data: verb, done, why
    RUN_STARTED = "run started"
    RUN_AGAIN = "run again"  # data: stage, budget, publish
    RUN_STOPPED = "run stopped"  # data: reason
    APPROVED = "approved"  # data: hash, base
    APPROVAL_REFUSED = "approval refused"  # data: why
    PAUSED = "paused"
    RESUMED = "resumed"
    REDELIVERED = "redelivered"  # data: guid
    BACKED_UP = "backed up"
    RESTORED = "restored"
    CLEANED = "cleaned"
    MOVED = "moved"
    QUARANTINED = "quarantined"
    RELEASED = "released"
    DRAINED = "drained"


class Entry(Record):
    """What is written down; never a secret, never a person's own words beyond a reason."""

    who: str
    """A login on GitHub, or `operator NAME` for whoever typed a command on the machine."""
    act: Act
    key: str | None = None
    """Of what may be done twice after a crash: a second entry with the same key is left out."""
    installation_id: int | None = None
    repository_id: int | None = None
    run_id: str | None = None
    data: Mapping[str, Json] = Field(default_factory=dict)


class AuditRow(Entry):
    seq: int
    at: float
    hash: str


class Broken(Record):
    """The first row that does not follow from the one before it."""

    seq: int
    why: str


def record(c: Connection, entry: Entry, at: float | None = None) -> None:
    """Write an entry at the end of the chain, in the transaction of what it tells of."""
    if c.dialect.name == "postgresql":
        c.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
    if entry.key is not None and _knows(c, entry.key):
        return
    seq, before = _end(c)
    values = entry.model_dump(mode="json") | {
        "seq": seq + 1,
        "at": time.time() if at is None else at,
        "data": {name: _short(value) for name, value in entry.data.items()},
    }
    c.execute(_INSERT, {**values, "hash": _hash(before, values)})


def head(c: Connection) -> tuple[int, str]:
    """Answer the number and the hash of the last row, to be noted elsewhere; (0, START): none."""
    return _end(c)


def listing(c: Connection, limit: int = 0, run_id: str | None = None) -> list[AuditRow]:
    """List entries, newest first; 0: all."""
    query = select(tables.audit).order_by(_AUDIT.seq.desc())
    if run_id is not None:
        query = query.where(_AUDIT.run_id == run_id)
    return [_row(row) for row in c.execute(query.limit(limit) if limit else query)]


def verify(c: Connection, pinned: tuple[int, str] | None = None) -> Broken | None:
    """Find the first broken link; ``pinned`` is a head noted earlier that must still be there."""
    expected, before = 1, START
    for values in _rows(c):
        if values["seq"] != expected:
            return Broken(seq=expected, why=f"row {expected} is missing")
        if values["hash"] != _hash(before, values):
            return Broken(seq=expected, why=f"row {expected} is not what was written")
        if pinned and pinned[0] == expected and pinned[1] != values["hash"]:
            return Broken(seq=expected, why=f"row {expected} has another hash than was noted")
        expected, before = expected + 1, values["hash"]
    if pinned and pinned[0] >= expected:
        return Broken(seq=expected, why=f"the log ends before row {pinned[0]}, which was noted")
    return None


def _rows(c: Connection) -> Iterator[Mapping[str, Any]]:
    query = select(tables.audit).order_by(_AUDIT.seq)
    with c.execute(query.execution_options(yield_per=_BATCH)) as found:
        for row in found.mappings():
            yield dict(row)


def _knows(c: Connection, key: str) -> bool:
    return c.execute(_KNOWN, {"wanted": key}).first() is not None


def _end(c: Connection) -> tuple[int, str]:
    row = c.execute(_LAST).first()
    return (0, START) if row is None else (row.seq, row.hash)


def _hash(before: str, values: Mapping[str, Any]) -> str:
    """Cover the hash before and everything in the row, spelt in one way only."""
    said = {name: value for name, value in values.items() if name != "hash"}
    spelt = json.dumps(said, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(f"{before}\n{spelt}".encode()).hexdigest()


def _short(value: Json) -> Json:
    return value[:_LONGEST].replace("\x00", "") if isinstance(value, str) else value


def _row(row: Row[Any]) -> AuditRow:
    return AuditRow.model_validate(dict(row._mapping))
