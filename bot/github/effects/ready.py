"""Make a draft ready for review."""

from bot.github import queries
from bot.github.conversations import conversation
from bot.github.effects.call import Call, Declaration
from bot.github.tokens import RESOLVE
from bot.runs import Applied, Ready

DECLARATION = Declaration(
    does="our draft pull request made ready for review",
    found_by="its number",
    ours_if="the run opened it",
    permissions=RESOLVE,  # for this, too, GitHub asks an App for `contents: write` (cli/cli#8910)
    writes="the change; nothing where it is no draft any more",
    refused={"gone": "the pull request is gone", "invalid": "it is closed"},
)


def key(effect: Ready, owner: str) -> str:
    return str(effect.pull_request)


async def apply(call: Call, effect: Ready) -> Applied:
    there = await conversation(call.client, call.repository, effect.pull_request)
    if not there.draft:
        return Applied(number=effect.pull_request, draft=False, wrote=False)
    await call.pen.mutate(queries.READY, id=there.id)
    return Applied(number=effect.pull_request, draft=False, wrote=True)
