"""Read what the repository's own CI says of a commit: check runs, statuses, the logs of jobs."""

from collections.abc import Mapping
from typing import Any

from bot.github.answers import Refusal
from bot.github.client import Client
from bot.runs import Record, RepositoryRef

ACTIONS = "github-actions"
LOG_BYTES = 1 << 20
PASSING = ("success", "neutral", "skipped")


class Check(Record):
    """One check run or status on a commit."""

    name: str
    id: int | None = None
    """Of a check run; None: a status."""
    suite: int | None = None
    app: str | None = None
    """Slug of the app that made it."""
    completed: bool
    conclusion: str | None = None
    text: str = ""
    """What it shows: title, summary, text."""
    url: str | None = None

    @property
    def passed(self) -> bool:
        return self.conclusion in PASSING

    @property
    def failed(self) -> bool:
        return self.completed and not self.passed


async def checks(client: Client, ref: RepositoryRef, sha: str, *, ours: int) -> list[Check]:
    """List what others than the App ``ours`` say of a commit, each try, oldest first."""
    root = f"/repos/{ref.full_name}/commits/{sha}"
    runs = client.getiter(f"{root}/check-runs?filter=all&per_page=100", iterable_key="check_runs")
    found = [run async for run in runs if (run.get("app") or {}).get("id") != ours]
    found.sort(key=lambda run: (run.get("started_at") or "", run["id"]))
    combined = await client.getitem(f"{root}/status?per_page=100")
    return [*map(_run, found), *map(_status, combined["statuses"])]


async def log(client: Client, ref: RepositoryRef, check: Check) -> str:
    """Read the log of a job of GitHub Actions, else what the check itself shows."""
    if check.app == ACTIONS and check.id is not None:
        path = f"/repos/{ref.full_name}/actions/jobs/{check.id}/logs"
        try:
            return await client.download(path, LOG_BYTES)
        except Refusal:  # expired, or the App may not read it: the check's own words remain
            return check.text
    return check.text


def _run(run: Mapping[str, Any]) -> Check:
    output = run.get("output") or {}
    told = (output.get(key) for key in ("title", "summary", "text"))
    return Check(
        name=run["name"],
        id=run["id"],
        suite=(run.get("check_suite") or {}).get("id"),
        app=(run.get("app") or {}).get("slug"),
        completed=run["status"] == "completed",
        conclusion=run.get("conclusion"),
        text="\n".join(text for text in told if text),
        url=run.get("html_url"),
    )


def _status(status: Mapping[str, Any]) -> Check:
    state = status["state"]
    return Check(
        name=status["context"],
        completed=state != "pending",
        conclusion=None if state == "pending" else state,
        text=status.get("description") or "",
        url=status.get("target_url"),
    )
