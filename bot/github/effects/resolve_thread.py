"""Mark a review thread as resolved."""

from bot.github import queries
from bot.github.effects.call import Call, Declaration
from bot.github.tokens import RESOLVE
from bot.runs import Applied, ResolveThread

DECLARATION = Declaration(
    does="a review thread marked as resolved: our own, or another bot's",
    found_by="its node id",
    ours_if="a program began it; people resolve their own",
    writes="the resolution; nothing where it is resolved",
    refused={"gone": "the thread is gone", "no_access": "the App may not resolve it"},
    permissions=RESOLVE,
)


def key(effect: ResolveThread, owner: str) -> str:
    return effect.thread


async def apply(call: Call, effect: ResolveThread) -> Applied:
    found = (await call.client.graphql(queries.RESOLVED, id=effect.thread))["node"]
    if found is not None and found.get("isResolved"):
        return Applied(node=effect.thread, wrote=False)
    await call.pen.mutate(queries.RESOLVE, id=effect.thread)
    return Applied(node=effect.thread, wrote=True)
