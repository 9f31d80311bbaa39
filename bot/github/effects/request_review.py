"""Ask a person to review the pull request, which notifies by itself."""

from http import HTTPStatus

from bot.github.answers import Refusal
from bot.github.effects.call import Call, Declaration
from bot.runs import Applied, RequestReview

DECLARATION = Declaration(
    does="a person asked for a review of the pull request",
    found_by="the reviewers that are asked, then the reviews that there are",
    ours_if="(a request belongs to nobody)",
    writes="the request; nothing where that person is asked or has reviewed it",
    refused={"gone": "the pull request is gone", "locked": "the conversation is locked"},
)


def key(effect: RequestReview, owner: str) -> str:
    return f"{effect.pull_request}/{effect.login}"


async def apply(call: Call, effect: RequestReview) -> Applied:
    path = f"{call.path}/pulls/{effect.pull_request}/requested_reviewers"
    asked = await call.client.getitem(path)
    if any(user["login"].lower() == effect.login.lower() for user in asked["users"]):
        return Applied(number=effect.pull_request, wrote=False)
    try:
        await call.pen.write("POST", path, {"reviewers": [effect.login]})
    except Refusal as refusal:
        if refusal.status == HTTPStatus.UNPROCESSABLE_ENTITY:  # no collaborator: nobody is asked
            return Applied(number=effect.pull_request, wrote=False, note=refusal.reason)
        raise
    return Applied(number=effect.pull_request, wrote=True)
