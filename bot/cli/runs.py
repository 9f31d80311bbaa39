"""`coppice runs`: what runs did, stage by stage, or event by event."""

import asyncio
import json
from collections.abc import Sequence
from typing import Any

from bot.cli import stored
from bot.cli.costs import cost
from bot.cli.output import emit, moment, note, printable, say, table
from bot.runs import Run, RunEvent, Spend, StageRecord
from bot.store import calls, runs
from bot.store.database import Connection, Database

_HEADER = ("created", "run", "repository", "issue", "status", "pull request", "error")
_STAGES = ("stage", "attempt", "status", "seconds", "error")
_FOLLOW_SECONDS = 0.3

_SPENT = ("role", "model", "calls", "input", "cached", "output", "cost")

ByModel = list[tuple[str, str, Spend]]
Found = list[tuple[Run, list[StageRecord], ByModel]]


def run(run_id: str | None, *, limit: int, as_json: bool) -> int:
    """List runs, newest first, or one; exit 1 when that one is unknown."""
    found = _find(run_id, limit) if stored.is_there() else []
    if run_id is not None and not found:
        note(f"there is no run {run_id}; `coppice runs` lists them")
    if as_json:
        emit([facts(*each) for each in found])
    elif run_id is None:
        table(_HEADER, (_cells(each) for each, _, _ in found))
    else:
        _show(found)
    return 1 if run_id is not None and not found else 0


def timeline(run_id: str, *, follow: bool, as_json: bool) -> int:
    """Print a run's events, an event a line; go on until it has ended where that is asked."""
    return asyncio.run(_timeline(run_id, follow=follow, as_json=as_json))


def facts(
    each: Run, stages: list[StageRecord], spend: Sequence[tuple[str, str, Spend]] = ()
) -> dict[str, Any]:
    return {
        "id": each.id,
        "repository": each.repository.full_name,
        "issue": each.issue,
        "pull_request": each.pull_request,
        "pipeline": each.pipeline,
        "agent": each.agent,
        "status": each.status.value,
        "following": each.following,
        "error": each.error.model_dump(by_alias=True) if each.error else None,
        "created_at": moment(each.created_at),
        "updated_at": moment(each.updated_at),
        "stages": [_stage_facts(stage) for stage in stages],
        "spend": [{"role": role, "model": model, **s.model_dump()} for role, model, s in spend],
    }


def _find(run_id: str | None, limit: int) -> Found:
    if run_id is None:
        return stored.read(lambda c: _read(c, runs.with_stages(c, runs.listing(c, limit))))
    found = stored.read(lambda c: runs.get(c, run_id))
    return stored.read(lambda c: _read(c, [(found, runs.stages(c, found.id))])) if found else []


def _read(c: Connection, found: list[tuple[Run, list[StageRecord]]]) -> Found:
    return [(run, stages, calls.spend_by_model(c, run.id)) for run, stages in found]


def _stage_facts(stage: StageRecord) -> dict[str, Any]:
    error = stage.error
    return {
        "name": stage.name,
        "attempt": stage.attempt,
        "status": stage.status.value,
        "started_at": moment(stage.started_at),
        "ended_at": moment(stage.ended_at),
        "error": {"class": error.kind, "message": error.message} if error else None,
    }


def _cells(each: Run) -> tuple[object, ...]:
    error = each.error.message.splitlines()[0] if each.error and each.error.message else None
    pull_request = f"#{each.pull_request}" if each.pull_request else None
    repository, created = each.repository.full_name, moment(each.created_at)
    return (created, each.id, repository, f"#{each.issue}", each.status, pull_request, error)


def _show(found: Found) -> None:
    for each, stages, spend in found:
        table(_HEADER, [_cells(each)])
        say()
        table(_STAGES, (_stage_cells(stage) for stage in stages))
        if spend:
            say()
            table(_SPENT, (_spent_cells(*row) for row in spend))
        if each.work.pull_request_url:
            say(f"\n{each.work.pull_request_url}")


def _spent_cells(role: str, model: str, spend: Spend) -> tuple[object, ...]:
    counts = (spend.calls, spend.input_tokens, spend.cached_tokens, spend.output_tokens)
    return (role, model, *counts, cost(spend))


def _stage_cells(stage: StageRecord) -> tuple[object, ...]:
    known = stage.started_at is not None and stage.ended_at is not None
    seconds = f"{(stage.ended_at or 0) - (stage.started_at or 0):.1f}" if known else None
    error = f"{stage.error.kind}: {stage.error.message}".splitlines()[0] if stage.error else None
    return (stage.name, stage.attempt, stage.status, seconds, error)


async def _timeline(run_id: str, *, follow: bool, as_json: bool) -> int:
    async with stored.opened() as database:
        found = await database.read(lambda c: runs.get(c, run_id))
        if found is None:
            note(f"there is no run {run_id}; `coppice runs` lists them")
            return 1
        seq = await _print_after(database, found.id, 0, as_json=as_json)
        while follow and not await _ended(database, found.id):
            await asyncio.sleep(_FOLLOW_SECONDS)
            seq = await _print_after(database, found.id, seq, as_json=as_json)
        await _print_after(database, found.id, seq, as_json=as_json)
    return 0


async def _ended(database: Database, run_id: str) -> bool:
    found = await database.read(lambda c: runs.get(c, run_id))
    return found is None or found.status.ended


async def _print_after(database: Database, run_id: str, after: int, *, as_json: bool) -> int:
    """Print what came after that event; give the number of the last one."""
    seq = after
    for seq, at, event in await database.read(lambda c: runs.events(c, run_id, after)):
        line = {"seq": seq, "at": moment(at), **event.model_dump(mode="json")}
        emit(line) if as_json else say(line_of(at, event))
    return seq


def line_of(at: float, event: RunEvent) -> str:
    """Write an event for people; what it does not say is left out."""
    told = {key: value for key, value in event.data.items() if value not in (None, "", {}, [])}
    data = " ".join(f"{key}={_short(value)}" for key, value in told.items())
    return f"{moment(at)}  {event.stage} {event.attempt}  {event.type}  {data}".rstrip()


def _short(value: object, most: int = 200) -> str:
    nested = isinstance(value, dict | list)
    text = printable(json.dumps(value, ensure_ascii=False) if nested else str(value))
    return text if len(text) <= most else text[:most] + "…"
