"""Whether deliveries are what came in, and what became of them is there."""

import hashlib
import time
from collections.abc import Callable, Iterator
from typing import Any

from pydantic import ValidationError
from sqlalchemy import Connection, Row, select

from bot.runs import DecisionKind
from bot.store import tables
from bot.store.complaint import complaint
from bot.store.journal.deliveries import DeliveryRow
from bot.store.keeping.checks.finding import Finding, stream

CHECK = "journal"
OVERDUE = 3600.0
_OPEN = (DecisionKind.PENDING, DecisionKind.ERROR)
_LOOK = "Look at it with `coppice deliveries {guid} --json`"
FETCH = (
    "What was done about it stands. Take GitHub's own copy for it within 3 days of its coming:"
    " `coppice redeliver {guid} --from-github`."
)

Fields = Callable[[bytes], tuple[object, ...]]
"""Reads action, repository, repository id, number and installation id from a body."""


def check(c: Connection, fields: Fields, now: float | None = None) -> Iterator[Finding]:
    """Read every delivery, with its body where that is kept."""
    now = time.time() if now is None else now
    runs = {row.id for row in stream(c, select(tables.runs.c.id))}
    payload = tables.payloads.c
    query = (
        select(tables.deliveries, payload.payload)
        .outerjoin(tables.payloads, payload.seq == tables.deliveries.c.seq)
        .order_by(tables.deliveries.c.seq)
    )
    for row in stream(c, query):
        yield from _row(row, runs, fields, now)


def _row(row: Row[Any], runs: set[str], fields: Fields, now: float) -> Iterator[Finding]:
    values = dict(row._mapping)
    values.pop("requeued")
    values["runs"] = tuple(values["runs"] or ())
    about = f"delivery {row.guid}"
    try:
        found = DeliveryRow.model_validate(values)
    except ValidationError as error:
        yield _edited(about, complaint(error), row.guid)
        return
    if found.payload is None:
        if found.decision in _OPEN:
            mend = FETCH.format(guid=found.guid)
            yield Finding(check=CHECK, about=about, detail="its body is missing", mend=mend)
    else:
        yield from _body(found, found.payload, fields, about)
    for run in found.runs:
        if run not in runs:
            detail = f"it names run {run}, which is not there"
            mend = f"`coppice redeliver {found.guid}` has it handled once more."
            yield Finding(check=CHECK, about=about, detail=detail, mend=mend)
    if found.decision in _OPEN and (found.due_at or found.received_at) + OVERDUE < now:
        detail = f"it has waited since it came in and is still {found.decision}"
        mend = (
            "Is the service running? `coppice serve` takes it up; its log says what is in the way."
        )
        yield Finding(check=CHECK, about=about, detail=detail, mend=mend)


def _body(row: DeliveryRow, body: bytes, fields: Fields, about: str) -> Iterator[Finding]:
    if row.digest is not None and hashlib.sha256(body).digest() != row.digest:
        detail = "its body is not what came in: the hash differs"
        yield Finding(check=CHECK, about=about, detail=detail, mend=FETCH.format(guid=row.guid))
        return
    said = (row.action, row.repository, row.repository_id, row.number, row.installation_id)
    if said != fields(body):
        yield _edited(
            about, "action, repository, number or installation is not the body's", row.guid
        )


def _edited(about: str, detail: str, guid: str) -> Finding:
    mend = f"Somebody changed the row. {_LOOK.format(guid=guid)}; a backup has it as it was."
    return Finding(check=CHECK, about=about, detail=detail, mend=mend)
