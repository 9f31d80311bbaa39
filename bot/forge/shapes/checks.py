"""Check runs, check suites and commit statuses."""

from bot.forge.git import Commit
from bot.forge.records import CheckRun, CheckSuite, Json, PullRequest, Status
from bot.forge.shapes import people, pulls, repositories
from bot.forge.state import State, node_id

CONCLUSIONS = (
    "action_required",
    "startup_failure",
    "timed_out",
    "failure",
    "cancelled",
    "success",
    "neutral",
    "skipped",
)
"""Worst first: a suite concludes as its worst run does."""


def pull_requests(it: CheckSuite) -> list[PullRequest]:
    """Open pull requests of the commit; GitHub leaves those from forks out."""
    return [
        pull
        for pull in it.repository.pulls
        if pull.head_sha == it.head_sha and pull.issue.state == "open" and not pull.from_fork
    ]


def outcome(it: CheckSuite) -> tuple[str, str | None]:
    """Work out a suite's status and conclusion from its runs, the newest of each name."""
    runs = {run.name: run for run in it.runs}.values()
    if not runs:
        return "queued", None
    if any(run.status != "completed" for run in runs):
        started = any(run.status != "queued" for run in runs)
        return ("in_progress" if started else "queued"), None
    given = {run.conclusion for run in runs}
    return "completed", next((c for c in CONCLUSIONS if c in given), "neutral")


def run(state: State, it: CheckRun) -> Json:
    repository = it.suite.repository
    own = f"{repositories.url(state, repository)}/check-runs/{it.id}"
    html = f"{repositories.page(state, repository)}/runs/{it.id}"
    return {
        "id": it.id,
        "name": it.name,
        "node_id": node_id("CheckRun", it.id),
        "head_sha": it.head_sha,
        "external_id": it.external_id,
        "url": own,
        "html_url": html,
        "details_url": it.details_url or html,
        "status": it.status,
        "conclusion": it.conclusion,
        "started_at": it.started_at,
        "completed_at": it.completed_at,
        "output": {
            "title": it.output.get("title"),
            "summary": it.output.get("summary"),
            "text": it.output.get("text"),
            "annotations_count": len(it.annotations),
            "annotations_url": f"{own}/annotations",
        },
        "check_suite": {"id": it.suite.id},
        "app": people.app(state, it.suite.app),
        "pull_requests": [pulls.minimal(state, pull) for pull in pull_requests(it.suite)],
    }


def suite(state: State, it: CheckSuite) -> Json:
    """A suite without its repository and commit: the form inside a check run's event."""
    own = f"{repositories.url(state, it.repository)}/check-suites/{it.id}"
    status, conclusion = outcome(it)
    return {
        "id": it.id,
        "node_id": node_id("CheckSuite", it.id),
        "head_branch": it.head_branch,
        "head_sha": it.head_sha,
        "status": status,
        "conclusion": conclusion,
        "url": own,
        "before": it.before,
        "after": it.head_sha,
        "pull_requests": [pulls.minimal(state, pull) for pull in pull_requests(it)],
        "app": people.app(state, it.app),
        "created_at": it.created_at,
        "updated_at": it.updated_at,
    }


def full_suite(state: State, it: CheckSuite, commit: Commit) -> Json:
    """The form in events about the suite."""
    shape = suite(state, it)
    return {
        **shape,
        "rerequestable": it.rerequestable,
        "runs_rerequestable": it.rerequestable,
        "latest_check_runs_count": len({run.name for run in it.runs}),
        "check_runs_url": f"{shape['url']}/check-runs",
        "head_commit": simple_commit(commit),
    }


def rest_suite(state: State, it: CheckSuite, commit: Commit) -> Json:
    """The answer of the REST API."""
    shape = full_suite(state, it, commit)
    return {**shape, "repository": repositories.repository(state, it.repository)}


def simple_commit(commit: Commit) -> Json:
    return {
        "id": commit.sha,
        "tree_id": commit.tree,
        "message": commit.message,
        "timestamp": commit.committer.date,
        "author": {"name": commit.author.name, "email": commit.author.email},
        "committer": {"name": commit.committer.name, "email": commit.committer.email},
    }


def run_event(state: State, it: CheckRun) -> Json:
    """A check run as its events carry it, with the whole suite."""
    return {**run(state, it), "check_suite": suite(state, it.suite)}


def annotation(state: State, it: CheckRun, note: Json) -> Json:
    blob = f"{repositories.page(state, it.suite.repository)}/blob/{it.head_sha}/{note['path']}"
    keys = ("start_column", "end_column", "title", "raw_details")
    return {
        "path": note["path"],
        "blob_href": blob,
        "start_line": note["start_line"],
        "end_line": note["end_line"],
        "annotation_level": note["annotation_level"],
        "message": note["message"],
        **{key: note.get(key) for key in keys},
    }


def status(state: State, repository_url: str, it: Status) -> Json:
    return {
        "url": f"{repository_url}/statuses/{it.sha}",
        "avatar_url": people.user(state, it.creator)["avatar_url"],
        "id": it.id,
        "node_id": node_id("Status", it.id),
        "state": it.state,
        "description": it.description,
        "target_url": it.target_url,
        "context": it.context,
        "created_at": it.created_at,
        "updated_at": it.created_at,
    }
