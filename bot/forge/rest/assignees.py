"""Who is assigned to an issue."""

from bot.forge import tell
from bot.forge.answers import Answer, Refusal, created, ok
from bot.forge.records import Role, User
from bot.forge.rest.call import Call, Routes
from bot.forge.shapes import issues, people

routes = Routes()
WRITE = "issues:write pull_requests:write"


@routes.repository("GET /assignees", needs="issues:read pull_requests:read")
async def list_assignees(call: Call) -> Answer:
    return call.page(_possible(call), lambda who: people.user(call.state, who))


@routes.repository("POST /issues/{issue_number}/assignees", needs=WRITE, role=Role.TRIAGE)
async def add_assignees(call: Call) -> Answer:
    """People who cannot be assigned are left out without a word."""
    issue = call.issue()
    possible = {who.login.lower(): who for who in _possible(call)}
    for login in call.body.get("assignees", []):
        who = possible.get(str(login).lower())
        if who and who not in issue.assignees:
            issue.assignees.append(who)
            await _tell(call, "assigned", who)
    return created(issues.issue(call.state, issue))


@routes.repository("DELETE /issues/{issue_number}/assignees", needs=WRITE, role=Role.TRIAGE)
async def remove_assignees(call: Call) -> Answer:
    issue = call.issue()
    wanted = {str(login).lower() for login in call.body.get("assignees", [])}
    for who in [who for who in issue.assignees if who.login.lower() in wanted]:
        issue.assignees.remove(who)
        await _tell(call, "unassigned", who)
    return ok(issues.issue(call.state, issue))


async def _tell(call: Call, action: str, who: User) -> None:
    issue = call.issue()
    tell.note(call.forge, call.actor, issue, action, user=who)
    shape = people.user(call.state, who)
    await tell.issue_changed(call.forge, call.actor, action, issue, assignee=shape)


def _possible(call: Call) -> list[User]:
    """People with access of their own; reading a public repository is not enough."""
    state, repository = call.state, call.repository
    if call.actor.user is None:
        raise Refusal(401, "Requires authentication")
    return [
        who
        for who in state.users.values()
        if who.type == "User" and (who is repository.owner or who.id in repository.roles)
    ]
