"""`/coppice retry`: go on with a run that ended, or make one more round on its pull request."""

from bot.errors import UserError
from bot.runs import Again
from handlers.commands.command import Asked, Command, Reply
from handlers.context import Context
from handlers.runs import retry


async def _call(asked: Asked, context: Context) -> Reply:
    run = await asked.newest_run(context)
    if run is None:
        raise UserError("There was no run here yet. `/coppice run` starts one on an issue.")
    onward = retry(run, asked.wanted, asked.words[0] if asked.words else None)
    return Reply(starts=(onward,)) if isinstance(onward, Again) else Reply(tells=(onward,))


COMMAND = Command(
    verb="retry",
    summary="Go on with the run that ended, at the stage that ended it or at the one named.",
    call=_call,
    words="[STAGE]",
    most_words=1,
    examples=("/coppice retry", "/coppice retry publish"),
)
