"""`/coppice why`: what was decided on what evidence."""

from bot.github.texts import why
from handlers.commands.command import Asked, Command, Reply
from handlers.context import Context


async def _call(asked: Asked, context: Context) -> Reply:
    run = await asked.run(context)
    return Reply(answer=why.evidence(run, await context.runs.stages(run.id)))


COMMAND = Command(
    verb="why",
    summary="Say what the run decided, stage by stage, and on what evidence.",
    call=_call,
    examples=("/coppice why",),
)
