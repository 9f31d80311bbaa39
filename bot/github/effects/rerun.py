"""Have the checks of a suite run once more on the same commit: flaky ones pass then."""

from bot.github.effects.call import Call, Declaration
from bot.runs import Applied, Rerun

DECLARATION = Declaration(
    does="the checks of a suite run once more on the same commit",
    found_by="the suite's status, once for each suite and commit",
    ours_if="(a suite belongs to another app)",
    writes="the request; nothing where the suite runs already",
    refused={"gone": "the suite is gone", "no_access": "the App may not run it again"},
)


def key(effect: Rerun, owner: str) -> str:
    return f"{effect.suite}/{effect.sha}"


async def apply(call: Call, effect: Rerun) -> Applied:
    path = f"{call.path}/check-suites/{effect.suite}"
    suite = await call.client.getitem(path)
    if suite["status"] != "completed":
        return Applied(id=effect.suite, sha=effect.sha, wrote=False)
    await call.pen.write("POST", f"{path}/rerequest", {})
    return Applied(id=effect.suite, sha=effect.sha, wrote=True)
