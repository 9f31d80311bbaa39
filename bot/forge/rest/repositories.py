"""Repositories: read, rename, archive, transfer, fork, delete; who may what in them."""

from bot.forge.answers import Answer, Refusal, not_found, nothing, ok
from bot.forge.git import fork_repository, set_head
from bot.forge.records import Json, Repository, Role, User
from bot.forge.rest.call import Call, Routes
from bot.forge.shapes import people, repositories

routes = Routes()
ADMIN = "administration:write"


@routes.repository("GET ", needs="metadata:read")
async def get_repository(call: Call) -> Answer:
    return ok(repositories.full(call.state, call.repository, call.actor.user))


@routes.repository("PATCH ", needs=ADMIN, role=Role.ADMIN)
async def update_repository(call: Call) -> Answer:
    repository, body = call.repository, call.body
    if repository.archived and body.get("archived") is not False:
        raise Refusal(403, "Repository was archived so is read-only.")
    repository.updated_at = call.state.now()
    if body.get("default_branch") and body["default_branch"] != repository.default_branch:
        repository.default_branch = str(body["default_branch"])
        await set_head(repository.path, repository.default_branch)
    if "description" in body:
        repository.description = body["description"]
    archived = bool(body.get("archived", repository.archived))
    if archived != repository.archived:
        repository.archived = archived
        emit(call, "archived" if archived else "unarchived", repository)
    private = bool(body.get("private", repository.private))
    if private != repository.private:
        repository.private = private
        emit(call, "privatized" if private else "publicized", repository)
    if body.get("name") and body["name"] != repository.name:
        rename(call, str(body["name"]))
    return ok(repositories.full(call.state, repository, call.actor.user))


def emit(call: Call, action: str, repository: Repository, **more: Json) -> None:
    call.forge.events.emit(f"repository.{action}", repository, call.user, more)


def rename(call: Call, name: str) -> None:
    repository, before = call.repository, call.repository.name
    if call.state.repository(f"{repository.owner.login}/{name}"):
        raise Refusal(422, "Repository creation failed.", errors=[_taken()])
    call.state.rename_repository(repository, repository.owner, name)
    emit(call, "renamed", repository, changes={"repository": {"name": {"from": before}}})


def _taken() -> Json:
    message = "name already exists on this account"
    return {"resource": "Repository", "code": "custom", "field": "name", "message": message}


@routes.repository("DELETE ", needs=ADMIN, role=Role.ADMIN)
async def delete_repository(call: Call) -> Answer:
    emit(call, "deleted", call.repository)
    call.state.forget_repository(call.repository)
    return nothing()


@routes.repository("POST /transfer", needs=ADMIN, role=Role.ADMIN)
async def transfer_repository(call: Call) -> Answer:
    """The new owner has the repository at once; GitHub asks people first."""
    repository, before = call.repository, call.repository.owner
    owner = call.state.user(str(call.body["new_owner"]))
    if owner is None:
        raise not_found()
    call.state.rename_repository(repository, owner, repository.name)
    emit(call, "transferred", repository, changes={"owner": {"from": _from(call, before)}})
    return Answer(status=202, body=repositories.repository(call.state, repository))


def _from(call: Call, owner: User) -> Json:
    kind = "organization" if owner.type == "Organization" else "user"
    return {kind: people.user(call.state, owner)}


@routes.repository("POST /forks", needs="metadata:read")
async def fork(call: Call) -> Answer:
    source = call.repository
    name = str((call.body or {}).get("name") or source.name)
    existing = call.state.repository(f"{call.user.login}/{name}")
    made = existing or call.state.add_repository(
        call.user,
        name,
        private=source.private,
        description=source.description,
        default_branch=source.default_branch,
    )
    if existing is None:
        made.parent = source
        made.path.parent.mkdir(parents=True, exist_ok=True)
        await fork_repository(source.path, made.path)
    return Answer(status=202, body=repositories.full(call.state, made, call.user))


@routes.repository("GET /collaborators", needs="metadata:read", role=Role.WRITE)
async def list_collaborators(call: Call) -> Answer:
    state, repository = call.state, call.repository
    listed = [
        who
        for who in state.users.values()
        if who.id in repository.roles or (who is repository.owner and who.type == "User")
    ]
    return call.page(listed, lambda who: _collaborator(call, who))


def _collaborator(call: Call, who: User) -> Json:
    role = call.state.role(call.repository, who)
    return {
        **people.user(call.state, who),
        "permissions": repositories.permissions(role),
        "role_name": role.value,
    }


@routes.repository("GET /collaborators/{username}", needs="metadata:read", role=Role.WRITE)
async def is_collaborator(call: Call) -> Answer:
    who = call.state.user(call.params["username"])
    if who is None or not (who is call.repository.owner or who.id in call.repository.roles):
        raise not_found()
    return nothing()


@routes.repository("GET /collaborators/{username}/permission", needs="metadata:read")
async def get_permission(call: Call) -> Answer:
    """`permission` knows only four words; `role_name` has triage and maintain too."""
    who = call.state.user(call.params["username"])
    if who is None:
        raise not_found()
    role = call.state.role(call.repository, who)
    legacy = {Role.TRIAGE: "read", Role.MAINTAIN: "write"}
    return ok(
        {
            "permission": legacy.get(role, role.value),
            "role_name": role.value,
            "user": _collaborator(call, who),
        }
    )
