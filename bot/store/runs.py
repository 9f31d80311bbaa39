"""Runs, their stages and their events; every function takes a connection first."""

import logging
import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, TypedDict, Unpack

from pydantic import ValidationError
from sqlalchemy import ColumnElement, Connection, Row, Select, bindparam, select, text
from sqlalchemy import update as sql_update

from bot.errors import Unreadable
from bot.runs import (
    Json,
    Publish,
    RepositoryRef,
    Run,
    RunError,
    RunEvent,
    RunStatus,
    StageRecord,
    Stop,
    Trigger,
    Work,
)
from bot.store import tables
from bot.store.complaint import complaint
from bot.store.upsert import insert_or_ignore, upsert

_RUN = tables.runs.c
_log = logging.getLogger(__name__)
_PREFIX = re.compile(r"[0-9a-f]{6,}")


class Changes(TypedDict, total=False):
    """What may change in a run; a key that is absent stays as it is."""

    status: RunStatus
    following: bool
    error: RunError | None
    pull_request: int | None
    work: Mapping[str, Json]
    """Only the fields of `Work` that it names change."""
    stop: Stop | None
    repository: str
    """The new full name after a rename or transfer."""
    trigger: Trigger
    """With title and body as they are by now: a new plan stands on them."""
    publish: Publish


# Built once: people wait for the answer to their label behind it. There is one such run at most.
_LIVING = select(tables.runs).where(
    _RUN.repository_id == bindparam("repository"),
    _RUN.issue == bindparam("number"),
    text(tables.ALIVE),
)


def insert(c: Connection, run: Run) -> Run | None:
    """Insert a run and answer None, or answer the run that is there or lives in its place."""
    while not insert_or_ignore(c, tables.runs, _values(run)):
        found = _one(c, _RUN.id == run.id) or living(c, run.repository.id, run.issue)
        if found is not None:  # else it ended between the two statements
            return found
    return None


def get(c: Connection, id_or_prefix: str) -> Run | None:
    """Read a run by its id, or by six or more of its first characters where they name just one."""
    exact = _one(c, _RUN.id == id_or_prefix)
    if exact or not _PREFIX.fullmatch(id_or_prefix):
        return exact
    # between two ids, for the index: no database uses one for LIKE with these texts
    within = _RUN.id.between(id_or_prefix, f"{id_or_prefix}g")
    matches = c.execute(select(tables.runs).where(within).limit(2)).all()
    return read_row(matches[0]) if len(matches) == 1 else None


def listing(c: Connection, limit: int = 0) -> list[Run]:
    """List runs, newest first; 0: all."""
    query = select(tables.runs).order_by(_RUN.created_at.desc(), _RUN.id)
    return _all(c, query.limit(limit) if limit else query)


def living(c: Connection, repository_id: int, issue: int) -> Run | None:
    """Find the run that works on an issue, or follows its pull request."""
    row = c.execute(_LIVING, {"repository": repository_id, "number": issue}).first()
    return None if row is None else read_row(row)


def latest(c: Connection, repository_id: int, issue: int) -> Run | None:
    """Find the newest run of an issue, ended or not."""
    return _one(c, _RUN.repository_id == repository_id, _RUN.issue == issue)


def of_issue(c: Connection, repository_id: int, issue: int) -> list[Run]:
    """List all runs of an issue, newest first."""
    query = select(tables.runs).where(_RUN.repository_id == repository_id, _RUN.issue == issue)
    return _all(c, query.order_by(_RUN.created_at.desc(), _RUN.id))


def of_pull_request(c: Connection, repository_id: int, number: int) -> Run | None:
    return _one(c, _RUN.repository_id == repository_id, _RUN.pull_request == number)


def of_branch(c: Connection, repository_id: int, branch: str) -> Run | None:
    return _one(c, _RUN.repository_id == repository_id, _RUN.branch == branch)


def of_visit(c: Connection, repository_id: int, sha: str) -> Run | None:
    """Find the newest run that went to somebody's pull request while this was its head."""
    seen = _RUN.work[("visit", "head_sha")].as_string()
    return _one(c, _RUN.repository_id == repository_id, seen == sha)


def on_base(c: Connection, repository_id: int, branch: str) -> list[Run]:
    """List the living runs whose base is this branch, oldest first."""
    query = select(tables.runs).where(_RUN.repository_id == repository_id, text(tables.ALIVE))
    living = _all(c, query.order_by(_RUN.created_at))
    return [run for run in living if run.work.base_ref == branch]


def all_living(c: Connection) -> list[Run]:
    """List every run that is at work or follows, of all installations, oldest first."""
    return _all(c, select(tables.runs).where(text(tables.ALIVE)).order_by(_RUN.created_at))


def living_of_installation(
    c: Connection, installation_id: int, repository_id: int | None = None
) -> list[Run]:
    """List what still lives in an installation, or in one repository of it, oldest first."""
    query = select(tables.runs).where(_RUN.installation_id == installation_id, text(tables.ALIVE))
    if repository_id is not None:
        query = query.where(_RUN.repository_id == repository_id)
    return _all(c, query.order_by(_RUN.created_at))


def update(c: Connection, run_id: str, **changes: Unpack[Changes]) -> Run:
    """Change a run and its `updated_at`; raises NoResultFound when there is no such run."""
    row = c.execute(select(_RUN.work).where(_RUN.id == run_id).with_for_update()).one()
    values: dict[str, Any] = dict(changes)
    values["updated_at"] = time.time()
    for document in ("error", "stop", "trigger"):
        if values.get(document) is not None:
            values[document] = values[document].model_dump(mode="json", by_alias=True)
    if "work" in values:
        values["work"] = {**row.work, **values["work"]}
        values["branch"] = values["work"].get("branch")
    c.execute(sql_update(tables.runs).where(_RUN.id == run_id).values(values))
    return read_row(c.execute(select(tables.runs).where(_RUN.id == run_id)).one())


def revise(c: Connection, run_id: str, change: Callable[[Work], Mapping[str, Json]]) -> Run:
    """Change what a run has by what it has now: nobody else changes it meanwhile."""
    row = c.execute(select(tables.runs).where(_RUN.id == run_id).with_for_update()).one()
    return update(c, run_id, work=change(read_row(row).work))


def request_stop(c: Connection, run_id: str, stop: Stop) -> bool:
    """Ask a run to stop; False: somebody has asked already, or there is no such run."""
    asked = c.execute(
        sql_update(tables.runs)
        .where(_RUN.id == run_id, _RUN.stop.is_(None))
        .values(stop=stop.model_dump(mode="json"), updated_at=time.time())
    )
    return asked.rowcount == 1


def save_stage(c: Connection, record: StageRecord) -> None:
    """Insert a try of a stage, or replace the one with the same run and key."""
    values = record.model_dump(mode="json", by_alias=True)
    upsert(c, tables.stages, values, key=("run_id", "key"))


def stages(c: Connection, run_id: str) -> list[StageRecord]:
    """List the tries of a run's stages in the order in which they were first saved.

    Raises Unreadable where this release did not write one of them.
    """
    columns = [column for column in tables.stages.c if column.name != "seq"]
    query = select(*columns).where(tables.stages.c.run_id == run_id).order_by(tables.stages.c.seq)
    return [_stage(row) for row in c.execute(query)]


def with_stages(c: Connection, found: Iterable[Run]) -> list[tuple[Run, list[StageRecord]]]:
    """Read the stages of each run; one whose stages cannot be read is left out, with a word."""
    both = []
    for run in found:
        try:
            both.append((run, stages(c, run.id)))
        except Unreadable as error:
            _log.error("%s", error)
    return both


def append_events(c: Connection, run_id: str, events: Sequence[RunEvent], at: float) -> None:
    if events:
        rows = [{"run_id": run_id, "at": at, **event.model_dump(mode="json")} for event in events]
        c.execute(tables.events.insert(), rows)


def events(c: Connection, run_id: str, after: int = 0) -> list[tuple[int, float, RunEvent]]:
    """List a run's timeline after a sequence number, as (seq, at, event); raises Unreadable."""
    row = tables.events.c
    query = select(tables.events).where(row.run_id == run_id, row.seq > after).order_by(row.seq)
    return [(found.seq, found.at, read_event(found)) for found in c.execute(query)]


def recent_events(c: Connection, run_id: str, types: Sequence[str], most: int) -> list[RunEvent]:
    """List the newest events of some types, oldest first."""
    row = tables.events.c
    query = select(tables.events).where(row.run_id == run_id, row.type.in_(types))
    found = c.execute(query.order_by(row.seq.desc()).limit(most)).all()
    return [read_event(each) for each in reversed(found)]


def _values(run: Run) -> dict[str, Any]:
    document = run.model_dump(mode="json", by_alias=True)
    repository = document.pop("repository")
    return {
        **document,
        "repository_id": repository["id"],
        "repository": repository["full_name"],
        "installation_id": repository["installation_id"],
        "branch": run.work.branch,
    }


def read_row(row: Row[Any]) -> Run:
    """Read a row of the table; raises Unreadable where this release did not write it.

    Keys of a newer release are carried along, a value that means nothing here is not.
    """
    values = dict(row._mapping)
    del values["branch"]
    values["repository"] = RepositoryRef(
        id=values.pop("repository_id"),
        full_name=values["repository"],
        installation_id=values.pop("installation_id"),
    )
    try:
        return Run.model_validate(values, extra="allow")
    except ValidationError as error:
        raise Unreadable(f"run {row.id}", complaint(error)) from error


def _stage(row: Row[Any]) -> StageRecord:
    try:
        return StageRecord.model_validate(dict(row._mapping), extra="allow")
    except ValidationError as error:
        raise Unreadable(f"stage {row.key} of run {row.run_id}", complaint(error)) from error


def read_event(row: Row[Any]) -> RunEvent:
    """Read a row of a timeline; raises Unreadable."""
    try:
        return RunEvent(stage=row.stage, attempt=row.attempt, type=row.type, data=row.data)
    except ValidationError as error:
        raise Unreadable(f"event {row.seq} of run {row.run_id}", complaint(error)) from error


def _one(c: Connection, *conditions: ColumnElement[bool] | Any) -> Run | None:
    query = select(tables.runs).where(*conditions)
    row = c.execute(query.order_by(_RUN.created_at.desc(), _RUN.id).limit(1)).first()
    return None if row is None else read_row(row)


def _all(c: Connection, query: Select[Any]) -> list[Run]:
    return list(_readable(c.execute(query)))


def _readable(rows: Iterable[Row[Any]]) -> Iterator[Run]:
    """Leave out of a list what cannot be read, with a word: the others are to go on."""
    for row in rows:
        try:
            yield read_row(row)
        except Unreadable as error:
            _log.error("%s", error)
