"""Who may work at once, and who goes next."""

import asyncio

import pytest

from bot.engine.cluster.fairness import MOST_SERVED, Limits, Load, Want, line
from bot.engine.cluster.slots import Slots, Withdrawn

Where = tuple[int, int]


def repository(number: int = 1, installation: int = 1) -> Where:
    return number, installation


def want(name: str, where: Where, priority: int = 0, person: str = "ana") -> Want:
    return Want(
        child=name,
        run_id=name,
        repository_id=where[0],
        installation_id=where[1],
        person=person,
        priority=priority,
    )


class Office:
    """Workers that hold a slot until they are told to go."""

    def __init__(self, slots: Slots) -> None:
        self.slots = slots
        self.at_work: list[str] = []
        self._may_go: dict[str, asyncio.Event] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}

    async def comes(self, name: str, where: Where, priority: int = 0, person: str = "ana") -> None:
        self._may_go[name] = asyncio.Event()

        async def work() -> None:
            async with self.slots.take(want(name, where, priority, person)):
                self.at_work.append(name)
                await self._may_go[name].wait()
            self.at_work.remove(name)

        self._tasks[name] = asyncio.create_task(work())
        await self.quiet()

    async def goes(self, name: str) -> None:
        self._may_go[name].set()
        await self._tasks[name]
        await self.quiet()

    async def gives_up(self, name: str) -> None:
        self._tasks[name].cancel()
        await asyncio.wait([self._tasks[name]])
        await self.quiet()

    async def quiet(self) -> None:
        for _ in range(5):
            await asyncio.sleep(0)

    async def close(self) -> None:
        for task in self._tasks.values():
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)


def office(worker: int = 2, each: int = 2, installation: int = 4) -> Office:
    limits = Limits(repository=each, installation=installation)
    return Office(Slots(worker=worker, limits=limits))


async def test_no_more_work_than_there_are_slots() -> None:
    there = office(worker=2)
    for name in "abc":
        await there.comes(name, repository())

    assert there.at_work == ["a", "b"]
    assert await there.slots.place(want("new", repository())) == 2
    await there.goes("a")
    assert there.at_work == ["b", "c"]
    await there.close()


async def test_who_cannot_begin_holds_up_nobody_of_another_repository() -> None:
    there = office(worker=3, each=1)
    await there.comes("a", repository(1))
    await there.comes("b", repository(1))
    await there.comes("c", repository(2))

    assert there.at_work == ["a", "c"]
    await there.close()


async def test_an_installation_has_its_own_limit() -> None:
    there = office(worker=9, each=9, installation=1)
    await there.comes("a", repository(1, installation=1))
    await there.comes("b", repository(2, installation=1))
    await there.comes("c", repository(3, installation=2))

    assert there.at_work == ["a", "c"]
    await there.close()


async def test_a_higher_priority_goes_first() -> None:
    there = office(worker=1)
    await there.comes("a", repository())
    await there.comes("b", repository())
    await there.comes("c", repository(), priority=1)

    await there.goes("a")

    assert there.at_work == ["c"]
    await there.close()


async def test_who_gives_up_waiting_or_working_leaves_the_slot_to_the_next() -> None:
    there = office(worker=1)
    for name in "abc":
        await there.comes(name, repository())

    await there.gives_up("b")
    await there.gives_up("a")

    assert there.at_work[-1] == "c"
    assert await there.slots.place(want("new", repository())) == 1
    await there.close()


async def test_who_is_withdrawn_waits_no_more_and_keeps_no_slot() -> None:
    slots = office(worker=1).slots
    first, second, third = (want(name, repository()) for name in ("first", "second", "third"))
    async with slots.take(first):
        waits = asyncio.create_task(_take(slots, second))
        await asyncio.sleep(0)

        await slots.withdraw(second.run_id)

        async with asyncio.timeout(10):
            with pytest.raises(Withdrawn):
                await waits
    async with asyncio.timeout(10):
        await _take(slots, third)


async def _take(slots: Slots, what: Want) -> None:
    async with slots.take(what):
        pass


async def test_one_noisy_repository_cannot_starve_another() -> None:
    there = office(worker=1)
    for n in range(20):
        await there.comes(f"noisy-{n}", repository(1))
    await there.comes("quiet", repository(2))

    await there.goes("noisy-0")

    assert there.at_work == ["quiet"]
    await there.close()


async def test_installations_take_turns_before_their_repositories_do() -> None:
    there = office(worker=1)
    for n in range(4):
        await there.comes(f"many-{n}", repository(n, installation=1))
    await there.comes("single-0", repository(10, installation=2))
    await there.comes("single-1", repository(10, installation=2))

    seen = [*there.at_work]
    for _ in range(3):
        await there.goes(there.at_work[-1])
        seen += there.at_work

    assert seen == ["many-0", "single-0", "many-1", "single-1"]
    await there.close()


async def test_people_of_one_repository_take_turns() -> None:
    there = office(worker=1)
    for n in range(3):
        await there.comes(f"ana-{n}", repository())
    await there.comes("bob", repository(), person="bob")

    await there.goes("ana-0")

    assert there.at_work == ["bob"]
    await there.close()


async def test_a_priority_counts_in_its_own_repository_only() -> None:
    there = office(worker=1)
    await there.comes("a", repository(1))
    await there.comes("loud", repository(1), priority=9)
    await there.comes("quiet", repository(2))

    await there.goes("a")

    assert there.at_work == ["quiet"]
    await there.close()


async def test_nobody_begins_while_all_is_paused() -> None:
    there = office(worker=2)
    there.slots.open(on=False)
    await there.comes("a", repository())

    assert there.at_work == []
    there.slots.open(on=True)
    await there.quiet()
    assert there.at_work == ["a"]
    await there.close()


async def test_the_queue_is_told_in_the_order_in_which_it_will_begin() -> None:
    there = office(worker=1)
    for name, where in (("a", 1), ("b", 1), ("c", 1), ("d", 2)):
        await there.comes(name, repository(where))

    assert [each.child for each in await there.slots.queue()] == ["d", "b", "c"]
    assert there.at_work == ["a"]
    await there.close()


def test_of_endless_repositories_the_newest_turns_are_known() -> None:
    load = Load()
    for number in range(2 * MOST_SERVED):
        load.take(want(str(number), repository(number, number)))
        load.release(want(str(number), repository(number, number)))

    assert len(load.served) <= MOST_SERVED
    newest = 2 * MOST_SERVED - 1
    numbers = (newest, newest - 1, 0)
    wants = [want(str(number), repository(number, number)) for number in numbers]
    assert line(wants, load) == wants[::-1]
