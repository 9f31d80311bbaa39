"""Check suites and runs as they come and end, and the events of it."""

from bot.forge.git import read_commit
from bot.forge.house import House
from bot.forge.records import App, CheckRun, CheckSuite, Json, Repository, User
from bot.forge.shapes import checks


def suite_for(
    house: House,
    repository: Repository,
    app: App,
    sha: str,
    *,
    branch: str | None = None,
    before: str | None = None,
) -> CheckSuite:
    """Find or make an App's check suite of a commit; there is one for each."""
    for suite in repository.suites.values():
        if suite.app is app and suite.head_sha == sha:
            suite.head_branch = suite.head_branch or branch
            return suite
    return new_suite(house, repository, app, sha, branch=branch, before=before)


def new_suite(
    house: House,
    repository: Repository,
    app: App,
    sha: str,
    *,
    branch: str | None = None,
    before: str | None = None,
) -> CheckSuite:
    now = house.state.now()
    suite = CheckSuite(
        id=house.state.new_id(),
        repository=repository,
        app=app,
        head_sha=sha,
        head_branch=branch,
        before=before,
        created_at=now,
        updated_at=now,
    )
    repository.suites[suite.id] = suite
    return suite


async def suite_event(house: House, action: str, suite: CheckSuite, sender: User | None) -> None:
    """`requested` and `rerequested` go to the suite's App alone."""
    commit = await read_commit(suite.repository.path, suite.head_sha)
    body = {"check_suite": checks.full_suite(house.state, suite, commit)}
    only = None if action == "completed" else suite.app
    house.events.emit(f"check_suite.{action}", suite.repository, sender, body, only=only)


def run_event(house: House, action: str, run: CheckRun, sender: User | None, **more: Json) -> None:
    """`rerequested` and `requested_action` go to the App that made the run, and to no other."""
    only = run.suite.app if action in ("rerequested", "requested_action") else None
    body = {"check_run": checks.run_event(house.state, run), **more}
    house.events.emit(f"check_run.{action}", run.suite.repository, sender, body, only=only)


async def run_completed(house: House, run: CheckRun, sender: User | None) -> None:
    """Tell of a run's end, and of its suite's where it was the last one."""
    run_event(house, "completed", run, sender)
    if checks.outcome(run.suite)[0] == "completed":
        await suite_event(house, "completed", run.suite, sender)
