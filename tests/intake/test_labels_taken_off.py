"""A living run whose label was taken off unheard is stopped as if that had come in."""

import time
from functools import partial
from typing import Any

from bot.runs import Permission, Run, RunStatus
from bot.store import marks, runs
from bot.store.keeping.retention import CLEANED
from tests.intake.house import DAY, FIVE, House
from tests.store.rows import a_run


async def at_work(house: House, **values: Any) -> Run:
    """Have a run that waits since ten days ago."""
    at = time.time() - 10 * DAY
    usual = {"status": RunStatus.WAITING, "created_at": at, "updated_at": at}
    await house.has(**usual | values)
    (run,) = await house.database.read(runs.all_living)
    return run


async def test_its_handler_stops_the_run(house: House) -> None:
    await house.label(ago=11 * DAY)
    run = await at_work(house)
    event = await house.unlabel(FIVE)

    assert await house.look() == [f"unlabeled-event-{event.id}"]
    decision = await house.decided(f"unlabeled-event-{event.id}", Permission.WRITE, run)
    assert [tell.run_id for tell in decision.tells] == [run.id]
    assert await house.look() == [f"unlabeled-event-{event.id}"]


async def test_somebody_who_may_not_stops_nothing_so(house: House) -> None:
    await house.label(ago=11 * DAY)
    run = await at_work(house)
    await house.unlabel(FIVE, who="triager")
    (guid,) = await house.look()

    decision = await house.decided(guid, Permission.TRIAGE, run)

    assert decision.tells == ()


async def test_the_label_for_a_plan_stops_a_run_that_only_plans(house: House) -> None:
    await house.label(ago=11 * DAY, name="coppice:plan")
    trigger = a_run().trigger
    options = trigger.options.model_copy(update={"plan_only": True})
    await at_work(house, trigger=trigger.model_copy(update={"options": options}))
    await house.world.call("DELETE", "/issues/1/labels/coppice:plan")
    event = house.passed(1, FIVE)

    assert await house.look() == [f"unlabeled-event-{event.id}"]


async def test_a_run_that_a_command_began_on_an_issue_without_the_label_goes_on(
    house: House,
) -> None:
    await at_work(house)

    assert await house.look() == []


async def test_a_label_that_was_taken_off_before_the_run_began_stops_nothing(house: House) -> None:
    await house.label(ago=12 * DAY)
    await house.unlabel(11 * DAY)
    await at_work(house)

    assert await house.look() == []


async def test_a_run_whose_label_was_put_on_again_goes_on(house: House) -> None:
    await house.label(ago=11 * DAY)
    await at_work(house)
    await house.unlabel(FIVE + 60)
    await house.label(ago=FIVE)

    assert await house.look() == []


async def test_a_label_that_the_repository_has_no_more_was_taken_off_by_nobody(
    house: House,
) -> None:
    await house.label(ago=9 * DAY)
    await at_work(house)
    house.issue().labels.clear()

    assert await house.look() == []


async def test_a_run_that_follows_its_pull_request_goes_on(house: House) -> None:
    await house.label(ago=11 * DAY)
    await at_work(house, status=RunStatus.DONE, following=True)
    await house.unlabel(FIVE)

    assert await house.look() == []


async def test_what_was_taken_off_just_now_is_left_to_its_delivery(house: House) -> None:
    await house.label(ago=11 * DAY)
    await at_work(house)
    await house.unlabel(600)

    assert await house.look() == []


async def test_what_was_heard_when_it_was_taken_off_does_not_come_again(house: House) -> None:
    await house.label(ago=11 * DAY)
    await at_work(house)
    await house.heard(await house.unlabel(FIVE))

    assert await house.look() == []


async def test_what_rows_of_that_time_may_have_said_stops_nothing(house: House) -> None:
    await house.label(ago=11 * DAY)
    await at_work(house)
    await house.unlabel(FIVE)
    at = time.time() - 4 * DAY
    await house.database.write(partial(marks.put, name=CLEANED, at=at))

    assert await house.look() == []
