"""React to ``pull_request_review_comment`` events: a comment on lines of our pull request."""

from gidgethub.sansio import Event

from bot.runs import Decision, MessageKind, ignore
from handlers.context import Context
from handlers.payloads import ReviewCommented, read
from handlers.reviewing import reviewed_run
from handlers.routing import Router
from handlers.runs import Wanted, say

router = Router()


@router.register("pull_request_review_comment", action="created")
async def take_in(event: Event, context: Context) -> Decision:
    """Tell the run of a single comment; one that came with a review is told by that."""
    told = read(event, ReviewCommented)
    run = await reviewed_run(told, context)
    if isinstance(run, str):
        return ignore(run)
    wanted = Wanted(
        by=told.sender.login,
        by_id=told.sender.id,
        key=f"comment-{told.comment.id}",
        asked=f"the comment by {told.sender.login}",
    )
    message = say(run, MessageKind.REVIEW, wanted, comment_ids=(told.comment.id,))
    return Decision(tells=(message,))
