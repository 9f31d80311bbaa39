"""`/coppice stop`: end a run and keep its work."""

from handlers.commands.command import Asked, Command, Reply
from handlers.context import Context
from handlers.runs import stop


async def _call(asked: Asked, context: Context) -> Reply:
    return Reply(tells=(stop(await asked.living_run(context), asked.wanted),))


COMMAND = Command(
    verb="stop",
    summary="End the run; what it has done so far is kept for `retry`.",
    call=_call,
    examples=("/coppice stop",),
)
