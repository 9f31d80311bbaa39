"""React to ``issue_comment`` events: slash commands, and boxes ticked in our comments."""

import asyncio
from collections.abc import Sequence

from gidgethub.sansio import Event

from bot.errors import UserError
from bot.guard.commands import CommandLine, find_commands
from bot.runs import Decision, ignore
from handlers import ticks
from handlers.commands import COMMANDS
from handlers.commands.asking import allowed, carry_out
from handlers.commands.command import Asked
from handlers.context import Context
from handlers.payloads import Commented, CommentEdited, read
from handlers.people import machine, permission, rights_and_rules
from handlers.routing import Router

LONG = 4096
"""Characters; a longer comment is parsed beside the event loop."""

router = Router()


@router.register("issue_comment", action="created")
async def obey(event: Event, context: Context) -> Decision:
    """Carry out the commands of somebody who may give them; edited comments are never read."""
    told = read(event, Commented)
    if who := machine(told.sender, context):
        return ignore(who)
    if told.comment.user is None or told.comment.user.id != told.sender.id:
        return ignore("the comment is not by the sender")
    lines = await _lines(told.comment.body or "")
    if not lines or (all(line.short for line in lines) and not await _has_run(told, context)):
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


async def _lines(body: str) -> list[CommandLine]:
    if len(body) <= LONG:
        return find_commands(body, COMMANDS)
    return await asyncio.to_thread(find_commands, body, COMMANDS)


async def _has_run(told: Commented, context: Context) -> bool:
    """Short verbs are heard only where Coppice has a run: other bots own them elsewhere."""
    find = context.runs.of_pull_request if told.issue.pull_request else context.runs.latest
    return await find(told.ref.id, told.issue.number) is not None


async def _obey(
    event: Event,
    told: Commented,
    lines: Sequence[CommandLine],
    context: Context,
    box: tuple[str | None, str | None] = (None, None),
) -> Decision:
    rules = None
    if any(line.short or _needs_rules(line) for line in lines):
        held, rules = await rights_and_rules(context, told.ref, told.sender)
        if isinstance(rules, UserError) or not rules.commands.short:
            lines = [line for line in lines if not line.short]
    else:
        held = await permission(context, told.ref, told.sender)
    if not lines:
        return ignore("short commands are off (`commands: {short: true}`)")
    first = Asked(
        delivery=event.delivery_id,
        repository=told.ref,
        issue=told.issue,
        comment=told.comment,
        sender=told.sender,
        rules=rules,
        line=lines[0],
        box=box[0],
        box_of=box[1],
    )
    asked = [first.on(line) for line in lines]
    if (refused := await allowed(asked, held, context)) is not None:
        return refused
    return await carry_out(asked, context)


def _needs_rules(line: CommandLine) -> bool:
    return line.verb in COMMANDS and COMMANDS[line.verb].needs_rules
