"""Show a whole review at once, with remarks at lines of the diff; its event is always `COMMENT`."""

from typing import Any

from bot.errors import EffectDelayed, EffectRefused
from bot.github.answers import Refusal
from bot.github.effects.call import Call, Declaration
from bot.github.markdown import COMMENT_LIMIT, fit
from bot.runs import Applied, LineComment, PostReview

PENDING_SECONDS = 5.0  # until the answers of a round of ours, written beside it, are submitted

DECLARATION = Declaration(
    does="one review of somebody's pull request with all its remarks; its event is always"
    " `COMMENT`, never an approval",
    found_by="the marker in the body of a review by the App",
    ours_if="the App's bot user wrote it and the marker's HMAC fits run and purpose",
    writes="the review with its comments at lines, in one request; nothing where it is there",
    refused={
        "line": "a line is not part of the diff as GitHub has it now",
        "gone": "the pull request is gone",
        "locked": "the conversation is locked",
    },
    heals=True,
)


def key(effect: PostReview, owner: str) -> str:
    return f"{effect.pull_request}/{effect.purpose}/{owner}"


async def apply(call: Call, effect: PostReview) -> Applied:
    path = f"{call.path}/pulls/{effect.pull_request}/reviews"
    me = await call.me()
    async for review in call.client.getiter(f"{path}?per_page=100"):
        if call.markers.ours(review, me.user_id, effect.purpose, call.owner):
            return Applied(id=review["id"], url=review["html_url"], wrote=False)
    marker = call.markers.make(effect.purpose, call.owner)
    wanted = {
        "commit_id": effect.sha,
        "event": "COMMENT",
        "body": f"{fit(effect.body, COMMENT_LIMIT - len(marker) - 1)}\n{marker}",
        "comments": [_comment(each) for each in effect.comments],
    }
    try:
        _, made = await call.pen.write("POST", path, wanted)
    except Refusal as refusal:
        if refusal.says("one pending review"):
            raise EffectDelayed("another review of ours is pending", PENDING_SECONDS) from refusal
        if refusal.kind != "invalid" or not effect.comments:
            raise
        raise EffectRefused("line", refusal.reason) from refusal
    return Applied(id=made["id"], url=made["html_url"], wrote=True)


def _comment(comment: LineComment) -> dict[str, Any]:
    place: dict[str, Any] = {"path": comment.path, "line": comment.line, "side": comment.side}
    if comment.start_line is not None:
        place |= {"start_line": comment.start_line, "start_side": comment.side}
    return {**place, "body": fit(comment.body, COMMENT_LIMIT)}
