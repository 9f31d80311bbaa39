"""Whose words on a pull request of ours start a round."""

from bot.runs import Run
from handlers.context import Context
from handlers.payloads import PullRequestEvent
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
