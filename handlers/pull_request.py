"""React to ``pull_request`` events: one of ours was merged, closed, or had a box ticked."""

from gidgethub.sansio import Event

from bot.runs import Decision, MessageKind, ignore
from handlers import ticks
from handlers.commands.asking import allowed, carry_out
from handlers.commands.command import Asked
from handlers.context import Context
from handlers.payloads import Comment, PullRequestEdited, PullRequestEvent, read
from handlers.people import machine, permission
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


@router.register("pull_request", action="edited")
async def tick(event: Event, context: Context) -> Decision:
    """Take a box that somebody ticked in our description for the command that it stands for."""
    told = read(event, PullRequestEdited)
    if who := machine(told.sender, context):
        return ignore(who)
    pull = told.pull_request
    if pull.user is None or pull.user.id != context.me.user_id:
        return ignore(f"pull request #{pull.number} is not of Coppice")
    before = (told.changes.body and told.changes.body.before) or ""
    box = ticks.ticked(before, pull.body or "")
    line = ticks.command(box, before, context.markers) if box else None
    if box is None or line is None:
        return ignore("no box was ticked")
    asked = Asked(
        delivery=event.delivery_id,
        repository=told.ref,
        issue=pull.issue,
        comment=Comment(id=0, html_url=pull.html_url),
        sender=told.sender,
        rules=None,
        line=line,
        box=box,
    )
    held = await permission(context, told.ref, told.sender)
    return await allowed([asked], held, context) or await carry_out([asked], context)
