"""Commit statuses: made, told of; and a third party's CI that writes them."""

import asyncio
from collections.abc import Iterable

from bot.forge.ci.links import link
from bot.forge.git import branches, read_commit
from bot.forge.house import House
from bot.forge.records import JobScript, Repository, Status
from bot.forge.shapes import commits, people, repositories

LOGIN = "ci-server"
STATES = {
    "success": "success",
    "neutral": "success",
    "skipped": "success",
    "failure": "failure",
    "timed_out": "error",
    "cancelled": "error",
    "action_required": "error",
    None: "pending",
}


async def write(house: House, repository: Repository, status: Status) -> Status:
    """Put a status on a commit and tell of it."""
    repository.statuses.append(status)
    await _tell(house, repository, status)
    return status


async def _tell(house: House, repository: Repository, status: Status) -> None:
    commit = await read_commit(repository.path, status.sha)
    url = repositories.url(house.state, repository)
    heads = await branches(repository.path)
    body = {
        "id": status.id,
        "sha": status.sha,
        "name": repository.full_name,
        "avatar_url": people.user(house.state, status.creator)["avatar_url"],
        "target_url": status.target_url,
        "context": status.context,
        "description": status.description,
        "state": status.state,
        "commit": commits.commit(house.state, repository, commit),
        "branches": [
            {
                "name": name,
                "commit": {"sha": sha, "url": f"{url}/commits/{sha}"},
                "protected": name in repository.protections,
            }
            for name, sha in heads.items()
            if sha == status.sha
        ],
        "created_at": status.created_at,
        "updated_at": status.created_at,
    }
    house.events.emit("status", repository, status.creator, body)


async def play(
    house: House, repository: Repository, sha: str, scripts: Iterable[JobScript]
) -> list[Status]:
    """Write `pending` for each job and then its end; one that hangs stays pending."""
    chosen = list(scripts)
    made = [await write(house, repository, _status(house, sha, script, None)) for script in chosen]
    for n, script in enumerate(chosen):
        if script.seconds:
            await asyncio.sleep(script.seconds)
        conclusion = script.conclusion(1)
        if conclusion is not None:
            status = _status(house, sha, script, conclusion)
            made[n] = await write(house, repository, status)
    return made


def _status(house: House, sha: str, script: JobScript, conclusion: str | None) -> Status:
    state = house.state
    return Status(
        id=state.new_id(),
        sha=sha,
        state=STATES[conclusion],
        context=script.name,
        description=f"{script.name}: {(conclusion or 'pending').replace('_', ' ')}",
        target_url=link(state, script.log(1)) if conclusion else None,
        creator=state.user(LOGIN) or state.add_user(LOGIN),
        created_at=state.now(),
    )
