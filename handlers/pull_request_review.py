"""React to ``pull_request_review`` events: somebody reviewed a pull request of ours."""

from gidgethub.sansio import Event

from bot.runs import Decision, MessageKind
from handlers.commands.command import Spot
from handlers.context import Context
from handlers.payloads import Reviewed, read
from handlers.reviewing import commanded, reviewed_run, together
from handlers.routing import Router
from handlers.runs import Wanted, say

router = Router()


@router.register("pull_request_review", action="submitted")
async def take_in(event: Event, context: Context) -> Decision:
    """Carry out its commands, and tell the run of it; what else it says is read from GitHub when
    the round begins.
    """
    told = read(event, Reviewed)
    commands = await commanded(event, told, told.review.comment, Spot.REVIEW, context)
    run = await reviewed_run(told, context)
    if isinstance(run, str):
        return together(commands, run)
    state = told.review.state.lower()
    wanted = Wanted(
        by=told.sender.login,
        by_id=told.sender.id,
        key=f"review-{told.review.id}",
        asked=f"the review by {told.sender.login}",
    )
    message = say(run, MessageKind.REVIEW, wanted, review_id=told.review.id, text=state)
    return together(commands, message)
