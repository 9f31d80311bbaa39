"""React to ``issue_comment`` events: slash commands, and boxes ticked in our comments."""

from collections.abc import Sequence

from gidgethub.sansio import Event

from bot.guard.commands import CommandLine
from bot.runs import Decision, ignore
from handlers import obeying, ticks
from handlers.commands.command import Asked
from handlers.context import Context
from handlers.payloads import Commented, CommentEdited, read
from handlers.people import machine
from handlers.routing import Router

router = Router()


@router.register("issue_comment", action="created")
async def obey(event: Event, context: Context) -> Decision:
    """Carry out the commands of somebody who may give them; edited comments are never read."""
    told = read(event, Commented)
    if who := machine(told.sender, context):
        return ignore(who)
    if told.comment.user is None or told.comment.user.id != told.sender.id:
        return ignore("the comment is not by the sender")
    lines = await obeying.commands_in(told.comment.body or "", told, told.issue, context)
    if not lines:
        return ignore("no command in the comment")
    if told.repository.archived:
        return ignore("the repository is archived")
    return await _obey(event, told, lines, context)


@router.register("issue_comment", action="edited")
async def tick(event: Event, context: Context) -> Decision:
    """Take a box that somebody ticked in a comment of ours for the command that it stands for."""
    told = read(event, CommentEdited)
    if who := machine(told.sender, context):
        return ignore(who)
    if told.comment.user is None or told.comment.user.id != context.me.user_id:
        return ignore("edited comments are not read")
    before = (told.changes.body and told.changes.body.before) or ""
    box = ticks.ticked(before, told.comment.body or "")
    line = ticks.command(box, before, context.markers) if box else None
    if box is None or line is None:
        return ignore("no box was ticked")
    return await _obey(event, told, [line], context, box=(box, context.markers.run_of(before)))


async def _obey(
    event: Event,
    told: Commented,
    lines: Sequence[CommandLine],
    context: Context,
    box: tuple[str | None, str | None] = (None, None),
) -> Decision:
    first = Asked(
        delivery=event.delivery_id,
        repository=told.ref,
        issue=told.issue,
        comment=told.comment,
        sender=told.sender,
        rules=None,
        line=lines[0],
        box=box[0],
        box_of=box[1],
    )
    decided = await obeying.obey(first, lines, context)
    return decided or ignore("short commands are off (`commands: {short: true}`)")
