"""Delete a branch of ours while nobody else has touched it."""

from bot.errors import EffectRefused
from bot.github import reads
from bot.github.answers import Refusal
from bot.github.effects.call import Call, Declaration, our_branch
from bot.github.tokens import PUSH
from bot.runs import Applied, DeleteBranch

DECLARATION = Declaration(
    does="the deletion of a branch `coppice/…`",
    found_by="the commit that the branch is at",
    ours_if="it is at the commit that Coppice left it at",
    writes="the deletion; nothing where the branch is gone",
    refused={
        "branch_moved": "the branch is at another commit",
        "protected_branch": "a rule forbids deleting it",
        "invalid": "the branch is not Coppice's own",
    },
    permissions=PUSH,
    heals=True,
)

MISSING = 422  # "Reference does not exist"


def key(effect: DeleteBranch, owner: str) -> str:
    return f"{effect.branch}/{effect.expected}"


async def apply(call: Call, effect: DeleteBranch) -> Applied:
    branch = our_branch(effect.branch)
    now = await reads.branch_head(call.client, call.repository, branch)
    if now is None:
        return Applied(sha=effect.expected, wrote=False)
    if now != effect.expected:
        raise EffectRefused("branch_moved", f"`{branch}` is at {now[:7]}: somebody pushed to it.")
    try:
        await call.pen.write("DELETE", f"{call.path}/git/refs/heads/{branch}", {})
    except Refusal as refusal:
        if refusal.status == MISSING and refusal.says("does not exist"):
            return Applied(sha=effect.expected, wrote=False)
        if refusal.says("protected") or refusal.says("rule"):
            raise EffectRefused("protected_branch", refusal.reason) from refusal
        raise
    return Applied(sha=effect.expected, wrote=True)
