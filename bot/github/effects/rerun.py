"""Have the checks of a suite run once more on the same commit: flaky ones pass then."""

from bot.github.effects.call import Call, Declaration
from bot.runs import Applied, Rerun

DECLARATION = Declaration(
    does="the checks of a suite run once more on the same commit",
    found_by="what it shows: a suite that was run once more has a check of the same name twice",
    ours_if="(a suite belongs to another app)",
    writes="the request; nothing where the suite runs already, or was run once more before",
    refused={"gone": "the suite is gone", "no_access": "the App may not run it again"},
)


def key(effect: Rerun, owner: str) -> str:
    return f"{effect.suite}/{effect.sha}"


async def apply(call: Call, effect: Rerun) -> Applied:
    path = f"{call.path}/check-suites/{effect.suite}"
    unwritten = Applied(id=effect.suite, sha=effect.sha, wrote=False)
    suite = await call.client.getitem(path)
    if suite["status"] != "completed" or await _was_run_again(call, path):
        return unwritten
    await call.pen.write("POST", f"{path}/rerequest", {})
    return unwritten.model_copy(update={"wrote": True})


async def _was_run_again(call: Call, path: str) -> bool:
    """By us, before a kill that the ledger did not outlive, or by anybody: it is the same."""
    listed = f"{path}/check-runs?filter=all&per_page=100"
    found = call.client.getiter(listed, iterable_key="check_runs")
    names = [run["name"] async for run in found]
    return len(set(names)) < len(names)
