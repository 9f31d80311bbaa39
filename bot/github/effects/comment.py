"""Keep our one comment for a purpose on an issue."""

from collections.abc import Mapping
from typing import Any

from bot.github.answers import Refusal
from bot.github.effects.call import Call, Declaration
from bot.github.markdown import COMMENT_LIMIT, fit
from bot.github.reads import NOT_THERE
from bot.runs import Applied, Comment

DECLARATION = Declaration(
    does="one comment for each purpose (`status`, a refusal, an answer) on an issue",
    found_by="the comment id in the ledger, else the marker in the issue's list of comments",
    ours_if="its author is the App's bot user and the marker's HMAC fits run and purpose",
    writes="a new comment, or the body where it differs (a refusal stays as it is); progress less"
    " than 15 s after the last edit is left out",
    refused={
        "locked": "the conversation is locked",
        "gone": "the issue was deleted or transferred, or issues are switched off",
        "archived": "the repository is archived",
    },
    heals=True,
)


def key(effect: Comment, owner: str) -> str:
    return f"{effect.issue}/{effect.purpose}/{owner}"


async def apply(call: Call, effect: Comment) -> Applied:
    if effect.once and call.known is not None:
        return call.known.model_copy(update={"wrote": False})
    marker = call.markers.make(effect.purpose, call.owner)
    body = f"{fit(effect.body.rstrip(), COMMENT_LIMIT - len(marker) - 1)}\n{marker}"
    found = await _known(call) or await _listed(call, effect)
    if found is None:
        path = f"{call.path}/issues/{effect.issue}/comments"
        _, comment = await call.pen.write("POST", path, {"body": body})
        return _applied(comment, wrote=True)
    if effect.once or (found.get("body") or "").replace("\r\n", "\n") == body:
        return _applied(found, wrote=False)
    path = f"{call.path}/issues/comments/{found['id']}"
    _, comment = await call.pen.write("PATCH", path, {"body": body})
    return _applied(comment, wrote=True)


async def _known(call: Call) -> Mapping[str, Any] | None:
    """Read the comment that the ledger names; None where it was deleted since."""
    if call.known is None or call.known.id is None:
        return None
    try:
        comment: Mapping[str, Any] = await call.client.getitem(
            f"{call.path}/issues/comments/{call.known.id}"
        )
    except Refusal as refusal:
        if refusal.status in NOT_THERE:
            return None
        raise
    return comment


async def _listed(call: Call, effect: Comment) -> Mapping[str, Any] | None:
    path = f"{call.path}/issues/{effect.issue}/comments?per_page=100"
    me = await call.me()
    async for comment in call.client.getiter(path):
        if call.markers.ours(comment, me.user_id, effect.purpose, call.owner):
            found: Mapping[str, Any] = comment
            return found
    return None


def _applied(comment: Mapping[str, Any], *, wrote: bool) -> Applied:
    return Applied(
        id=comment["id"],
        node=comment["node_id"],
        url=comment["html_url"],
        at=comment["updated_at"],
        wrote=wrote,
    )
