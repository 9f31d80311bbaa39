"""`/coppice patch`: show the work of a run as a patch."""

from bot.errors import UserError
from bot.github.texts import patch as texts
from bot.pipeline import definition
from bot.runs import Run, StageKind, StageStatus
from handlers.commands.command import Asked, Command, Reply
from handlers.context import Context


async def _call(asked: Asked, context: Context) -> Reply:
    run = await asked.run(context)
    if run.work.checkpoint is None and run.work.head_sha is None:
        raise UserError(f"Run `{run.short_id}` has no work yet: it is {run.status}.")
    if not await _checked(run, context):
        raise UserError(
            f"The work of run `{run.short_id}` has not passed the rules, so it is not shown here. "
            f"`coppice patch {run.short_id}` on the machine of Coppice prints it."
        )
    return Reply(answer=texts.patch(run, await context.patches.of(run)))


async def _checked(run: Run, context: Context) -> bool:
    """Nothing reaches GitHub before the rules have passed it: is that so of the newest work?"""
    kinds = definition.kinds(run.pipeline)
    judged = [
        stage
        for stage in await context.runs.stages(run.id)
        if kinds.get(stage.name) in (StageKind.IMPLEMENT, StageKind.RULES)
    ]
    if not judged:
        return False
    last = judged[-1]
    return kinds[last.name] is StageKind.RULES and last.status is StageStatus.PASSED


COMMAND = Command(
    verb="patch",
    summary="Show the work as a patch, once the rules have passed it.",
    call=_call,
    examples=("/coppice patch",),
)
