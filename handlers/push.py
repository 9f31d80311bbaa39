"""React to ``push`` events: a branch of ours that somebody changed, or a base that moved."""

from gidgethub.sansio import Event

from bot.runs import Decision, MessageKind, Run, ignore
from handlers.context import Context
from handlers.payloads import Pushed, read
from handlers.routing import Router
from handlers.runs import Wanted, alive, say, tell

HEADS = "refs/heads/"

router = Router()


@router.register("push")
async def follow(event: Event, context: Context) -> Decision:
    """Tell the runs that a push concerns; our own pushes say nothing new."""
    told = read(event, Pushed)
    if not told.ref_name.startswith(HEADS):
        return ignore("it is no branch")
    if told.sender.id == context.me.user_id:
        return ignore("sender is this app")
    branch = told.ref_name.removeprefix(HEADS)
    run = await context.runs.of_branch(told.repository.id, branch)
    if run is not None and alive(run):
        return _ours(event, told, branch, run)
    return await _base(event, told, branch, context)


def _ours(event: Event, told: Pushed, branch: str, run: Run) -> Decision:
    by, key = told.sender.login, f"{event.delivery_id}/0"
    if told.deleted:
        reason = f"the branch `{branch}` was deleted by {by}"
        return Decision(tells=(tell(run, MessageKind.BRANCH_DELETED, key, reason=reason, by=by),))
    wanted = Wanted(by=by, by_id=told.sender.id, key=key, asked=f"a push by {by}")
    return Decision(tells=(say(run, MessageKind.PUSHED, wanted, sha=told.after),))


async def _base(event: Event, told: Pushed, branch: str, context: Context) -> Decision:
    runs = await context.runs.on_base(told.repository.id, branch)
    concerned = [run for run in runs if not told.deleted]
    if not concerned:
        return ignore(f"no run is at work on the branch `{branch}`")
    wanted = Wanted(by=told.sender.login, key=f"{event.delivery_id}/0", asked=f"`{branch}` moved")
    return Decision(
        tells=tuple(say(run, MessageKind.BASE, wanted, sha=told.after) for run in concerned)
    )
