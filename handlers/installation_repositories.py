"""React to ``installation_repositories`` events: repositories that the App may no longer see."""

from gidgethub.sansio import Event

from bot.runs import Decision, Tell, ignore
from handlers.context import Context
from handlers.endings import end_all
from handlers.payloads import InstalledOn, read
from handlers.routing import Router

router = Router()


@router.register("installation_repositories", action="removed")
async def end_by_removal(event: Event, context: Context) -> Decision:
    """End the runs of the repositories that were taken away."""
    told = read(event, InstalledOn)
    tells: list[Tell] = []
    for repository in told.repositories_removed:
        what = "the App was taken off the repository"
        ended = await end_all(event, context, told.installation.id, repository.id, what)
        tells += ended.tells
    return Decision(tells=tuple(tells)) if tells else ignore("no run is at work there")
