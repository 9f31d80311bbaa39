"""Check runs: only Apps write them, each its own."""

from bot.forge.answers import Answer, Refusal, created, forbidden, invalid, not_found, ok
from bot.forge.checking import run_completed, run_event, suite_for
from bot.forge.git import branches, resolve
from bot.forge.house import House
from bot.forge.records import App, CheckRun, CheckSuite, Json, Role, User
from bot.forge.rest.call import Call, Routes
from bot.forge.shapes import checks

routes = Routes()
READ, WRITE = "checks:read", "checks:write"


@routes.repository("POST /check-runs", needs=WRITE)
async def create_run(call: Call) -> Answer:
    app = call.app
    if app is None or call.actor.installation is None:
        raise Refusal(403, "You must authenticate via a GitHub App.")
    suite = await _suite(call, app, str(call.body["head_sha"]))
    run = CheckRun(
        id=call.state.new_id(),
        suite=suite,
        name=str(call.body["name"]),
        external_id=str(call.body.get("external_id") or ""),
        details_url=call.body.get("details_url"),
        status="queued",
        conclusion=None,
        started_at=call.state.now(),
        completed_at=None,
    )
    _write(call, run)
    suite.runs.append(run)
    run_event(call.forge, "created", run, call.user)
    if run.status == "completed":
        await run_completed(call.forge, run, call.user)
    return created(checks.run(call.state, run))


async def _suite(call: Call, app: App, sha: str) -> CheckSuite:
    """The suite of a pushed commit is there already; else the commit must be."""
    for suite in call.repository.suites.values():
        if suite.app is app and suite.head_sha == sha:
            return suite
    if await resolve(call.repository.path, sha) != sha:
        raise Refusal(422, f"No commit found for SHA: {sha}")
    branch = await _branch(call, sha)
    return suite_for(call.forge, call.repository, app, sha, branch=branch)


async def _branch(call: Call, sha: str) -> str | None:
    """The branch whose head this commit is; null for a fork's commit."""
    heads = await branches(call.repository.path)
    return next((name for name, head in heads.items() if head == sha), None)


def _write(call: Call, run: CheckRun) -> None:
    """Take over what was sent; `conclusion` and `completed` go together."""
    body = call.body
    status, conclusion = body.get("status", run.status), body.get("conclusion")
    if conclusion == "stale":
        raise invalid("CheckRun", "invalid", "conclusion", "stale is only set by GitHub")
    if conclusion:
        status = "completed"
    if status == "completed" and not (conclusion or run.conclusion):
        message = "conclusion is required when status is completed"
        raise invalid("CheckRun", "missing_field", "conclusion", message)
    run.status = status
    run.conclusion = (conclusion or run.conclusion) if status == "completed" else None
    run.started_at = body.get("started_at") or run.started_at
    if status == "completed":
        run.completed_at = body.get("completed_at") or run.completed_at or call.state.now()
    else:
        run.completed_at = None
    for name in ("name", "external_id", "details_url"):
        if body.get(name) is not None:
            setattr(run, name, body[name])
    _write_output(run, body)
    run.suite.updated_at = call.state.now()


def _write_output(run: CheckRun, body: Json) -> None:
    """Annotations are added to those there are; everything else is replaced."""
    output = body.get("output")
    if output:
        run.output = {key: output.get(key) for key in ("title", "summary", "text")}
        run.annotations.extend(output.get("annotations", []))
    if "actions" in body:
        run.actions = list(body["actions"])


def press(forge: House, run: CheckRun, identifier: str, sender: User) -> None:
    """Press a button of a check run, which people with write access can on GitHub's pages."""
    if not forge.state.role(run.suite.repository, sender).at_least(Role.WRITE):
        raise Refusal(403, "Must have push access to repository.")
    if identifier not in {action["identifier"] for action in run.actions}:
        raise not_found()
    requested = {"identifier": identifier}
    run_event(forge, "requested_action", run, sender, requested_action=requested)


@routes.repository("GET /check-runs/{check_run_id}", needs=READ)
async def get_run(call: Call) -> Answer:
    return ok(checks.run(call.state, find(call)))


@routes.repository("PATCH /check-runs/{check_run_id}", needs=WRITE)
async def update_run(call: Call) -> Answer:
    run = find(call)
    if call.app is not run.suite.app:
        raise forbidden()
    before = run.status
    _write(call, run)
    if before != run.status and run.status == "completed":
        await run_completed(call.forge, run, call.user)
    return ok(checks.run(call.state, run))


@routes.repository("GET /check-runs/{check_run_id}/annotations", needs=READ)
async def list_annotations(call: Call) -> Answer:
    run = find(call)
    return call.page(run.annotations, lambda note: checks.annotation(call.state, run, note))


@routes.repository("POST /check-runs/{check_run_id}/rerequest", needs=WRITE, role=Role.WRITE)
async def rerequest_run(call: Call) -> Answer:
    run = find(call)
    if run.status != "completed":
        raise Refusal(422, "This check run is not rerequestable")
    run_event(call.forge, "rerequested", run, call.user)
    return Answer(status=201, body={})


@routes.repository("GET /commits/{ref}/check-runs", needs=READ)
async def list_runs_of_ref(call: Call) -> Answer:
    sha = await resolve(call.repository.path, call.params["ref"])
    if sha is None:
        raise Refusal(422, f"No commit found for SHA: {call.params['ref']}")
    return list_runs(call, [run for run in call.repository.check_runs if run.head_sha == sha])


def list_runs(call: Call, found: list[CheckRun]) -> Answer:
    query = call.query
    wanted = [
        run
        for run in sorted(found, key=lambda run: -run.id)
        if query.get("check_name") in (None, run.name)
        and query.get("status") in (None, run.status)
        and query.get("app_id") in (None, str(run.suite.app.id))
    ]
    if query.get("filter", "latest") == "latest":
        newest: dict[tuple[int, str], CheckRun] = {}
        for run in wanted:
            newest.setdefault((run.suite.id, run.name), run)
        wanted = list(newest.values())
    return call.page(wanted, lambda run: checks.run(call.state, run), wrap="check_runs")


def find(call: Call) -> CheckRun:
    wanted = call.number("check_run_id")
    for run in call.repository.check_runs:
        if run.id == wanted:
            return run
    raise not_found()
