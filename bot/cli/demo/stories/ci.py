"""CI fails once for real and flakes once; then the base moves into a conflict."""

import base64
from typing import Any

from bot.cli.demo.stage import Stage
from bot.cli.demo.stories.telling import Telling
from bot.runs import Run

FILE = "src/greenhouse/watering.py"
LOG = """\
FAILED tests/test_watering.py::test_equal_hours - AssertionError: a window from 6 to 6 is shut
1 failed, 9 passed in 0.12s
"""


async def act(stage: Stage, telling: Telling) -> Run:
    """Play it on the demo's first issue; answer its run as it follows its pull request."""
    issue = int(stage.forge.ready["issue"])
    await stage.hub.label(issue, "coppice")
    run = await telling.ended(issue)
    number = run.pull_request or 0
    telling.step("put the label `coppice` on the issue", f"draft pull request #{number}")
    head = await _head(telling, number)
    await _ci(stage, head, {"conclusion": "failure", "log": LOG})
    run = await telling.ended(issue, after_round=1)
    mended = await _head(telling, number)
    saw = f"a round pushed {mended[:7]}" if mended != head else "no round"
    telling.step("let CI fail for real", saw, ok=mended != head)
    await _ci(stage, mended, {"conclusions": ["failure", "success"], "logs": ["timed out", "ok"]})
    run = await telling.ended(issue)
    still = await _head(telling, number)
    passed = await telling.checks_pass(still)
    saw = "run again, and it passed" if passed else "it was not run again"
    telling.step("let CI flake once", saw, ok=passed and still == mended)
    await _move(stage)
    merged = await telling.head_after(number, still)
    commit = await stage.hub.of_repository(f"/commits/{merged}") if merged else {"parents": []}
    saw = f"{merged[:7]} merges it" if merged else "nothing happened"
    telling.step("move the base into a conflict", saw, ok=len(commit["parents"]) == 2)
    return await telling.ended(issue, after_round=2)


async def _head(telling: Telling, number: int) -> str:
    return str((await telling.pull(number))["head"]["sha"])


async def _ci(stage: Stage, sha: str, job: dict[str, Any]) -> None:
    """Play the repository's CI on a commit."""
    script = {
        "repository": stage.hub.repository,
        "sha": sha,
        "kind": "actions",
        "workflow": "CI",
        "runs": [{"name": "test", **job}],
    }
    await stage.hub.control("/ci", script)


async def _move(stage: Stage) -> None:
    """Change on `main` what the pull request changes, too."""
    path = f"/repos/{stage.hub.repository}/contents/{FILE}"
    there = await stage.hub.of_repository(f"/contents/{FILE}")
    text = base64.b64decode(there["content"]).decode()
    text = text.replace(
        "return self.start <= at < self.end",
        "return self.start <= at < self.end  # shut at the end itself",
    )
    change = {
        "message": "Say that a window is shut at its end",
        "content": base64.b64encode(text.encode()).decode(),
        "sha": there["sha"],
    }
    await stage.hub.call("PUT", path, change)
