"""End all runs that a change of the world around them concerns."""

from gidgethub.sansio import Event

from bot.runs import Decision, MessageKind, ignore
from handlers.context import Context
from handlers.runs import tell


async def end_all(
    event: Event, context: Context, installation_id: int, repository_id: int | None, what: str
) -> Decision:
    """Tell every living run of an installation, or of one repository of it, to stop."""
    runs = await context.runs.living_of_installation(installation_id, repository_id)
    tells = [
        tell(run, MessageKind.STOP, f"{event.delivery_id}/{run.id}", reason=what, by=None)
        for run in runs
    ]
    return Decision(tells=tuple(tells)) if tells else ignore(f"{what}; no run is at work there")
