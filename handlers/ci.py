"""What the repository's own CI said of a commit, told to the run whose head that is."""

from gidgethub.sansio import Event

from bot.runs import Decision, MessageKind, ignore
from handlers.context import Context
from handlers.payloads import FromRepository
from handlers.runs import Wanted, alive, say


async def checked(
    event: Event, told: FromRepository, context: Context, *branches: str | None, sha: str
) -> Decision:
    """Tell the run of one of the branches; its verdict is read from GitHub, whatever the event
    says.
    """
    found = [await context.runs.of_branch(told.ref.id, branch) for branch in branches if branch]
    run = next((run for run in found if run and alive(run) and run.following), None)
    if run is None:
        return ignore("the commit is no head of a pull request of Coppice")
    wanted = Wanted(by=told.sender.login, key=f"{event.delivery_id}/0", asked="CI ended")
    return Decision(tells=(say(run, MessageKind.CHECKS, wanted, sha=sha),))
