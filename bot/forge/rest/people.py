"""Users, and how much of the rate limit is left."""

from bot.forge.answers import Answer, Refusal, not_found, ok
from bot.forge.rest.call import Call, Caller, Routes
from bot.forge.shapes import people

routes = Routes()


@routes("GET /user")
async def get_me(call: Call) -> Answer:
    who = people.public_user(call.state, call.user)
    private = ("private_gists", "total_private_repos", "owned_private_repos", "disk_usage")
    return ok(
        {**who, **dict.fromkeys(private, 0), "collaborators": 0, "two_factor_authentication": True}
    )


@routes("GET /users/{username}")
async def get_user(call: Call) -> Answer:
    who = call.state.user(call.params["username"])
    if who is None:
        raise not_found()
    return ok(people.public_user(call.state, who))


@routes("GET /rate_limit", Caller.ANYBODY)
async def get_rate_limit(call: Call) -> Answer:
    if call.actor.jwt:
        raise Refusal(403, "Resource not accessible by integration")
    core = call.forge.limits.shape(call.actor.key)
    search = {**core, "limit": 30, "remaining": 30, "used": 0}
    graphql = call.forge.limits.shape(call.actor.key, "graphql")
    return ok({"resources": {"core": core, "graphql": graphql, "search": search}, "rate": core})
