"""A run that has to wait for a slot says its place, and what a place takes by experience."""

import pytest

from tests.service.turns import note
from tests.service.world import World

pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="module")]


async def test_a_third_run_is_told_its_place_and_goes_when_one_has_ended(town: World) -> None:
    quick = await town.issue()
    town.script(quick, [note(quick), {"hang": 1}])
    await town.label(quick)
    await town.ended(quick)
    busy = [await town.issue() for _ in range(2)]
    for issue in busy:
        town.script(issue, [note(issue), {"hang": 600}])
        await town.label(issue)
        await town.at(issue, "implement")
    waits = await town.issue()
    town.script(waits, [note(waits)])

    await town.label(waits)

    queued = await town.comment_that(waits, lambda body: "**Queued: 1st**" in body)
    assert ", about " in queued["body"].splitlines()[0]
    await town.comment(busy[0], "/coppice stop")
    assert (await town.ended(waits))["status"] == "done"
    await town.comment(busy[1], "/coppice stop")
    await town.ended(busy[1])
