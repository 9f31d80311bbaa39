"""Commit statuses, the older kind of check."""

from bot.forge.answers import Answer, Refusal, created, ok
from bot.forge.ci import statuses
from bot.forge.git import resolve
from bot.forge.records import Json, Role, Status
from bot.forge.rest.call import Call, Routes
from bot.forge.shapes import checks, people, repositories

routes = Routes()


@routes.repository("POST /statuses/{sha}", needs="statuses:write", role=Role.WRITE)
async def create_status(call: Call) -> Answer:
    sha = call.params["sha"]
    if await resolve(call.repository.path, sha) != sha:
        raise Refusal(422, f"No commit found for SHA: {sha}")
    status = Status(
        id=call.state.new_id(),
        sha=sha,
        state=str(call.body["state"]),
        context=str(call.body.get("context") or "default"),
        description=call.body.get("description"),
        target_url=call.body.get("target_url"),
        creator=call.user,
        created_at=call.state.now(),
    )
    await statuses.write(call.forge, call.repository, status)
    creator = people.user(call.state, status.creator)
    return created({**_shape(call, status), "creator": creator})


def _shape(call: Call, status: Status) -> Json:
    url = repositories.url(call.state, call.repository)
    return checks.status(call.state, url, status)


@routes.repository("GET /commits/{ref}/statuses", needs="statuses:read")
async def list_statuses(call: Call) -> Answer:
    found = await _of_ref(call)
    return call.page(
        found,
        lambda one: {**_shape(call, one), "creator": people.user(call.state, one.creator)},
    )


@routes.repository("GET /commits/{ref}/status", needs="statuses:read")
async def combined_status(call: Call) -> Answer:
    """The newest of each context; the worst of them is the state."""
    newest: dict[str, Status] = {}
    for status in await _of_ref(call):
        newest.setdefault(status.context, status)
    given = {status.state for status in newest.values()}
    state = "pending" if not given or "pending" in given else "success"
    if given & {"failure", "error"}:
        state = "failure"
    url = repositories.url(call.state, call.repository)
    sha = await resolve(call.repository.path, call.params["ref"])
    return ok(
        {
            "state": state,
            "statuses": [_shape(call, status) for status in newest.values()],
            "sha": sha,
            "total_count": len(newest),
            "repository": repositories.repository(call.state, call.repository),
            "commit_url": f"{url}/commits/{sha}",
            "url": f"{url}/commits/{sha}/status",
        }
    )


async def _of_ref(call: Call) -> list[Status]:
    sha = await resolve(call.repository.path, call.params["ref"])
    if sha is None:
        raise Refusal(404, "Not Found")
    return [status for status in reversed(call.repository.statuses) if status.sha == sha]
