"""Wait until a run may begin: its repository is not paused, and has room for its pull request."""

from collections.abc import Sequence

from bot.engine.durable.steps import sleep, step
from bot.engine.outcome import GO_ON, Act, Outcome
from bot.engine.parent import Parent

SECONDS = 15.0  # how often a queued run looks whether it may begin


async def wait_for_room(parent: Parent, shown: Sequence[Act]) -> tuple[Outcome, bool]:
    """Stay queued as long as that takes; ``shown`` is said at its beginning. Did it wait?"""
    waited = False
    while not await step("room", parent.acts.queue.has_room, parent.run_id):
        if not waited:
            waited = True
            await parent.effects(shown)
        await sleep(SECONDS)
        stop = await parent.look()
        if stop.ended:
            return stop, waited
    return GO_ON, waited
