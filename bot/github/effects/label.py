"""Put one label on an issue, or take it off."""

from urllib.parse import quote

from bot.github.answers import Refusal
from bot.github.effects.call import Call, Declaration
from bot.github.reads import NOT_THERE
from bot.runs import Applied, Label

DECLARATION = Declaration(
    does="a mirror label put on an issue or pull request, or taken off",
    found_by="the labels that are on it",
    ours_if="its name begins with `coppice:`",
    writes="the label, or its removal; nothing where it is so already",
    refused={
        "gone": "the issue was deleted or transferred",
        "locked": "the conversation is locked",
        "archived": "the repository is archived",
    },
    heals=True,
)


def key(effect: Label, owner: str) -> str:
    return f"{effect.issue}/{effect.name}"


async def apply(call: Call, effect: Label) -> Applied:
    path = f"{call.path}/issues/{effect.issue}/labels"
    names = [
        label["name"].casefold() async for label in call.client.getiter(f"{path}?per_page=100")
    ]
    if (effect.name.casefold() in names) is effect.on:
        return Applied(wrote=False)
    if effect.on:
        await call.pen.write("POST", path, {"labels": [effect.name]})
        return Applied(wrote=True)
    try:
        await call.pen.write("DELETE", f"{path}/{quote(effect.name)}", {})
    except Refusal as refusal:
        if refusal.status in NOT_THERE:  # somebody took it off at the same time
            return Applied(wrote=False)
        raise
    return Applied(wrote=True)
