"""Put a reaction on an issue or a comment."""

from http import HTTPStatus

from bot.github.effects.call import Call, Declaration
from bot.runs import Applied, React

DECLARATION = Declaration(
    does="a reaction on an issue or a comment",
    found_by="GitHub keeps one reaction of each kind by one user, and answers 200 instead of 201",
    ours_if="the App's bot user put it there",
    writes="the reaction, at once: people wait for it",
    refused={"gone": "the issue or comment was deleted", "locked": "the conversation is locked"},
    wordless=True,
    single=True,
)


def key(effect: React, owner: str) -> str:
    where = "lines-" if effect.on_lines else ""
    return f"{effect.issue}/{where}{effect.comment_id or 'issue'}/{effect.content}"


async def apply(call: Call, effect: React) -> Applied:
    status, reaction = await call.pen.write(
        "POST", _path(call, effect), {"content": effect.content}
    )
    return Applied(id=reaction["id"], wrote=status == HTTPStatus.CREATED)


def _path(call: Call, effect: React) -> str:
    if effect.comment_id is None:
        return f"{call.path}/issues/{effect.issue}/reactions"
    if effect.on_lines:
        return f"{call.path}/pulls/comments/{effect.comment_id}/reactions"
    return f"{call.path}/issues/comments/{effect.comment_id}/reactions"
