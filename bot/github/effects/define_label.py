"""Make a label of the repository, where there is none of its name."""

from urllib.parse import quote

from bot.github.answers import Refusal
from bot.github.effects.call import Call, Declaration
from bot.github.reads import NOT_THERE
from bot.runs import Applied, DefineLabel

DECLARATION = Declaration(
    does="a label of the repository, with its colour and description",
    found_by="its name, once for each repository; then the ledger alone",
    ours_if="it is called so: what people make of its colour and words stays",
    writes="a new label; nothing where there is one",
    refused={"gone": "issues are switched off", "archived": "the repository is archived"},
)

TAKEN = 422  # "already_exists"


def key(effect: DefineLabel, owner: str) -> str:
    return effect.name


async def apply(call: Call, effect: DefineLabel) -> Applied:
    try:
        await call.client.getitem(f"{call.path}/labels/{quote(effect.name)}")
    except Refusal as refusal:
        if refusal.status not in NOT_THERE:
            raise
    else:
        return Applied(wrote=False)
    made = {"name": effect.name, "color": effect.color, "description": effect.description}
    try:
        _, label = await call.pen.write("POST", f"{call.path}/labels", made)
    except Refusal as refusal:
        if refusal.status == TAKEN:
            return Applied(wrote=False)
        raise
    return Applied(id=label["id"], wrote=True)
