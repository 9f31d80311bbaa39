"""React to ``pull_request_review_comment`` events: a comment on lines of our pull request."""

from gidgethub.sansio import Event

from bot.runs import Decision, MessageKind
from handlers.commands.command import Spot
from handlers.context import Context
from handlers.payloads import ReviewCommented, read
from handlers.reviewing import commanded, reviewed_run, together
from handlers.routing import Router
from handlers.runs import Wanted, say

router = Router()


@router.register("pull_request_review_comment", action="created")
async def take_in(event: Event, context: Context) -> Decision:
    """Carry out its commands, and tell the run of it; what else it says is read from GitHub when
    the round begins.
    """
    told = read(event, ReviewCommented)
    commands = await commanded(event, told, told.comment, Spot.LINES, context)
    run = await reviewed_run(told, context)
    if isinstance(run, str):
        return together(commands, run)
    wanted = Wanted(
        by=told.sender.login,
        by_id=told.sender.id,
        key=f"comment-{told.comment.id}",
        asked=f"the comment by {told.sender.login}",
    )
    message = say(run, MessageKind.REVIEW, wanted, comment_ids=(told.comment.id,))
    return together(commands, message)
