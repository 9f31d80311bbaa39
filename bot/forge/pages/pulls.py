"""Pages of pull requests: conversation, checks, commits and diff on one page."""

from typing import Any

from aiohttp import web

from bot.forge import tell
from bot.forge.actors import Actor
from bot.forge.git import Comparison, ObjectMissing, compare, diff_text
from bot.forge.pages import threads
from bot.forge.pages.diff import show
from bot.forge.pages.issues import conversation, find, path_of
from bot.forge.pages.site import HEADERS, Route, Visit, back
from bot.forge.records import CheckRun, Json, PullRequest, Role


async def page(visit: Visit) -> web.StreamResponse:
    repository = visit.repository()
    issue = find(repository, visit.number())
    if issue.pull is None:
        return back(path_of(issue))
    difference = await _difference(issue.pull)
    return visit.render(
        "pull.html",
        repository=repository,
        issue=issue,
        pull=issue.pull,
        difference=difference,
        files=[show(change) for change in difference.files] if difference else [],
        runs=latest_runs(issue.pull),
        statuses=[s for s in repository.statuses if s.sha == issue.pull.head_sha],
        notes=annotations(issue.pull),
        **with_reviews(issue.pull),
    )


def with_reviews(pull: PullRequest) -> dict[str, Any]:
    """The conversation with its reviews where they were submitted."""
    found = conversation(pull.issue)
    found["timeline"] += [("review", r) for r in pull.reviews if threads.worth_showing(r)]
    found["timeline"].sort(key=lambda item: (_moment(item[1]), item[1].id))
    return {**found, "begun_by": threads.begun_by}


def _moment(item: Any) -> str:
    return str(getattr(item, "submitted_at", None) or item.created_at)


def annotations(pull: PullRequest) -> dict[tuple[str, int], list[tuple[CheckRun, Json]]]:
    """What check runs say of lines of the head, by path and last line."""
    found: dict[tuple[str, int], list[tuple[CheckRun, Json]]] = {}
    for run in latest_runs(pull):
        for note in run.annotations:
            found.setdefault((note["path"], note["end_line"]), []).append((run, note))
    return found


async def _difference(pull: PullRequest) -> Comparison | None:
    try:
        return await compare(pull.issue.repository.path, pull.base_sha, pull.head_sha)
    except ObjectMissing:
        return None  # a fork that is gone, or histories without a common commit


def latest_runs(pull: PullRequest) -> list[CheckRun]:
    """The newest check run of each name on the head, by name."""
    newest: dict[tuple[int, str], CheckRun] = {}
    for run in pull.issue.repository.check_runs:
        if run.head_sha == pull.head_sha:
            newest[run.suite.app.id, run.name] = run
    return sorted(newest.values(), key=lambda run: run.name)


async def text(visit: Visit) -> web.StreamResponse:
    """The diff as git prints it."""
    issue = find(visit.repository(), visit.number())
    difference = await _difference(issue.pull) if issue.pull else None
    if issue.pull is None or difference is None:
        raise web.HTTPNotFound(text="There is no diff.")
    start = difference.merge_base.sha
    body = await diff_text(issue.repository.path, start, issue.pull.head_sha)
    return web.Response(text=body, content_type="text/plain", headers=HEADERS)


async def ready(visit: Visit) -> web.StreamResponse:
    """Take a draft out of draft; GitHub offers it on its pages and by GraphQL only."""
    repository = visit.repository()
    issue = find(repository, visit.number())
    if issue.pull is None or visit.viewer is None:
        raise web.HTTPNotFound(text="There is no such pull request.")
    if not visit.role(repository).at_least(Role.WRITE) and issue.user is not visit.viewer:
        raise web.HTTPForbidden(text="Only its author and people with write access can do that.")
    await tell.set_draft(visit.forge, Actor(user=visit.viewer), issue.pull, draft=False)
    return back(path_of(issue))


async def merge(visit: Visit) -> web.StreamResponse:
    issue = find(visit.repository(), visit.number())
    head = await visit.form("sha")
    own = f"/repos/{issue.repository.full_name}/pulls/{issue.number}/merge"
    await visit.call("PUT", own, {"sha": head})
    return back(path_of(issue))


ONE = r"/{owner}/{name}/pull/{number:\d{1,9}}"
ROUTES: tuple[Route, ...] = (
    ("GET", ONE, page),
    ("GET", ONE + r"/{tab:files|commits|checks}", page),
    ("GET", f"{ONE}.diff", text),
    ("POST", f"{ONE}/ready", ready),
    ("POST", f"{ONE}/merge", merge),
)
