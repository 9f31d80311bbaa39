"""Commands about an open pull request of ours: `ci`, `fix`, `rebase` and `ready`."""

from bot.errors import UserError
from bot.runs import MessageKind, Run
from handlers.commands.command import Asked, Command, Reply
from handlers.context import Context
from handlers.runs import alive, say

_FIXES = ("checks", "conflicts")


async def _ci(asked: Asked, context: Context) -> Reply:
    return Reply(tells=(say(await asked.living_run(context), MessageKind.CI, asked.wanted),))


async def _fix(asked: Asked, context: Context) -> Reply:
    what = asked.words[0].lower() if asked.words else ""
    if what and what not in _FIXES:
        raise UserError("It takes `checks` or `conflicts`, or nothing for both.")
    run = await _followed(asked, context)
    return Reply(tells=(say(run, MessageKind.FIX, asked.wanted, text=what),))


async def _rebase(asked: Asked, context: Context) -> Reply:
    return Reply(tells=(say(await _followed(asked, context), MessageKind.REBASE, asked.wanted),))


async def _ready(asked: Asked, context: Context) -> Reply:
    return Reply(tells=(say(await _followed(asked, context), MessageKind.READY, asked.wanted),))


async def _followed(asked: Asked, context: Context) -> Run:
    run = await asked.newest_run(context)
    if run is None or not alive(run) or not run.following:
        raise UserError("There is no open pull request of Coppice here.")
    return run


CI = Command(
    verb="ci",
    summary="Push the same work without `[skip ci]`, now and in later rounds.",
    call=_ci,
    examples=("/coppice ci",),
)
FIX = Command(
    verb="fix",
    summary="Mend failing checks or conflicts with the base on the pull request, in one round.",
    call=_fix,
    words="[checks|conflicts]",
    most_words=1,
    examples=("/coppice fix", "/coppice fix conflicts"),
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
