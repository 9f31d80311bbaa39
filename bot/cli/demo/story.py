"""The stories that the demo can tell: what was done, what was seen, and whether it was right."""

from pathlib import Path
from typing import Any

from bot.cli.demo.result import Result

FIX = "fix"
STORIES = (FIX, "plan", "review", "ci")
FOLDER = Path(__file__).resolve().parents[3] / "prompts" / "demo" / "stories"
"""Scripts and repository configuration of each story but `fix`."""


def steps(result: Result) -> list[dict[str, Any]]:
    """Tell how a labelled issue became a draft pull request, in the order in which it happened."""
    reaction, pull_request = result.timings["first_reaction_ms"], result.pull_request
    seen = "nothing" if reaction is None else f"a reaction after {reaction} ms"
    told = [_step("put the label `coppice` on the issue", seen, ok=reaction is not None)]
    for attempt in range(1, result.attempts + 1):
        exits = [each for each in result.verify if each["attempt"] == attempt]
        saw = ", ".join(f"`{each['name']}` exit {each['exit_code']}" for each in exits) or "nothing"
        passed = all(each["exit_code"] == 0 for each in exits)
        told.append(_step(f"attempt {attempt}", saw, ok=passed or attempt < result.attempts))
    draft = pull_request is not None and bool(pull_request["draft"])
    saw = f"draft pull request #{pull_request['number']}" if pull_request else result.status
    return [*told, _step("publish", saw, ok=draft)]


def _step(did: str, saw: str, *, ok: bool) -> dict[str, Any]:
    return {"did": did, "saw": saw, "ok": ok}
