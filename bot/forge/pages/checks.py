"""The page of a check run, with the buttons that its App gave it."""

from aiohttp import web

from bot.forge.pages.site import Route, Visit, back
from bot.forge.records import CheckRun, Job
from bot.forge.rest.checks import press


async def page(visit: Visit) -> web.StreamResponse:
    run = _find(visit)
    pulls = [p for p in run.suite.repository.pulls if p.head_sha == run.head_sha]
    return visit.render(
        "check.html",
        repository=run.suite.repository,
        run=run,
        pulls=pulls,
        path=_path(run),
        job=_job(run),
    )


def _job(run: CheckRun) -> Job | None:
    """The job of GitHub Actions that a check run stands for."""
    jobs = (job for it in run.suite.repository.workflow_runs.values() for job in it.jobs)
    return next((job for job in jobs if job.check is run), None)


async def of_job(visit: Visit) -> web.StreamResponse:
    """The address that GitHub gives a job is its check run's page here."""
    run = _find(visit)
    return back(_path(run))


async def action(visit: Visit) -> web.StreamResponse:
    """Press one of the buttons; its App hears `requested_action`."""
    run = _find(visit)
    if visit.viewer is None:
        raise web.HTTPForbidden(text="Nobody is signed in.")
    press(visit.forge, run, await visit.form("identifier"), visit.viewer)
    return back(_path(run))


async def rerequest(visit: Visit) -> web.StreamResponse:
    run = _find(visit)
    own = f"/repos/{run.suite.repository.full_name}"
    again = f"actions/jobs/{run.id}/rerun" if _job(run) else f"check-runs/{run.id}/rerequest"
    await visit.call("POST", f"{own}/{again}")
    return back(_path(run))


async def of_workflow(visit: Visit) -> web.StreamResponse:
    """A workflow run has no page of its own here: its first job's is shown."""
    run = visit.repository().workflow_runs.get(visit.number())
    jobs = run.latest() if run else []
    if not jobs:
        raise web.HTTPNotFound(text="There is no such workflow run, or it has no jobs yet.")
    return back(_path(jobs[0].check))


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
    ("GET", r"/{owner}/{name}/actions/runs/{number:\d{1,18}}", of_workflow),
    ("GET", r"/{owner}/{name}/actions/runs/{run:\d{1,18}}/job/{number:\d{1,18}}", of_job),
    ("POST", f"{ONE}/actions", action),
    ("POST", f"{ONE}/rerequest", rerequest),
)
