"""React to ``push`` events: a branch of ours that somebody deleted."""

from gidgethub.sansio import Event

from bot.runs import Decision, MessageKind, ignore
from handlers.context import Context
from handlers.payloads import Pushed, read
from handlers.routing import Router
from handlers.runs import alive, tell

HEADS = "refs/heads/"

router = Router()


@router.register("push")
async def end_by_deletion(event: Event, context: Context) -> Decision:
    """Tell the run that its branch is gone; our own deletions say nothing new."""
    told = read(event, Pushed)
    if not told.deleted or not told.ref_name.startswith(HEADS):
        return ignore("no branch was deleted")
    if told.sender.id == context.me.user_id:
        return ignore("sender is this app")
    branch = told.ref_name.removeprefix(HEADS)
    run = await context.runs.of_branch(told.repository.id, branch)
    if run is None or not alive(run):
        return ignore(f"no run is at work on the branch `{branch}`")
    message = tell(
        run,
        MessageKind.BRANCH_DELETED,
        f"{event.delivery_id}/0",
        reason=f"the branch `{branch}` was deleted by {told.sender.login}",
        by=told.sender.login,
    )
    return Decision(tells=(message,))
