"""`/coppice review`: have an agent read a pull request, anybody's, and say what it finds."""

from handlers.commands.command import Asked, Command, Reply, Where, Who
from handlers.commands.settings import AGENT, BUDGET, MODEL
from handlers.context import Context
from handlers.visiting import REVIEW, visit


async def _call(asked: Asked, context: Context) -> Reply:
    return Reply(starts=(await visit(asked.wish, REVIEW, context),))


COMMAND = Command(
    verb="review",
    summary="Read the pull request and say what is wrong in one review; never an approval.",
    call=_call,
    settings={"agent": AGENT, "model": MODEL, "budget": BUDGET},
    who=Who.START,
    where=(Where.ANY_PULL_REQUEST,),
    examples=("/coppice review", "/coppice review model=strong budget=1usd"),
    needs_rules=True,
)
