"""A run that has to wait for a slot says its place, and what a place takes by experience."""

import pytest

from tests.service.turns import note
from tests.service.world import World

pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="module")]


async def two_at_work(town: World) -> list[int]:
    """Have all slots taken, by runs that end when they are stopped."""
    busy = [await town.issue() for _ in range(2)]
    for issue in busy:
        town.script(issue, [note(issue), {"hang": 600}])
        await town.label(issue)
        await town.at(issue, "implement")
    return busy


async def test_a_run_that_waits_for_its_turn_is_stopped_at_once(town: World) -> None:
    busy, waits = await two_at_work(town), await town.issue()
    await town.label(waits)
    await town.comment_that(waits, lambda body: "**Queued: 1st**" in body)

    await town.comment(waits, "/coppice stop")

    assert (await town.ended(waits))["status"] == "cancelled"
    for issue in busy:
        await town.comment(issue, "/coppice stop")
        await town.ended(issue)


async def test_a_third_run_is_told_its_place_and_goes_when_one_has_ended(town: World) -> None:
    quick = await town.issue()
    town.script(quick, [note(quick), {"hang": 1}])
    await town.label(quick)
    await town.ended(quick)
    busy = await two_at_work(town)
    waits = await town.issue()
    town.script(waits, [note(waits)])

    await town.label(waits)

    queued = await town.comment_that(waits, lambda body: "**Queued: 1st**" in body)
    assert ", about " in queued["body"].splitlines()[0]
    await town.comment(busy[0], "/coppice stop")
    assert (await town.ended(waits))["status"] == "done"
    await town.comment(busy[1], "/coppice stop")
    await town.ended(busy[1])


async def test_nothing_begins_while_a_maintainer_has_paused_the_repository(town: World) -> None:
    issue = await town.issue()
    town.script(issue, [note(issue)])
    paused = await town.comment(issue, "/coppice pause")
    await town.reacted(paused, "rocket")

    await town.label(issue)

    said = await town.comment_that(issue, lambda body: "was paused by `marta`" in body)
    assert said["body"].startswith("**Queued**\n\nThe repository was paused by `marta`; `/coppice")
    (run,) = [run for run in await town.runs() if run["issue"] == issue]
    assert (run["status"], run["stages"]) == ("queued", [])
    resumed = await town.comment(issue, "/coppice resume")
    await town.reacted(resumed, "rocket")
    assert (await town.ended(issue))["status"] == "done"


async def test_a_pause_outlives_the_service(town: World) -> None:
    issue = await town.issue()
    town.script(issue, [note(issue)])
    paused = await town.comment(issue, "/coppice pause")
    await town.reacted(paused, "rocket")
    await town.label(issue)
    await town.comment_that(issue, lambda body: "was paused by `marta`" in body)

    await town.kill()
    await town.serve()

    resumed = await town.comment(issue, "/coppice resume")
    await town.reacted(resumed, "rocket")
    assert (await town.ended(issue))["status"] == "done"


async def test_a_stage_that_takes_long_is_told_while_it_lasts(town: World) -> None:
    issue = await town.issue()
    town.script(issue, [note(issue), {"hang": 600}])

    await town.label(issue)

    said = await town.comment_that(issue, lambda body: "**Working: attempt 1 of 3**" in body)
    assert ", since " in said["body"].splitlines()[0]
    await town.comment(issue, "/coppice stop")
    await town.ended(issue)
