"""A review with five threads is answered in one round, while a person pushes to the branch."""

import base64
from typing import Any

from bot.cli.demo.stage import Stage
from bot.cli.demo.stories.telling import Telling
from bot.runs import Run, RunStatus

FILE = "src/greenhouse/watering.py"
SUGGESTED = "        return at >= self.start or at < self.end  # over midnight"
THREADS = (
    (9, "Say that `end` itself is shut."),
    (11, "Please say what a window from 0 to 0 means."),
    (17, "Can `at` be called `when`?"),
    (18, "Should a window that starts when it ends be open all day?"),
    (20, f"```suggestion\n{SUGGESTED}\n```"),
)


async def act(stage: Stage, telling: Telling) -> Run:
    """Play it on the demo's first issue; answer its run as it follows its pull request."""
    issue = int(stage.forge.ready["issue"])
    await stage.hub.label(issue, "coppice")
    run = await telling.ended(issue)
    number = run.pull_request or 0
    telling.step("put the label `coppice` on the issue", f"draft pull request #{number}")
    pull = await telling.pull(number)
    await _review(stage, number)
    working = await telling.run_is(issue, RunStatus.RUNNING, RunStatus.VERIFYING)
    saw = "a round has begun" if working else "nothing happened"
    telling.step("submit a review with five threads", saw, ok=working is not None)
    theirs = await _push(stage, pull["head"]["ref"])
    run = await telling.ended(issue, after_round=1)
    head = (await telling.pull(number))["head"]["sha"]
    compared = await stage.hub.of_repository(f"/compare/{theirs}...{head}")
    kept = compared["status"] == "ahead"
    saw = f"the round's work is {head[:7]}, on top of it" if kept else f"it is {compared['status']}"
    telling.step(f"push {theirs[:7]} to the branch meanwhile", saw, ok=kept)
    await _answers(telling, number)
    return run


async def _review(stage: Stage, number: int) -> None:
    comments = [{"path": FILE, "line": line, "body": body} for line, body in THREADS]
    review = {"event": "COMMENT", "body": "Nearly there.", "comments": comments}
    path = f"/repos/{stage.hub.repository}/pulls/{number}/reviews"
    await stage.hub.call("POST", path, review)


async def _push(stage: Stage, branch: str) -> str:
    """Commit a file to the run's branch, as a person does; answer the commit."""
    path = f"/repos/{stage.hub.repository}/contents/docs/windows.md"
    text = base64.b64encode(b"# Windows\n\nA window may cross midnight.\n").decode()
    made = await stage.hub.call(
        "PUT", path, {"message": "Describe windows", "content": text, "branch": branch}
    )
    return str(made["commit"]["sha"])


async def _answers(telling: Telling, number: int) -> None:
    answers = await telling.replies(number, len(THREADS))
    reviews = {each["pull_request_review_id"] for each in answers}
    telling.step(
        "read the answers",
        f"{len(answers)} threads answered in {len(reviews)} review",
        ok=len(answers) == len(THREADS) and len(reviews) == 1,
    )
    for word, count in (("Fixed in", 3), ("Declined because", 1)):
        found = [each for each in answers if each["body"].startswith(word)]
        telling.step(f"count `{word} …`", str(len(found)), ok=len(found) == count)
    asked: list[Any] = [each for each in answers if each["body"].rstrip().endswith("?")]
    telling.step("count questions", str(len(asked)), ok=len(asked) == 1)
