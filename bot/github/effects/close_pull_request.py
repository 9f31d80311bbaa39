"""Close our own pull request, unmerged."""

from bot.errors import EffectRefused
from bot.github import reads
from bot.github.effects.call import Call, Declaration
from bot.runs import Applied, ClosePullRequest

DECLARATION = Declaration(
    does="our own draft closed, because nobody touched it for a long time",
    found_by="its number",
    ours_if="its author is the App's bot user and its head is in the same repository",
    writes="the state `closed`; nothing where it is closed or merged",
    refused={"gone": "the pull request is gone", "invalid": "it is not Coppice's own"},
    heals=True,
)


def key(effect: ClosePullRequest, owner: str) -> str:
    return str(effect.number)


async def apply(call: Call, effect: ClosePullRequest) -> Applied:
    found = await reads.pull_request(call.client, call.repository, effect.number)
    if found is None:
        raise EffectRefused("gone", f"There is no pull request #{effect.number} any more.")
    me = await call.me()
    if found.author is None or found.author.id != me.user_id or not found.same_repository:
        raise EffectRefused("invalid", f"Pull request #{effect.number} is not Coppice's own.")
    if not found.open:
        return Applied(number=effect.number, url=found.html_url, wrote=False)
    await call.pen.write("PATCH", f"{call.path}/pulls/{effect.number}", {"state": "closed"})
    return Applied(number=effect.number, url=found.html_url, wrote=True)
