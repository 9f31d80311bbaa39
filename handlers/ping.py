"""React to ``ping``: GitHub asks whether somebody listens."""

from gidgethub.sansio import Event

from bot.runs import Decision, ignore
from handlers.context import Context
from handlers.routing import Router

router = Router()


@router.register("ping")
async def answer(_event: Event, _context: Context) -> Decision:
    """Do nothing: taking it in was the answer."""
    return ignore("GitHub says hello")
