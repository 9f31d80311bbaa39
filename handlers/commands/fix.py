"""`/coppice fix`: mend failing checks or conflicts, on our pull requests and on people's."""

from dataclasses import replace

from bot.errors import UserError
from bot.runs import MessageKind, Start
from handlers.commands.command import Argument, Asked, Command, Reply, Where
from handlers.commands.follow_up import followed
from handlers.commands.settings import AGENT, BUDGET, MODEL
from handlers.context import Context
from handlers.runs import say
from handlers.visiting import MEND, visit

_WHAT = ("checks", "conflicts")
_TESTS = Argument(
    summary="`allow`, where the work may change tests and CI configuration that are there",
    values="allow",
)


async def _call(asked: Asked, context: Context) -> Reply:
    what = asked.words[0].lower() if asked.words else ""
    if what and what not in _WHAT:
        raise UserError("It takes `checks` or `conflicts`, or nothing for both.")
    if await _is_ours(asked, context):
        if set(asked.settings) - {"tests"}:
            raise UserError("Other settings are for pull requests that Coppice did not open.")
        run, tests = await followed(asked, context), "tests" in asked.settings
        return Reply(tells=(say(run, MessageKind.FIX, asked.wanted, text=what, tests=tests),))
    return Reply(starts=(await _mend(asked, what, context),))


async def _is_ours(asked: Asked, context: Context) -> bool:
    if not asked.on_pull_request:
        return True
    find = context.runs.of_pull_request
    return await find(asked.repository.id, asked.issue.number) is not None


async def _mend(asked: Asked, what: str, context: Context) -> Start:
    settings = {key: value for key, value in asked.settings.items() if key != "tests"}
    begun = await visit(replace(asked.wish, settings=settings), MEND, context)
    trigger = begun.run.trigger
    options = trigger.options.model_copy(
        update={"mend": what or None, "tests": "tests" in asked.settings}
    )
    changed = trigger.model_copy(update={"options": options})
    return Start(run=begun.run.model_copy(update={"trigger": changed}))


COMMAND = Command(
    verb="fix",
    summary="Mend failing checks or conflicts with the base on the pull request, in one round;"
    " on top of what people pushed, for forks as a patch.",
    call=_call,
    words="[checks|conflicts]",
    most_words=1,
    settings={"agent": AGENT, "model": MODEL, "budget": BUDGET, "tests": _TESTS},
    where=(Where.ISSUE, Where.ANY_PULL_REQUEST),
    examples=("/coppice fix", "/coppice fix conflicts", "/coppice fix checks tests=allow"),
    needs_rules=True,
)
