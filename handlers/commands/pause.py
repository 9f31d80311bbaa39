"""`/coppice pause` and `/coppice resume`: whether anything new begins in the repository."""

from functools import partial

from bot.runs import Pause
from handlers.commands.command import Asked, Command, Reply, Who
from handlers.context import Context


async def _call(asked: Asked, _context: Context, *, on: bool) -> Reply:
    pause = Pause(repository_id=asked.repository.id, by=asked.sender.login, on=on)
    return Reply(pauses=(pause,))


PAUSE = Command(
    verb="pause",
    summary="Let no run of the repository begin; what is at work goes on, new ones wait as queued.",
    call=partial(_call, on=True),
    who=Who.MAINTAIN,
    examples=("/coppice pause",),
)
RESUME = Command(
    verb="resume",
    summary="Let runs of the repository begin again.",
    call=partial(_call, on=False),
    who=Who.MAINTAIN,
    examples=("/coppice resume",),
)
