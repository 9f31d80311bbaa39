"""Workflow runs of GitHub Actions: read them and their logs, run them again."""

from bot.forge.answers import Answer, Refusal, created, not_found, ok
from bot.forge.ci import actions as play
from bot.forge.ci.links import SECONDS, link
from bot.forge.git import read_commit
from bot.forge.records import Job, Role, WorkflowRun
from bot.forge.rest.call import Call, Routes
from bot.forge.shapes import actions

routes = Routes()
READ, WRITE = "actions:read", "actions:write"
RUN = "/actions/runs/{run_id}"
ATTEMPT = f"{RUN}/attempts/{{attempt_number}}"
JOB = "/actions/jobs/{job_id}"


@routes.repository("GET /actions/runs", needs=READ)
async def list_runs(call: Call) -> Answer:
    query = call.query
    found = [
        run
        for run in reversed(call.repository.workflow_runs.values())
        if query.get("head_sha") in (None, run.head_sha)
        and query.get("branch") in (None, run.suite.head_branch)
        and query.get("event") in (None, run.event)
        and query.get("status") in (None, run.status, run.conclusion)
        and query.get("check_suite_id") in (None, str(run.suite.id))
    ]
    commits = {sha: await read_commit(call.repository.path, sha) for sha in _heads(found)}
    return call.page(
        found,
        lambda run: actions.run(call.state, run, commits[run.head_sha]),
        wrap="workflow_runs",
    )


def _heads(runs: list[WorkflowRun]) -> set[str]:
    return {run.head_sha for run in runs}


@routes.repository(f"GET {RUN}", needs=READ)
async def get_run(call: Call) -> Answer:
    return await _shown(call, find(call))


@routes.repository(f"GET {ATTEMPT}", needs=READ)
async def get_attempt(call: Call) -> Answer:
    """Of an attempt that is over only its number differs here."""
    run, number = find(call), call.number("attempt_number")
    _check_attempt(run, number)
    answer = await _shown(call, run)
    answer.body["run_attempt"] = number
    return answer


async def _shown(call: Call, run: WorkflowRun) -> Answer:
    commit = await read_commit(call.repository.path, run.head_sha)
    return ok(actions.run(call.state, run, commit))


def _check_attempt(run: WorkflowRun, number: int) -> None:
    if not 1 <= number <= run.attempt:
        raise not_found()


@routes.repository(f"GET {RUN}/jobs", needs=READ)
async def list_jobs(call: Call) -> Answer:
    """Those that count now, unless `filter=all` asks for those of all attempts."""
    run = find(call)
    return _listed(call, run.jobs if call.query.get("filter") == "all" else run.latest())


@routes.repository(f"GET {ATTEMPT}/jobs", needs=READ)
async def list_jobs_of_attempt(call: Call) -> Answer:
    run, number = find(call), call.number("attempt_number")
    _check_attempt(run, number)
    return _listed(call, run.latest(number))


def _listed(call: Call, jobs: list[Job]) -> Answer:
    return call.page(jobs, lambda job: actions.job(call.state, job), wrap="jobs")


@routes.repository(f"GET {JOB}", needs=READ)
async def get_job(call: Call) -> Answer:
    return ok(actions.job(call.state, find_job(call)))


@routes.repository(f"GET {JOB}/logs", needs=READ)
async def get_logs(call: Call) -> Answer:
    """302 to plain text, whose address is good for a minute and needs no token."""
    job = find_job(call)
    if not job.log:
        raise not_found()
    return Answer(status=302, headers={"Location": link(call.state, job.log, seconds=SECONDS)})


@routes.repository(f"POST {JOB}/rerun", needs=WRITE, role=Role.WRITE)
async def rerun_job(call: Call) -> Answer:
    job = find_job(call)
    return await _again(call, job.run, [job])


@routes.repository(f"POST {RUN}/rerun", needs=WRITE, role=Role.WRITE)
async def rerun(call: Call) -> Answer:
    run = find(call)
    return await _again(call, run, run.latest())


@routes.repository(f"POST {RUN}/rerun-failed-jobs", needs=WRITE, role=Role.WRITE)
async def rerun_failed(call: Call) -> Answer:
    run = find(call)
    failed = [
        job for job in run.latest() if job.check.conclusion not in ("success", "skipped", "neutral")
    ]
    return await _again(call, run, failed)


async def _again(call: Call, run: WorkflowRun, jobs: list[Job]) -> Answer:
    if run.status != "completed":
        raise Refusal(403, "This workflow is already running")
    if not jobs:
        raise Refusal(403, "This workflow run has no failed jobs")
    names = [job.check.name for job in jobs]
    await play.again(call.forge, run, call.user, names)
    return created({})


def find(call: Call) -> WorkflowRun:
    found = call.repository.workflow_runs.get(call.number("run_id"))
    if found is None:
        raise not_found()
    return found


def find_job(call: Call) -> Job:
    wanted = call.number("job_id")
    for run in call.repository.workflow_runs.values():
        for job in run.jobs:
            if job.id == wanted:
                return job
    raise not_found()
