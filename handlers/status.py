"""React to ``status`` events: a service outside said something of a commit of ours."""

from gidgethub.sansio import Event

from bot.runs import Decision, ignore
from handlers.ci import checked
from handlers.context import Context
from handlers.payloads import StatusEvent, read
from handlers.routing import Router

router = Router()


@router.register("status")
async def follow(event: Event, context: Context) -> Decision:
    """Tell the run of the branch, once the status is a last word."""
    told = read(event, StatusEvent)
    if told.state == "pending":
        return ignore("the status is not decided yet")
    branches = (branch.name for branch in told.branches)  # ten at most that hold it
    return await checked(event, told, context, *branches, sha=told.sha)
