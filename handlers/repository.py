"""React to ``repository`` events: what becomes of runs when their repository changes."""

from gidgethub.sansio import Event

from bot.runs import Decision, MessageKind, ignore
from handlers.context import Context
from handlers.endings import end_all
from handlers.payloads import FromRepository, read
from handlers.routing import Router
from handlers.runs import Wanted, say

router = Router()


@router.register("repository", action="renamed")
async def follow(event: Event, context: Context) -> Decision:
    """Tell living runs the new name; they know their repository by its number."""
    told = read(event, FromRepository)
    runs = await context.runs.living_of_installation(told.ref.installation_id, told.ref.id)
    if not runs:
        return ignore("no run is at work there")
    name = told.ref.full_name
    wanted = Wanted(by=told.sender.login, key=event.delivery_id, asked="the repository was renamed")
    return Decision(tells=tuple(say(run, MessageKind.RENAMED, wanted, text=name) for run in runs))


@router.register("repository", action="transferred")
async def end_by_transfer(event: Event, context: Context) -> Decision:
    """End the runs: under another owner it may not be ours to write to."""
    return await _end(event, context, "the repository was transferred")


@router.register("repository", action="deleted")
async def end_by_deletion(event: Event, context: Context) -> Decision:
    """End the runs of a deleted repository."""
    return await _end(event, context, "the repository was deleted")


@router.register("repository", action="archived")
async def end_by_archiving(event: Event, context: Context) -> Decision:
    """End the runs: nothing can be written to an archived repository."""
    return await _end(event, context, "the repository was archived")


async def _end(event: Event, context: Context, what: str) -> Decision:
    told = read(event, FromRepository)
    return await end_all(event, context, told.installation.id, told.repository.id, what)
