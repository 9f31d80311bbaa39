"""What is decided while a delivery is still being written down, and what never is."""

import asyncio

import pytest

from bot.intake.ahead import MOST, Ahead
from bot.intake.delivery import Delivery
from bot.intake.lanes import Lanes
from bot.runs import Decision, ignore
from bot.store.journal.arrivals import Arrival, Waiting

WELL = ignore("nothing to do")


def an_arrival(guid: str, repository: int = 1) -> Arrival:
    return Arrival(guid, "issues", "opened", "acme/shop", repository, 7, 5, 0.0, "webhook", b"{}")


class Desk:
    """An `Ahead` whose handler notes what it was asked."""

    def __init__(self) -> None:
        self.lanes = Lanes()
        self.ahead = Ahead(self.lanes, self.handle)
        self.asked: list[str] = []

    async def handle(self, delivery: Delivery) -> Decision:
        self.asked.append(delivery.guid)
        if delivery.guid == "slow":
            await asyncio.Event().wait()
        if delivery.guid == "bad":
            raise LookupError(delivery.guid)
        return WELL

    async def hear(self, *arrivals: Arrival) -> None:
        for arrival in arrivals:
            self.ahead.arriving(arrival)
        await asyncio.sleep(0.01)


@pytest.fixture
def desk() -> Desk:
    return Desk()


async def test_a_decision_is_begun_early_and_made_once(desk: Desk) -> None:
    await desk.hear(an_arrival("a"))
    assert desk.asked == ["a"]

    decision = await desk.ahead.decide(Delivery.fresh(an_arrival("a")))

    assert (decision, desk.asked) == (WELL, ["a"])


async def test_a_second_try_asks_again(desk: Desk) -> None:
    await desk.hear(an_arrival("bad"))
    with pytest.raises(LookupError):
        await desk.ahead.decide(Delivery.fresh(an_arrival("bad")))

    with pytest.raises(LookupError):
        await desk.ahead.decide(Delivery.fresh(an_arrival("bad")))

    assert desk.asked == ["bad", "bad"]


async def test_a_repository_is_worked_on_in_order(desk: Desk) -> None:
    await desk.hear(an_arrival("a"), an_arrival("b"), an_arrival("elsewhere", repository=2))

    assert desk.asked == ["a", "elsewhere"]


async def test_nothing_is_begun_behind_what_waits(desk: Desk) -> None:
    desk.ahead.arrived(an_arrival("a"), Waiting(1, 1, 5, None))

    await desk.hear(an_arrival("b"))

    assert desk.asked == []


async def test_under_load_each_waits_for_its_turn(desk: Desk) -> None:
    await desk.hear(*(an_arrival(f"d{n}", repository=n) for n in range(MOST + 3)))

    assert len(desk.asked) == MOST


@pytest.mark.parametrize("guid", ["slow", "bad"])
async def test_one_that_is_not_kept_is_forgotten(desk: Desk, guid: str) -> None:
    arrival = an_arrival(guid)
    await desk.hear(arrival)

    desk.ahead.gone(arrival)
    await desk.hear(an_arrival("next"))

    assert desk.asked == [guid, "next"]


async def test_a_copy_that_was_seen_before_takes_nothing_away(desk: Desk) -> None:
    await desk.hear(an_arrival("a"))

    desk.ahead.gone(an_arrival("a"))
    await desk.ahead.decide(Delivery.fresh(an_arrival("a")))

    assert desk.asked == ["a"]


async def test_what_was_begun_ends_with_the_dispatcher(desk: Desk) -> None:
    await desk.hear(an_arrival("slow"))

    desk.ahead.close()
    await asyncio.sleep(0)

    assert len(asyncio.all_tasks()) == 1
