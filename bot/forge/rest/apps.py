"""The App itself, its installations and their tokens."""

from collections.abc import Container

from bot.forge.actors import create_token, in_scope
from bot.forge.answers import Answer, created, not_found, nothing, ok
from bot.forge.installations import suspend, uninstall, unsuspend
from bot.forge.records import App, Installation, Json
from bot.forge.rest.call import Call, Caller, Routes
from bot.forge.shapes import people, repositories
from bot.forge.state import iso

routes = Routes()


def the_app(call: Call) -> App:
    if call.app is None:
        raise not_found()
    return call.app


@routes("GET /app", Caller.APP)
async def get_app(call: Call) -> Answer:
    app = the_app(call)
    mine = [i for i in call.state.installations.values() if i.app is app and not i.deleted]
    shape = {**people.app(call.state, app), "events": list(app.events)}
    return ok({**shape, "installations_count": len(mine)})


@routes("GET /app/installations", Caller.APP)
async def list_installations(call: Call) -> Answer:
    app = the_app(call)
    mine = [i for i in call.state.installations.values() if i.app is app and not i.deleted]
    return call.page(mine, lambda it: people.installation(call.state, it))


@routes("GET /app/installations/{installation_id}", Caller.APP)
async def get_installation(call: Call) -> Answer:
    return ok(people.installation(call.state, find(call)))


@routes("DELETE /app/installations/{installation_id}", Caller.APP)
async def delete_installation(call: Call) -> Answer:
    uninstall(call.forge, find(call), the_app(call).owner)
    return nothing()


@routes("PUT /app/installations/{installation_id}/suspended", Caller.APP)
async def suspend_installation(call: Call) -> Answer:
    suspend(call.forge, find(call), the_app(call).owner)
    return nothing()


@routes("DELETE /app/installations/{installation_id}/suspended", Caller.APP)
async def unsuspend_installation(call: Call) -> Answer:
    unsuspend(call.forge, find(call), the_app(call).owner)
    return nothing()


@routes("POST /app/installations/{installation_id}/access_tokens", Caller.APP)
async def post_token(call: Call) -> Answer:
    token = create_token(call.state, find(call), call.body or {})
    shape: Json = {
        "token": token.value,
        "expires_at": iso(token.expires_at or 0),
        "permissions": token.permissions,
        "repository_selection": "all" if token.repository_ids is None else "selected",
    }
    if token.repository_ids is not None:
        shape["repositories"] = [
            repositories.repository(call.state, call.state.repositories[id])
            for id in sorted(token.repository_ids)
        ]
    return created(shape)


@routes("GET /installation/repositories", Caller.INSTALLATION)
async def list_repositories(call: Call) -> Answer:
    found = [r for r in call.state.repositories.values() if in_scope(call.actor, r)]
    selection = (
        "all" if call.actor.token and call.actor.token.repository_ids is None else "selected"
    )
    return call.page(
        found,
        lambda it: repositories.repository(call.state, it),
        wrap="repositories",
        repository_selection=selection,
    )


@routes("DELETE /installation/token", Caller.INSTALLATION)
async def revoke_token(call: Call) -> Answer:
    if call.actor.token:
        del call.state.tokens[call.actor.token.value]
    return nothing()


@routes("GET /repos/{owner}/{repo}/installation", Caller.APP)
async def get_repository_installation(call: Call) -> Answer:
    found = call.state.installation_for(call.repository, the_app(call))
    if found is None:
        raise not_found()
    return ok(people.installation(call.state, found))


@routes("GET /orgs/{org}/installation", Caller.APP)
async def get_organization_installation(call: Call) -> Answer:
    return ok(people.installation(call.state, _of_account(call, "org", {"Organization"})))


@routes("GET /users/{username}/installation", Caller.APP)
async def get_user_installation(call: Call) -> Answer:
    return ok(people.installation(call.state, _of_account(call, "username", {"User"})))


def _of_account(call: Call, name: str, types: Container[str]) -> Installation:
    account, app = call.state.user(call.params[name]), the_app(call)
    for it in call.state.installations.values():
        fits = it.app is app and it.account is account and not it.deleted
        if fits and it.account.type in types:
            return it
    raise not_found()


def find(call: Call) -> Installation:
    """An uninstalled one is not there."""
    found = call.state.installations.get(call.number("installation_id"))
    if found is None or found.deleted or found.app is not the_app(call):
        raise not_found()
    return found
