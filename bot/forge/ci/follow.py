"""When a CI plays: asked for by the control, or by itself at each commit of a pull request."""

import re

from bot.forge.ci import actions, statuses
from bot.forge.ci.script import BadScript, jobs_of, kind_of
from bot.forge.git import GitFailed, ObjectMissing, branches, read_commit, resolve
from bot.forge.house import House
from bot.forge.records import JobScript, Json, PullRequest, Repository, WorkflowRun

SKIP = re.compile(
    r"\[(?:skip ci|ci skip|no ci|skip actions|actions skip)\]|^skip-checks: ?true$",
    re.IGNORECASE | re.MULTILINE,
)


async def skips(repository: Repository, sha: str) -> bool:
    """Whether a commit asks for no CI, in GitHub's words for it."""
    return SKIP.search((await read_commit(repository.path, sha)).message) is not None


async def play(house: House, repository: Repository, given: Json) -> Json:
    """Carry out `POST /_forge/ci` to its end; raises BadScript."""
    jobs = jobs_of(given.get("runs"))
    if given.get("workflow_run") is not None:
        run = repository.workflow_runs.get(int(given["workflow_run"]))
        if run is None:
            raise BadScript("there is no such workflow run")
        await actions.finish(house, run, jobs)
        return _answer(run)
    sha = await _commit(repository, given)
    if await skips(repository, sha):
        return {"skipped": True, "sha": sha}
    if kind_of(given) == "status":
        made = await statuses.play(house, repository, sha, jobs)
        shapes = [{"id": s.id, "context": s.context, "state": s.state} for s in made]
        return {"skipped": False, "sha": sha, "statuses": shapes}
    pull = _pull_of(repository, sha)
    name = str(given.get("workflow") or "CI")
    return await _run(house, repository, sha, name, pull, jobs)


async def _commit(repository: Repository, given: Json) -> str:
    """`sha`, `ref`, or the head of `pull_request`."""
    number = given.get("pull_request")
    issue = repository.issues.get(int(number)) if number is not None else None
    wanted = issue.pull.head_sha if issue and issue.pull else given.get("sha") or given.get("ref")
    sha = await resolve(repository.path, str(wanted)) if wanted else None
    if sha is None:
        raise BadScript("sha, ref or pull_request names no commit")
    return sha


def _pull_of(repository: Repository, sha: str) -> PullRequest | None:
    opened = (p for p in repository.pulls if p.head_sha == sha and p.issue.state == "open")
    return next(opened, None)


async def _run(
    house: House,
    repository: Repository,
    sha: str,
    name: str,
    pull: PullRequest | None,
    jobs: tuple[JobScript, ...],
) -> Json:
    heads = await branches(repository.path)
    named = next((branch for branch, head in heads.items() if head == sha), None)
    branch = pull.head_ref if pull else named
    run = await actions.start(house, repository, sha, name, pull, branch)
    await actions.play(house, run, jobs)
    return _answer(run)


def _answer(run: WorkflowRun) -> Json:
    return {
        "skipped": False,
        "sha": run.head_sha,
        "workflow_run": run.id,
        "check_suite": run.suite.id,
        "status": run.status,
        "conclusion": run.conclusion,
        "jobs": [
            {"id": job.id, "name": job.check.name, "conclusion": job.check.conclusion}
            for job in run.latest()
        ],
    }


def pull_moved(house: House, pull: PullRequest) -> None:
    """Let the automatic CI run for the head of a pull request, in the background."""
    repository = pull.issue.repository
    if repository.ci is not None and pull.issue.state == "open":
        house.background.start(_undisturbed(house, pull, pull.head_sha))


async def _undisturbed(house: House, pull: PullRequest, sha: str) -> None:
    """A repository that is deleted takes its CI along."""
    try:
        await _automatic(house, pull, sha)
    except* (GitFailed, ObjectMissing):
        if pull.issue.repository.id in house.state.repositories:
            raise


async def _automatic(house: House, pull: PullRequest, sha: str) -> None:
    repository = pull.issue.repository
    script = repository.ci
    if script is None or await skips(repository, sha):
        return
    jobs = script.next(pull.id)
    if script.kind == "status":
        await statuses.play(house, repository, sha, jobs)
    else:
        await _run(house, repository, sha, script.workflow, pull, jobs)
