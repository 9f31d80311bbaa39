"""A plan is made, changed by a note, approved after a restart, and amended by one line."""

import re

from bot.cli.demo.stage import Stage
from bot.cli.demo.stories.telling import Telling
from bot.errors import OperatorError
from bot.runs import ENDED, Run, RunStatus

_BOX = re.compile(r"- \[ \] (Approve (?:plan|amendment) `([0-9a-f]+)`)")


async def act(stage: Stage, telling: Telling) -> Run:
    """Play it on the demo's first issue; answer its run as it ended."""
    issue = int(stage.forge.ready["issue"])
    await stage.hub.label(issue, "coppice")
    first = await _asked(telling, issue, "put the label `coppice` on the issue", "")
    await telling.say(issue, "/coppice cover the hours after midnight in a test, too")
    second = await _asked(telling, issue, "ask for a change of the plan", first)
    await stage.restart()
    run = await telling.run_is(issue, RunStatus.WAITING)
    waits = "the run still waits" if run else "the run is gone"
    telling.step("restart the service in the wait", waits, ok=run is not None)
    await _approve(telling, issue, second)
    amendment = await _asked(telling, issue, "approve the plan by its box", second)
    await _approve(telling, issue, amendment)
    run = await telling.run_is(issue, *ENDED)
    if run is None:
        raise OperatorError("the run did not end", exit_code=1)
    done = run.status is RunStatus.DONE
    saw = f"draft pull request #{run.pull_request}" if done else f"the run is {run.status}"
    telling.step("approve the amendment by its box", saw, ok=done)
    return run


async def _asked(telling: Telling, issue: int, did: str, before: str) -> str:
    """Wait until another hash than the one before is there to approve; answer its box."""
    pattern = rf"- \[ \] Approve (plan|amendment) `(?!{re.escape(before) or 'x'}`)[0-9a-f]+`"
    comment = await telling.comment(issue, pattern)
    found = _BOX.search(comment["body"]) if comment else None
    telling.step(did, found[1] if found else "nothing to approve", ok=found is not None)
    if found is None:
        raise OperatorError("the story cannot go on: there is no plan to approve", exit_code=1)
    return found[2]


async def _approve(telling: Telling, issue: int, hash_: str) -> None:
    comment = await telling.comment(issue, rf"- \[ \] Approve (plan|amendment) `{hash_}`")
    found = _BOX.search(comment["body"]) if comment else None
    if comment is not None and found is not None:
        await telling.tick(comment, found[1])
