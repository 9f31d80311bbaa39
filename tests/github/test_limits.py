"""The write budget: results before progress, and never more than GitHub takes."""

import pytest

from bot.errors import EffectDelayed
from bot.github.limits import WriteBudget
from tests.github.watch import Watch


async def spend(budget: WriteBudget, writes: int) -> None:
    for _ in range(writes):
        assert await budget.take(1)


async def test_progress_is_left_out_while_results_still_go() -> None:
    budget = WriteBudget(Watch().clock, per_minute=8)
    await spend(budget, 6)

    assert not await budget.take(1, progress=True)
    assert await budget.take(1)


async def test_a_result_waits_a_moment_for_room() -> None:
    watch = Watch()
    budget = WriteBudget(watch.clock, per_minute=1)
    await spend(budget, 1)
    watch.pass_time(57)

    assert await budget.take(1)
    assert watch.slept == [3]


async def test_a_result_is_put_off_when_room_is_far() -> None:
    watch = Watch()
    budget = WriteBudget(watch.clock, per_minute=1)
    await spend(budget, 1)
    watch.pass_time(20)

    with pytest.raises(EffectDelayed) as delayed:
        await budget.take(1)
    assert delayed.value.seconds == 40


async def test_the_hour_counts_too() -> None:
    watch = Watch()
    budget = WriteBudget(watch.clock, per_hour=3)
    for _ in range(3):
        await spend(budget, 1)
        watch.pass_time(61)

    with pytest.raises(EffectDelayed):
        await budget.take(1)


async def test_installations_do_not_share_a_budget() -> None:
    budget = WriteBudget(Watch().clock, per_minute=1)
    await spend(budget, 1)

    assert await budget.take(2)
