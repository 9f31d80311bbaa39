"""Put a commit of ours on top of somebody's branch; a default or protected one is never touched."""

from bot.errors import EffectRefused
from bot.github import reads
from bot.github.effects import push
from bot.github.effects.call import Call, Declaration
from bot.github.tokens import PUSH
from bot.runs import Applied, Grow, Push

DECLARATION = Declaration(
    does="a push to the branch of somebody's pull request, who asked for it with write access",
    found_by="the commit that the branch is at: the wanted one is done, the expected one grows",
    ours_if="the branch is at a commit that Coppice made (recorded before the push)",
    writes="the branch, growing out of the commit that is there; never replaced, whatever it holds",
    refused={
        "default_branch": "it is the repository's default branch",
        "protected_branch": "a rule protects it, whoever the rule would let through",
        "branch_gone": "there is no such branch any more",
        **{
            kind: when
            for kind, when in push.DECLARATION.refused.items()
            if kind not in ("invalid", "protected_branch")
        },
    },
    permissions=PUSH,
    heals=True,
)


def key(effect: Grow, owner: str) -> str:
    return f"{effect.branch}/{effect.sha}"


async def apply(call: Call, effect: Grow) -> Applied:
    facts = await reads.repository(call.client, call.repository)
    if facts is None:
        raise EffectRefused("gone", "The repository is gone, or the App has no access to it.")
    if effect.branch == facts.default_branch:
        raise EffectRefused("default_branch", "Coppice never pushes to the default branch.")
    protected = await reads.branch_protected(call.client, call.repository, effect.branch)
    if protected is None:
        raise EffectRefused("branch_gone", f"The branch `{effect.branch}` was deleted.")
    if protected:
        reason = f"The branch `{effect.branch}` is protected; Coppice pushes to none of these."
        raise EffectRefused("protected_branch", reason)
    wanted = Push(branch=effect.branch, sha=effect.sha, expected=effect.expected)
    return await push.set_branch(call, wanted, facts)
