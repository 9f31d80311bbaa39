"""Fold a comment of ours away, because a newer one says more."""

from bot.github import queries
from bot.github.effects.call import Call, Declaration
from bot.runs import Applied, Minimise

DECLARATION = Declaration(
    does="a comment of ours folded away (never deleted): a newer one says more",
    found_by="its node id",
    ours_if="the ledger says that Coppice wrote it",
    writes="the folding; nothing where it is folded away",
    refused={"gone": "the comment was deleted", "no_access": "the App may not hide it"},
)


def key(effect: Minimise, owner: str) -> str:
    return effect.node


async def apply(call: Call, effect: Minimise) -> Applied:
    found = (await call.client.graphql(queries.MINIMISED, id=effect.node))["node"]
    if found is None or found.get("isMinimized"):
        return Applied(node=effect.node, wrote=False)
    await call.pen.mutate(queries.MINIMISE, id=effect.node, why=effect.why)
    return Applied(node=effect.node, wrote=True)
