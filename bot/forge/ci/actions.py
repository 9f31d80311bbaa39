"""GitHub Actions as a play: workflow runs, jobs and logs, told of as GitHub tells of them."""

import asyncio
from collections.abc import Iterable
from datetime import UTC, datetime

from bot.forge.checking import new_suite, run_completed, run_event
from bot.forge.git import read_commit
from bot.forge.house import House
from bot.forge.records import (
    App,
    CheckRun,
    Job,
    JobScript,
    PullRequest,
    Repository,
    User,
    Workflow,
    WorkflowRun,
)
from bot.forge.shapes import actions, checks
from bot.forge.state import State

FAILING = ("failure", "timed_out")


def actions_app(state: State) -> App:
    """GitHub's own App, made when the first workflow runs."""
    if state.actions_app is None:
        owner = state.add_user("github", type="Organization", name="GitHub")
        state.actions_app = App(
            id=state.new_id(),
            slug="github-actions",
            name="GitHub Actions",
            owner=owner,
            bot=state.add_user("github-actions[bot]", type="Bot"),
            permissions={"checks": "write", "metadata": "read"},
            events=[],
            private_key="",
            public_key=None,
            created_at=state.now(),
        )
    return state.actions_app


def workflow_of(state: State, repository: Repository, name: str) -> Workflow:
    if name not in repository.workflows:
        path = f".github/workflows/{name.lower().replace(' ', '-')}.yml"
        repository.workflows[name] = Workflow(
            id=state.new_id(), name=name, path=path, created_at=state.now()
        )
    return repository.workflows[name]


async def start(
    house: House,
    repository: Repository,
    sha: str,
    name: str,
    pull: PullRequest | None,
    branch: str | None,
) -> WorkflowRun:
    """Make a workflow run of a commit; `requested` is told, nothing runs yet."""
    state, workflow = house.state, workflow_of(house.state, repository, name)
    commit = await read_commit(repository.path, sha)
    now = state.now()
    workflow.runs += 1
    run = WorkflowRun(
        id=state.new_id(),
        repository=repository,
        workflow=workflow,
        suite=new_suite(house, repository, actions_app(state), sha, branch=branch),
        number=workflow.runs,
        event="pull_request" if pull else "push",
        actor=(pull and pull.issue.user) or repository.owner,
        title=pull.issue.title if pull else commit.title,
        created_at=now,
        updated_at=now,
        started_at=now,
    )
    repository.workflow_runs[run.id] = run
    await tell(house, "requested", run)
    return run


async def play(house: House, run: WorkflowRun, scripts: Iterable[JobScript]) -> None:
    """Carry out jobs of the present attempt, all at once; the run ends with its last job."""
    chosen = list(scripts)
    jobs = [_queue(house, run, script) for script in chosen]
    run.status, run.conclusion = "in_progress", None
    await tell(house, "in_progress", run)
    async with asyncio.TaskGroup() as group:
        for job, script in zip(jobs, chosen, strict=True):
            group.create_task(_work(house, job, script))
    await _end(house, run)


async def finish(house: House, run: WorkflowRun, scripts: Iterable[JobScript]) -> None:
    """End jobs that hang."""
    hanging = {job.check.name: job for job in run.latest() if job.check.status != "completed"}
    for script in scripts:
        job = hanging.get(script.name)
        if job:
            await _work(house, job, script)
    await _end(house, run)


def _queue(house: House, run: WorkflowRun, script: JobScript) -> Job:
    state = house.state
    check = CheckRun(
        id=state.new_id(),
        suite=run.suite,
        name=script.name,
        external_id=str(run.id),
        details_url=None,
        status="queued",
        conclusion=None,
        started_at=state.now(),
        completed_at=None,
    )
    job = Job(run=run, check=check, attempt=run.attempt)
    check.details_url = actions.job_page(state, job)
    run.suite.runs.append(check)
    run.jobs.append(job)
    run.scripts[script.name] = script
    run_event(house, "created", check, run.actor)
    return job


async def _work(house: House, job: Job, script: JobScript) -> None:
    """Let a job take its time and end, unless it hangs."""
    check, state = job.check, house.state
    check.status, check.started_at = "in_progress", state.now()
    if script.seconds:
        await asyncio.sleep(script.seconds)
    conclusion = script.conclusion(job.attempt)
    if conclusion is None:
        return
    check.status, check.conclusion, check.completed_at = "completed", conclusion, state.now()
    job.log = _log(state, script, job.attempt, failing=conclusion in FAILING)
    if conclusion in FAILING:
        check.annotations = [*script.annotations, EXIT]
    await run_completed(house, check, job.run.actor)


EXIT = {
    "path": ".github",
    "start_line": 1,
    "end_line": 1,
    "annotation_level": "failure",
    "title": "",
    "message": "Process completed with exit code 1.",
}
"""What GitHub adds to every job that fails."""


def _log(state: State, script: JobScript, attempt: int, *, failing: bool) -> str:
    """The log as GitHub serves it: a byte order mark, and the time before each line."""
    lines = [f"##[group]Run {script.name}", "##[endgroup]", *script.log(attempt).splitlines()]
    if failing:
        lines.append("##[error]Process completed with exit code 1.")
    moment = datetime.fromtimestamp(state.clock(), UTC).strftime("%Y-%m-%dT%H:%M:%S.%f0Z")
    return "\ufeff" + "".join(f"{moment} {line}\n" for line in lines)


async def _end(house: House, run: WorkflowRun) -> None:
    jobs = run.latest()
    if any(job.check.status != "completed" for job in jobs):
        return
    given = {job.check.conclusion for job in jobs}
    run.status, run.updated_at = "completed", house.state.now()
    run.conclusion = next((c for c in checks.CONCLUSIONS if c in given), "success")
    await tell(house, "completed", run)


async def again(house: House, run: WorkflowRun, sender: User, names: Iterable[str]) -> None:
    """Begin a new attempt with some of the jobs."""
    run.attempt += 1
    run.status, run.conclusion = "queued", None
    run.started_at = run.updated_at = house.state.now()
    run.actor = sender
    await tell(house, "requested", run)
    house.background.start(play(house, run, [run.scripts[name] for name in names]))


async def tell(house: House, action: str, run: WorkflowRun) -> None:
    commit = await read_commit(run.repository.path, run.head_sha)
    body = {
        "workflow_run": actions.run(house.state, run, commit),
        "workflow": actions.workflow(house.state, run.repository, run.workflow),
    }
    house.events.emit(f"workflow_run.{action}", run.repository, run.actor, body)
