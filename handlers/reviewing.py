"""Reviews of pull requests: the commands in them, and whose words start a round on ours."""

from gidgethub.sansio import Event

from bot.guard.commands import means_a_verb
from bot.runs import Decision, MessageKind, Run, Tell, ignore
from handlers import obeying
from handlers.commands.command import Asked, Spot
from handlers.context import Context
from handlers.payloads import Comment, PullRequestEvent
from handlers.people import machine, permission
from handlers.runs import alive


async def reviewed_run(told: PullRequestEvent, context: Context) -> Run | str:
    """Find the run that a reviewer may steer; else say why not."""
    if who := machine(told.sender, context):
        return who
    number = told.pull_request.number
    run = await context.runs.of_pull_request(told.ref.id, number)
    if run is None:
        return f"pull request #{number} is not of Coppice"
    if not alive(run):
        return f"run {run.short_id} has ended"
    held = await permission(context, told.ref, told.sender)
    return run if held.may_write else f"it needs write access; {told.sender.login} has {held}"


async def commanded(
    event: Event, told: PullRequestEvent, said: Comment, spot: Spot, context: Context
) -> Decision | None:
    """Carry out the commands in a review or in a comment on lines; None: there are none.

    Other words after `/coppice` stay what they are here: a request, with its lines in context.
    """
    if machine(told.sender, context) or told.repository.archived:
        return None
    if said.user is None or said.user.id != told.sender.id:
        return None
    issue = told.pull_request.issue
    found = await obeying.commands_in(said.body or "", told, issue, context)
    lines = [line for line in found if means_a_verb(line)]
    if not lines:
        return None
    first = Asked(
        delivery=event.delivery_id,
        repository=told.ref,
        issue=issue,
        comment=said,
        sender=told.sender,
        rules=None,
        line=lines[0],
        spot=spot,
    )
    return await obeying.obey(first, lines, context)


def together(commands: Decision | None, review: Tell | str) -> Decision:
    """Join what was commanded and what is told of the review; a run that was stopped hears no more.

    ``review`` is why nothing is told where it is none.
    """
    if isinstance(review, str):
        return commands or ignore(review)
    if commands is None:
        return Decision(tells=(review,))
    if any(tell.message.kind is MessageKind.STOP for tell in commands.tells):
        return commands
    return commands.model_copy(update={"tells": (*commands.tells, review)})
