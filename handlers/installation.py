"""React to ``installation`` events: the App comes, goes, or is suspended."""

from gidgethub.sansio import Event

from bot.runs import Decision, ignore
from handlers.context import Context
from handlers.endings import end_all
from handlers.payloads import OfInstallation, read
from handlers.routing import Router

router = Router()


@router.register("installation", action="created")
async def greet(_event: Event, _context: Context) -> Decision:
    """Do nothing: a run begins with a label or a command."""
    return ignore("installed; a label or a command starts a run")


@router.register("installation", action="deleted")
async def end_by_removal(event: Event, context: Context) -> Decision:
    """End every run of the installation; nothing more can be written."""
    told = read(event, OfInstallation)
    return await end_all(event, context, told.installation.id, None, "the App was uninstalled")


@router.register("installation", action="suspend")
async def wait_while_suspended(_event: Event, _context: Context) -> Decision:
    """Do nothing: what a run wants to write waits up to seven days for the suspension to end."""
    return ignore("suspended; runs wait up to 7 days for it to end")


@router.register("installation", action="unsuspend")
async def come_back(_event: Event, _context: Context) -> Decision:
    """Do nothing: runs that wait look for themselves."""
    return ignore("no longer suspended; what waited goes on by itself")
