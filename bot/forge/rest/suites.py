"""Check suites: GitHub makes one for each App and pushed commit."""

from bot.forge.answers import Answer, Refusal, created, not_found, ok
from bot.forge.checking import suite_event, suite_for
from bot.forge.ci import actions
from bot.forge.git import read_commit, read_commits, resolve
from bot.forge.records import CheckSuite, Role
from bot.forge.rest.call import Call, Routes
from bot.forge.rest.checks import list_runs
from bot.forge.shapes import checks

routes = Routes()
READ, WRITE = "checks:read", "checks:write"


@routes.repository("POST /check-suites", needs=WRITE)
async def create_suite(call: Call) -> Answer:
    if call.app is None:
        raise Refusal(403, "You must authenticate via a GitHub App.")
    sha = str(call.body["head_sha"])
    if await resolve(call.repository.path, sha) != sha:
        raise Refusal(422, f"No commit found for SHA: {sha}")
    existing = {suite.id for suite in call.repository.suites.values()}
    suite = suite_for(call.forge, call.repository, call.app, sha)
    shape = checks.rest_suite(call.state, suite, await read_commit(call.repository.path, sha))
    return ok(shape) if suite.id in existing else created(shape)


@routes.repository("GET /check-suites/{check_suite_id}", needs=READ)
async def get_suite(call: Call) -> Answer:
    suite = find(call)
    commit = await read_commit(call.repository.path, suite.head_sha)
    return ok(checks.rest_suite(call.state, suite, commit))


@routes.repository("GET /check-suites/{check_suite_id}/check-runs", needs=READ)
async def list_runs_of_suite(call: Call) -> Answer:
    return list_runs(call, find(call).runs)


@routes.repository("POST /check-suites/{check_suite_id}/rerequest", needs=WRITE, role=Role.WRITE)
async def rerequest_suite(call: Call) -> Answer:
    """Its App hears of it; Actions runs all jobs of the suite again."""
    suite = find(call)
    await suite_event(call.forge, "rerequested", suite, call.user)
    for run in call.repository.workflow_runs.values():
        if run.suite is suite and run.status == "completed":
            names = [job.check.name for job in run.latest()]
            await actions.again(call.forge, run, call.user, names)
    return Answer(status=201, body={})


@routes.repository("GET /commits/{ref}/check-suites", needs=READ)
async def list_suites(call: Call) -> Answer:
    sha = await resolve(call.repository.path, call.params["ref"])
    if sha is None:
        raise Refusal(422, f"No commit found for SHA: {call.params['ref']}")
    app_id = call.query.get("app_id")
    found = [
        suite
        for suite in call.repository.suites.values()
        if suite.head_sha == sha and app_id in (None, str(suite.app.id))
    ]
    commit = (await read_commits(call.repository.path, [sha]))[0]
    return call.page(
        found, lambda suite: checks.rest_suite(call.state, suite, commit), wrap="check_suites"
    )


def find(call: Call) -> CheckSuite:
    suite = call.repository.suites.get(call.number("check_suite_id"))
    if suite is None:
        raise not_found()
    return suite
