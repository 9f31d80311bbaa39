"""Who belongs to an organisation and its teams; for its members, and Apps with `members: read`."""

from bot.forge.actors import holds
from bot.forge.answers import Answer, forbidden, not_found, nothing, ok
from bot.forge.records import Team, User
from bot.forge.rest.call import Call, Routes
from bot.forge.shapes import people, teams
from bot.forge.teams import members

routes = Routes()
TEAM = "/orgs/{org}/teams/{team_slug}"


@routes(f"GET {TEAM}")
async def get_team(call: Call) -> Answer:
    return ok(teams.team(call.state, _team(call)))


@routes(f"GET {TEAM}/members")
async def list_members(call: Call) -> Answer:
    found = list(_team(call).members.values())
    return call.page(found, lambda who: people.user(call.state, who))


@routes(f"GET {TEAM}/memberships/{{username}}")
async def get_membership(call: Call) -> Answer:
    team, who = _team(call), call.state.user(call.params["username"])
    if who is None or who.id not in team.members:
        raise not_found()
    url = f"{teams.url(call.state, team)}/memberships/{who.login}"
    return ok({"url": url, "role": "member", "state": "active"})


@routes("GET /orgs/{org}/members/{username}")
async def check_membership(call: Call) -> Answer:
    """204 or 404; who may not know is sent on to the public members, of whom there are none."""
    organization, who = _organization(call), call.state.user(call.params["username"])
    if who is None or who not in members(call.state, organization):
        raise not_found()
    return nothing()


def _organization(call: Call) -> User:
    found = call.state.user(call.params["org"])
    if found is None or found.type != "Organization":
        raise not_found()
    actor = call.actor
    if actor.installation:
        if actor.installation.account is not found or not holds(actor, "members:read"):
            raise forbidden()
    elif call.user not in members(call.state, found):
        raise not_found()
    return found


def _team(call: Call) -> Team:
    found = call.state.teams.get((_organization(call).id, call.params["team_slug"].lower()))
    if found is None:
        raise not_found()
    return found
