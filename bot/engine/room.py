"""Wait until a run may begin: its repository is not paused, and has room for its pull request."""

from collections.abc import Sequence

from bot.engine.durable.steps import patched, sleep, step
from bot.engine.outcome import GO_ON, Act, Outcome
from bot.engine.parent import Parent

SECONDS = 15.0  # how often a run looks that began to wait before it could in one step


async def wait_for_room(parent: Parent, shown: Sequence[Act]) -> tuple[Outcome, bool]:
    """Stay queued as long as that takes; ``shown`` says what for. Did it wait?"""
    waited = False
    while not await step("room", parent.acts.queue.has_room, parent.run_id):
        if await patched("room_in_one"):
            await parent.effects(shown)
            await parent.do("wait_for_room", parent.acts.queue.wait_for_room)
        else:
            if not waited:
                await parent.effects(shown)
            await sleep(SECONDS)
        waited = True
        stop = await parent.look()
        if stop.ended:
            return stop, waited
    return GO_ON, waited
