"""Who may work at once, and who goes next."""

import asyncio

from bot.engine.slots import Slots
from bot.runs import RepositoryRef


def repository(number: int = 1, installation: int = 1) -> RepositoryRef:
    return RepositoryRef(id=number, full_name=f"acme/{number}", installation_id=installation)


class Office:
    """Workers that hold a slot until they are told to go."""

    def __init__(self, slots: Slots) -> None:
        self.slots = slots
        self.at_work: list[str] = []
        self._may_go: dict[str, asyncio.Event] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}

    async def comes(self, name: str, where: RepositoryRef, priority: int = 0) -> None:
        self._may_go[name] = asyncio.Event()

        async def work() -> None:
            async with self.slots.take(where, priority):
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
    return Office(Slots(worker=worker, repository=each, installation=installation))


async def test_no_more_work_than_there_are_slots() -> None:
    there = office(worker=2)
    for name in "abc":
        await there.comes(name, repository())

    assert there.at_work == ["a", "b"]
    assert there.slots.place(repository()) == 2
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
    assert there.slots.place(repository()) == 1
    await there.close()
