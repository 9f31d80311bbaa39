"""Whether runs, their stages, their calls and their effects agree with each other."""

import time
from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel, ValidationError
from sqlalchemy import Connection, Select, select

from bot.errors import Unreadable
from bot.runs import Run, StageRecord, StageStatus
from bot.store import marks, tables
from bot.store.calls import LONGEST_SECONDS, UNDER_WAY, Call
from bot.store.complaint import complaint
from bot.store.keeping.checks.finding import Finding, stream
from bot.store.keeping.retention import CLEANED
from bot.store.ledger import LedgerRow, LedgerStatus
from bot.store.runs import read_event, read_row

PENDING_SECONDS = 3600.0
_EDITED = "Somebody changed the row; a backup has it as it was."
_CARRIED = (
    "A newer version wrote it: it is carried along until that is back. If there was none, somebody"
    " changed the row; a backup has it as it was."
)
_SETTLED = (
    "The next effect of the run settles it; `coppice verify-store --live` says what GitHub has."
)


class Known:
    """What the other checks need to know of the runs."""

    def __init__(self) -> None:
        self.alive: dict[str, Run] = {}
        self.ended: set[str] = set()
        self.installations: dict[str, int] = {}


def read(c: Connection, known: Known) -> Iterator[Finding]:
    """Read every run, and remember what the other checks need."""
    cleaned = marks.get(c, CLEANED) or 0.0
    orphans = {row.id for row in stream(c, _without_delivery())}
    for row in stream(c, select(tables.runs)):
        about = f"run {row.id}"
        known.installations[row.id] = row.installation_id
        try:
            run = read_row(row)
        except Unreadable as error:
            yield Finding(check="runs", about=about, detail=error.why, mend=_EDITED)
            continue
        if run.status.ended and not run.following:
            known.ended.add(run.id)
        else:
            known.alive[run.id] = run
        for path in _unknown(run):
            detail = f"`{path}` is not what Coppice writes: this version does not know it"
            yield Finding(check="runs", about=about, detail=detail, mend=_CARRIED)
        for detail in _wrong(run, row):
            yield Finding(check="runs", about=about, detail=detail, mend=_EDITED)
        if run.created_at >= cleaned and run.id in orphans:
            detail = f"the delivery {run.trigger.delivery} that started it is not in the journal"
            yield Finding(check="runs", about=about, detail=detail, mend=_EDITED)


def _without_delivery() -> Select[Any]:
    guid, run = tables.deliveries.c.guid, tables.runs.c
    there = select(guid).where(guid == run.trigger["delivery"].as_string())
    return select(run.id).where(~there.exists())


def _unknown(record: BaseModel, path: str = "") -> Iterator[str]:
    """Name the keys of a record that were carried along, not understood."""
    for name in record.model_extra or ():
        yield f"{path}{name}"
    for name in type(record).model_fields:
        value = getattr(record, name)
        if isinstance(value, BaseModel):
            yield from _unknown(value, f"{path}{name}.")


def _wrong(run: Run, row: Any) -> Iterator[str]:
    if row.branch != run.work.branch:
        yield "its branch is not the one that its work names"
    if run.following and run.pull_request is None:
        yield "it follows a pull request, and has none"
    if run.following and not run.status.ended:
        yield f"it follows its pull request, and is {run.status}"
    if run.updated_at < run.created_at:
        yield "it was changed before it was made"


def stages(c: Connection, known: Known) -> Iterator[Finding]:
    """Read every try of a stage."""
    columns = [column for column in tables.stages.c if column.name != "seq"]
    for row in stream(c, select(*columns)):
        about = f"stage {row.key} of run {row.run_id}"
        try:
            stage = StageRecord.model_validate(dict(row._mapping))
        except ValidationError as error:
            yield Finding(check="stages", about=about, detail=complaint(error), mend=_EDITED)
            continue
        if stage.run_id in known.ended and stage.status is StageStatus.RUNNING:
            mend = "Nothing works on it; `/coppice retry` begins it anew."
            detail = "it runs, and its run has ended"
            yield Finding(check="stages", about=about, detail=detail, mend=mend)


def events(c: Connection) -> Iterator[Finding]:
    """Read every line of the runs' timelines."""
    for row in stream(c, select(tables.events)):
        try:
            read_event(row)
        except Unreadable as error:
            about = f"event {row.seq} of run {row.run_id}"
            yield Finding(check="events", about=about, detail=error.why, mend=_EDITED)


def ledger(c: Connection, known: Known, now: float | None = None) -> Iterator[Finding]:
    """Read every effect."""
    now = time.time() if now is None else now
    for row in stream(c, select(tables.ledger)):
        about = f"effect {row.key}"
        try:
            effect = LedgerRow.model_validate(dict(row._mapping))
        except ValidationError as error:
            yield Finding(check="ledger", about=about, detail=complaint(error), mend=_EDITED)
            continue
        for detail, mend in _wrong_effect(effect, known, now):
            yield Finding(check="ledger", about=about, detail=detail, mend=mend)


def _wrong_effect(effect: LedgerRow, known: Known, now: float) -> Iterator[tuple[str, str]]:
    run = effect.run_id
    if not effect.key.startswith(f"{effect.kind}/"):
        yield f"its key does not belong to its kind, {effect.kind}", _EDITED
    if effect.status is LedgerStatus.APPLIED and effect.object is None:
        yield "it was applied, and nothing came of it", _EDITED
    if run is not None and run not in known.installations:
        yield f"its run {run} is not there", _EDITED
    elif run is not None and known.installations[run] != effect.installation_id:
        yield "it belongs to another installation than its run", _EDITED
    left = effect.status is LedgerStatus.PENDING and effect.last_at + PENDING_SECONDS < now
    if left and run in known.ended:
        yield "it was begun and never settled, and its run has ended", _SETTLED


def calls(c: Connection, known: Known, now: float | None = None) -> Iterator[Finding]:
    """Read every call of a model."""
    now = time.time() if now is None else now
    for row in stream(c, select(tables.calls)):
        about, values = f"call {row.seq} of run {row.run_id}", dict(row._mapping)
        del values["seq"]
        try:
            call = Call.model_validate(values)
        except ValidationError as error:
            yield Finding(check="calls", about=about, detail=complaint(error), mend=_EDITED)
            continue
        if min(call.input_tokens, call.output_tokens, call.usd or 0.0, call.seconds) < 0:
            yield Finding(
                check="calls", about=about, detail="it cost less than nothing", mend=_EDITED
            )
        if call.status in UNDER_WAY and call.started_at + LONGEST_SECONDS < now:
            detail = "it was reserved and never settled; budgets count it at its largest price"
            mend = "The service closes it at its next start."
            yield Finding(check="calls", about=about, detail=detail, mend=mend)
