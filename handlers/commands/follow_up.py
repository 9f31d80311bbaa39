"""Commands about an open pull request: `ci`, `rebase` and `ready`."""

from bot.errors import UserError
from bot.pipeline import definition
from bot.runs import Again, MessageKind, Run, RunStatus
from handlers.commands.command import Asked, Command, Reply
from handlers.context import Context
from handlers.runs import alive, say
from handlers.visiting import MEND

_NONE = "There is no open pull request of Coppice here."


async def _ci(asked: Asked, context: Context) -> Reply:
    run = await asked.newest_run(context)
    if run is not None and definition.visits(run.pipeline):
        return Reply(starts=(_on_theirs(run, asked),))
    living = await asked.living_run(context)
    if living.status is RunStatus.WAITING and not living.following:
        raise UserError(_NONE)
    return Reply(tells=(say(living, MessageKind.CI, asked.wanted),))


def _on_theirs(run: Run, asked: Asked) -> Again:
    """Have CI run on what was mended of somebody's pull request."""
    if run.pipeline != MEND or not run.status.ended or run.work.checkpoint is None:
        raise UserError("There is no work of Coppice here that CI could run on.")
    wanted = asked.wanted
    return Again(run_id=run.id, key=asked.key, stage="ci", by=wanted.by, by_id=wanted.by_id)


async def _rebase(asked: Asked, context: Context) -> Reply:
    return Reply(tells=(say(await followed(asked, context), MessageKind.REBASE, asked.wanted),))


async def _ready(asked: Asked, context: Context) -> Reply:
    return Reply(tells=(say(await followed(asked, context), MessageKind.READY, asked.wanted),))


async def followed(asked: Asked, context: Context) -> Run:
    """Find the run of our open pull request; raises UserError where there is none."""
    run = await asked.newest_run(context)
    if run is not None and run.pull_request is not None:
        run = await asked.living_run(context)
    if run is None or not alive(run) or not run.following:
        raise UserError(_NONE)
    return run


CI = Command(
    verb="ci",
    summary="Push the same work without `[skip ci]`, now and in later rounds.",
    call=_ci,
    examples=("/coppice ci",),
)
REBASE = Command(
    verb="rebase",
    summary="Put the work on top of the base as it is now, while nobody else's commit is on it.",
    call=_rebase,
    examples=("/coppice rebase",),
)
READY = Command(
    verb="ready",
    summary="Mark the draft as ready for review.",
    call=_ready,
    examples=("/coppice ready",),
)
