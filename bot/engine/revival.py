"""Runs that live by our own record and that the engine knows nothing of: begin them again.

After `coppice move` or a restore from tables alone the engine starts empty. A run then begins at
its gate, at its kept work, or with its pull request, under the same id.
"""

from collections.abc import Awaitable, Callable

import aiohttp
from dbos import DBOS
from sqlalchemy import Connection, select

from bot.engine.source import Source
from bot.errors import CoppiceError
from bot.log import logger
from bot.pipeline import definition
from bot.pipeline.definition import WRITING
from bot.runs import Message, MessageKind, Run, RunStatus, StageRecord, StageStatus
from bot.store import runs, tables

FOLLOWING = "(following)"
"""In the place of a stage's name: the run's pull request is open, and it lives with that."""

_ALIVE = ["PENDING", "ENQUEUED", "DELAYED"]
_PASSED = (StageStatus.PASSED, StageStatus.NEUTRAL, StageStatus.SKIPPED)
_log = logger(__name__)

Living = tuple[Run, list[StageRecord]]
Begin = Callable[[str, str, str | None, Message | None], Awaitable[None]]
"""Starts a parent: workflow id, run id, where it begins, what it is told at once."""


def living(c: Connection) -> list[Living]:
    """Read every run that is to go on, with its stages."""
    held = {row.run_id for row in c.execute(select(tables.quarantine.c.run_id))}
    found = [run for run in runs.all_living(c) if run.id not in held]
    return runs.with_stages(c, found)


async def bring_mirrors(found: list[Living], source: Source) -> None:
    """Fetch what living runs stand on, where a restore has left no mirror of their repository."""
    missing = {
        run.repository.id for run, _ in found if not source.mirrors.path(run.repository.id).exists()
    }
    for run, _ in found:
        if run.repository.id in missing and run.work.base_sha is not None:
            try:
                await source.bring(run)
            except (CoppiceError, aiohttp.ClientError) as error:
                # its next step tries again, and says on GitHub what is in the way
                _log.warning("no mirror: %s", error, extra={"run": run.id})


async def revive(found: list[Living], begin: Begin) -> list[str]:
    """Begin those that no workflow carries or has carried; answer their ids.

    Safe beside other workers that do the same: the id of the workflow follows from the row.
    """
    carried = await _carried()
    revived = []
    for run, stages in found:
        if run.id in carried or await _ever_carried(run.id):
            continue
        stage, said = where(run, stages)
        _log.warning("begun again: no workflow carried it", extra={"run": run.id, "at": stage})
        await begin(_flow(run, stages), run.id, stage, said)
        revived.append(run.id)
    return revived


def where(run: Run, stages: list[StageRecord]) -> tuple[str | None, Message | None]:
    """Say at what stage a run begins again (None: at the first), and what it is told."""
    if run.following:
        # what reviewers wrote meanwhile is read from GitHub when a round begins
        return FOLLOWING, Message(kind=MessageKind.REVIEW, by=None)
    if run.work.visit is not None:
        return None, None
    pipeline = definition.load(run.pipeline)
    newest = {stage.name: stage.status for stage in stages}
    if any(newest.get(spec.name) not in _PASSED for spec in pipeline.preparing):
        return None, None
    ending = run.work.ending
    if ending is not None and ending.status is RunStatus.DONE and pipeline.publishing:
        return pipeline.publishing.name, None
    return (pipeline.working[0].name if pipeline.working else None), None


def no_further(run: Run, stages: list[StageRecord], wanted: str | None) -> str | None:
    """Say where a retry goes on: at ``wanted``, or at one before it that judges the work still.

    Nobody's word takes work past a verdict: what was judged before it was changed was not judged.
    """
    if wanted not in definition.kinds(run.pipeline):
        return wanted
    pipeline = definition.load(run.pipeline)
    names = [spec.name for spec in pipeline.working]
    ends = [pipeline.publishing.name] if pipeline.publishing else []
    if wanted not in (*names, *ends):
        return wanted
    newest = {stage.name: n for n, stage in enumerate(stages)}
    changed = max((newest.get(s.name, -1) for s in pipeline.stages if s.kind in WRITING), default=0)
    for name in names[: names.index(wanted)] if wanted in names else names:
        at = newest.get(name, -1)
        if at < changed or at < 0 or stages[at].status not in _PASSED:
            return name
    return wanted


def at_work(run: Run, wanted: str | None) -> str | None:
    """The same, no later than an agent works: somebody has told it more."""
    pipeline = definition.load(run.pipeline)
    ends = (pipeline.publishing,) if pipeline.publishing else ()
    names = [spec.name for spec in (*pipeline.working, *ends)]
    writing = next((spec.name for spec in pipeline.working if spec.kind in WRITING), None)
    behind = writing in names and wanted in names and names.index(writing) < names.index(wanted)
    return writing if behind else wanted


def _flow(run: Run, stages: list[StageRecord]) -> str:
    """Name the workflow: another one than before, where tries of stages are named after that."""
    return f"{run.id}/again-revived-{len(stages)}" if stages else run.id


async def _carried() -> set[str]:
    found = await DBOS.list_workflows_async(
        name="run", status=_ALIVE, load_input=False, load_output=False
    )
    return {workflow.workflow_id.partition("/")[0] for workflow in found}


async def _ever_carried(run_id: str) -> bool:
    found = await DBOS.list_workflows_async(
        workflow_id_prefix=run_id, limit=1, load_input=False, load_output=False
    )
    return bool(found)
