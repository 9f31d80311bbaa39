"""React to ``issue_comment`` events: slash commands on issues and pull requests."""

from gidgethub.sansio import Event

from bot.guard.commands import find_commands
from bot.runs import Decision, ignore
from handlers.commands import COMMANDS
from handlers.commands.asking import carry_out
from handlers.commands.command import Asked
from handlers.context import Context
from handlers.payloads import Commented, read
from handlers.people import Refusal, machine, rights_and_rules
from handlers.routing import Router

router = Router()


@router.register("issue_comment", action="created")
async def obey(event: Event, context: Context) -> Decision:
    """Carry out the commands of somebody with write access; edited comments are never read."""
    told = read(event, Commented)
    if who := machine(told.sender, context):
        return ignore(who)
    if told.comment.user is None or told.comment.user.id != told.sender.id:
        return ignore("the comment is not by the sender")
    lines = find_commands(told.comment.body or "")
    if not lines:
        return ignore("no command in the comment")
    if told.repository.archived:
        return ignore("the repository is archived")
    wanted = [COMMANDS[line.verb] for line in lines if line.verb in COMMANDS]
    rules = None
    if any(command.needs_rules for command in wanted):
        held, rules = await rights_and_rules(context, told.ref, told.sender.login)
    else:
        held = await context.github.permission(told.ref, told.sender.login)
    if not held.may_write:
        refusal = Refusal(
            asked=lines[0].text,
            sender=told.sender,
            held=held,
            issue=told.issue.number,
            comment_id=told.comment.id,
            url=told.comment.html_url,
            starts=lines[0].verb == "run",
        )
        return refusal.decision()
    asked = Asked(
        delivery=event.delivery_id,
        repository=told.ref,
        issue=told.issue,
        comment=told.comment,
        sender=told.sender,
        rules=rules,
        line=lines[0],
    )
    return await carry_out([asked.on(line) for line in lines], context)
