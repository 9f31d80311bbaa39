"""React to ``pull_request`` events: a pull request of ours that was merged or closed."""

from gidgethub.sansio import Event

from bot.runs import Decision, MessageKind, ignore
from handlers.context import Context
from handlers.payloads import PullRequestEvent, read
from handlers.routing import Router
from handlers.runs import alive, tell

router = Router()


@router.register("pull_request", action="closed")
async def close(event: Event, context: Context) -> Decision:
    """Tell the run that its pull request is over; whoever did it."""
    told = read(event, PullRequestEvent)
    number, merged = told.pull_request.number, told.pull_request.merged
    run = await context.runs.of_pull_request(told.ref.id, number)
    if run is None:
        return ignore(f"pull request #{number} is not of Coppice")
    if not alive(run):
        return ignore(f"run {run.short_id} has ended")
    by = told.sender.login
    message = tell(
        run,
        MessageKind.CLOSED,
        f"{event.delivery_id}/0",
        reason=f"pull request #{number} was {'merged' if merged else 'closed'} by {by}",
        by=by,
        merged=merged,
    )
    return Decision(tells=(message,))
