"""The page of a check run, with the buttons that its App gave it."""

from aiohttp import web

from bot.forge.pages.site import Route, Visit, back
from bot.forge.records import CheckRun
from bot.forge.rest.checks import press


async def page(visit: Visit) -> web.StreamResponse:
    run = _find(visit)
    pulls = [p for p in run.suite.repository.pulls if p.head_sha == run.head_sha]
    return visit.render(
        "check.html", repository=run.suite.repository, run=run, pulls=pulls, path=_path(run)
    )


async def action(visit: Visit) -> web.StreamResponse:
    """Press one of the buttons; its App hears `requested_action`."""
    run = _find(visit)
    if visit.viewer is None:
        raise web.HTTPForbidden(text="Nobody is signed in.")
    press(visit.forge, run, await visit.form("identifier"), visit.viewer)
    return back(_path(run))


async def rerequest(visit: Visit) -> web.StreamResponse:
    run = _find(visit)
    own = f"/repos/{run.suite.repository.full_name}/check-runs/{run.id}/rerequest"
    await visit.call("POST", own)
    return back(_path(run))


def _find(visit: Visit) -> CheckRun:
    wanted = visit.number()
    for run in visit.repository().check_runs:
        if run.id == wanted:
            return run
    raise web.HTTPNotFound(text="There is no such check run.")


def _path(run: CheckRun) -> str:
    return f"/{run.suite.repository.full_name}/runs/{run.id}"


ONE = r"/{owner}/{name}/runs/{number:\d{1,18}}"
ROUTES: tuple[Route, ...] = (
    ("GET", ONE, page),
    ("POST", f"{ONE}/actions", action),
    ("POST", f"{ONE}/rerequest", rerequest),
)
