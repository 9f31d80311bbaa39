"""Read what the repository's own CI says of a commit: check runs, statuses, the logs of jobs."""

from collections.abc import Collection, Mapping
from typing import Any
from urllib.parse import quote

from bot.github.answers import Refusal, Unanswered
from bot.github.client import Client
from bot.runs import Record, RepositoryRef

ACTIONS = "github-actions"
LOG_BYTES = 1 << 20
PASSING = ("success", "neutral", "skipped")
MOST_NOTES = 20
"""Annotations of a check that are read; GitHub shows the first ten of a job."""
_EXIT = "Process completed with exit code"
_REQUIRED = "required_status_checks"
_WITHOUT_JOBS = ("action_required", "startup_failure")
Key = tuple[str | None, str]
"""What a check is known by: its App's slug and its name."""


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
    notes: int = 0
    """How many annotations it has."""

    @property
    def key(self) -> Key:
        return self.app, self.name

    @property
    def passed(self) -> bool:
        return self.conclusion in PASSING

    @property
    def failed(self) -> bool:
        return self.completed and not self.passed


async def checks(client: Client, ref: RepositoryRef, sha: str, *, ours: int) -> list[Check]:
    """List what others than the App ``ours`` say of a commit, each try, oldest first.

    What the App may not read stands there as what waits for a person, who can grant it.
    """
    root = f"/repos/{ref.full_name}/commits/{sha}"
    runs, no_checks = await _all(client, f"{root}/check-runs?filter=all", "check_runs")
    found = [run for run in runs if (run.get("app") or {}).get("id") != ours]
    found.sort(key=lambda run: (run.get("started_at") or "", run["id"]))
    statuses, no_statuses = await _all(client, f"{root}/status", "statuses")
    told = [*map(_run, found), *map(_status, statuses), *no_checks, *no_statuses]
    return [*told, *await _without_jobs(client, ref, sha, {check.suite for check in told})]


async def _all(client: Client, path: str, key: str) -> tuple[list[Any], list[Check]]:
    """Read a whole list, or that the App may not."""
    pages = client.getiter(f"{path}{'&' if '?' in path else '?'}per_page=100", iterable_key=key)
    try:
        return [each async for each in pages], []
    except Refusal as refusal:
        if refusal.kind != "no_access":
            raise
    name = f"the App's permission for {key.replace('check_runs', 'checks')}"
    return [], [Check(name=name, completed=True, conclusion="action_required")]


async def required(client: Client, ref: RepositoryRef, branch: str) -> set[str]:
    """Name the checks that a merge into a branch needs, by its protection or a ruleset."""
    name = quote(branch, safe="")
    found: set[str] = set()
    try:
        told = await client.getitem(f"/repos/{ref.full_name}/branches/{name}")
        status = (told.get("protection") or {}).get("required_status_checks") or {}
        found.update(status.get("contexts") or ())
        rules = client.getiter(f"/repos/{ref.full_name}/rules/branches/{name}?per_page=100")
        async for rule in rules:
            parameters = rule.get("parameters") or {}
            found.update(check["context"] for check in parameters.get(_REQUIRED) or ())
    except Refusal:  # no such branch by now, or not for the App
        return found
    return found


async def _without_jobs(
    client: Client, ref: RepositoryRef, sha: str, suites: Collection[int | None]
) -> list[Check]:
    """Workflows that wait for an approval or could not start have no check to show."""
    path = f"/repos/{ref.full_name}/actions/runs?head_sha={sha}&per_page=100"
    try:
        runs = [run async for run in client.getiter(path, iterable_key="workflow_runs")]
    except Refusal:  # no Actions here, or not for the App
        return []
    return [
        Check(
            name=run.get("name") or "a workflow",
            suite=run.get("check_suite_id"),
            app=ACTIONS,
            completed=True,
            conclusion=run["conclusion"],
            url=run.get("html_url"),
        )
        for run in runs
        if run.get("conclusion") in _WITHOUT_JOBS and run.get("check_suite_id") not in suites
    ]


async def log(client: Client, ref: RepositoryRef, check: Check) -> str:
    """Read the log of a job of GitHub Actions, else what the check itself shows."""
    if check.app == ACTIONS and check.id is not None:
        path = f"/repos/{ref.full_name}/actions/jobs/{check.id}/logs"
        try:
            return await client.download(path, LOG_BYTES)
        except (Refusal, Unanswered):  # expired, not for the App, or too large to come in time
            return check.text
    return check.text


async def notes(client: Client, ref: RepositoryRef, check: Check) -> list[str]:
    """Read what a check says at lines, failures first: `src/a.py:7: words`."""
    if check.id is None or not check.notes:
        return []
    path = f"/repos/{ref.full_name}/check-runs/{check.id}/annotations?per_page=50"
    try:
        found = [note async for note in client.getiter(path)]
    except Refusal:
        return []
    found.sort(key=lambda note: note.get("annotation_level") != "failure")
    said = [
        f"{note.get('path')}:{note.get('start_line')}: {(note.get('message') or '').strip()}"
        for note in found
        if _EXIT not in (note.get("message") or "")
    ]
    return said[:MOST_NOTES]


def _run(run: Mapping[str, Any]) -> Check:
    output = run.get("output") or {}
    told = (output.get(key) for key in ("title", "summary", "text"))
    waits = run["status"] == "waiting"  # for somebody to approve what it would do
    return Check(
        name=run["name"],
        id=run["id"],
        suite=(run.get("check_suite") or {}).get("id"),
        app=(run.get("app") or {}).get("slug"),
        completed=waits or run["status"] == "completed",
        conclusion="action_required" if waits else run.get("conclusion"),
        notes=output.get("annotations_count") or 0,
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
