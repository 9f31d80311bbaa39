"""Turns over several workers of one PostgreSQL: limits and fairness hold over all of them."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import cast

import pytest

from bot.engine.cluster.fairness import Limits, Want
from bot.engine.cluster.slots import Withdrawn
from bot.engine.cluster.turns import ClusterTurns, Elsewhere
from bot.engine.queueing import QueueActs
from bot.engine.writer import Writer
from bot.runs import Stop
from bot.store import runs
from bot.store.cluster import turns, workers
from bot.store.cluster.turns import Turn
from bot.store.cluster.workers import Worker
from bot.store.database import Database
from tests.store.rows import a_run

pytestmark = pytest.mark.slow
PATIENCE = 150.0


@dataclass(slots=True)
class Desk:
    """A worker: what it begins works until it is told to go."""

    turns: ClusterTurns
    at_work: list[str] = field(default_factory=list)
    _going: dict[str, asyncio.Event] = field(default_factory=dict)
    _tasks: dict[str, asyncio.Task[None]] = field(default_factory=dict)

    async def begin(self, turn: Turn) -> None:
        """Begin a child whose parent waits elsewhere, or run one that was recovered here."""
        self._going[turn.child] = asyncio.Event()
        self._tasks[turn.child] = asyncio.create_task(self._work(turn))

    async def _work(self, turn: Turn) -> None:
        async with self.turns.take(want(turn.child, turn.repository_id, turn.installation_id)):
            self.at_work.append(turn.child)
            await self._going[turn.child].wait()
        self.at_work.remove(turn.child)

    async def comes(self, child: str, repository: int = 1, installation: int = 1) -> None:
        """A parent here wants its child to begin."""

        async def come() -> None:
            there = want(child, repository, installation)
            await self.turns.come(there, "work", {})
            if child in self.turns._mine:
                await self.begin(turn(child, repository, installation))

        self._tasks[f"{child} comes"] = asyncio.create_task(come())

    async def goes(self, child: str) -> None:
        self._going[child].set()
        await self._tasks[child]

    def ended(self, child: str) -> bool:
        return self._tasks[child].done()

    def why(self, child: str) -> BaseException | None:
        """What ended it before its time."""
        return self._tasks[child].exception()

    @property
    def left(self) -> list[str]:
        """What went on elsewhere."""
        gone = (child for child in self._tasks if self.ended(child))
        return [child for child in gone if isinstance(self.why(child), Elsewhere)]

    async def close(self) -> None:
        for task in self._tasks.values():
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)


def want(child: str, repository: int = 1, installation: int = 1) -> Want:
    return Want(
        child=child,
        run_id=child,
        repository_id=repository,
        installation_id=installation,
        person="ana",
    )


def turn(child: str, repository: int = 1, installation: int = 1) -> Turn:
    return Turn(
        child=child,
        run_id=child,
        kind="work",
        part={},
        repository_id=repository,
        installation_id=installation,
        person="ana",
    )


def worker(name: str, slots: int) -> Worker:
    return Worker(name=name, life="-", version="-", pid=0, host="-", slots=slots)


@dataclass(slots=True)
class Office:
    database: Database
    desks: list[Desk] = field(default_factory=list)
    carried: set[str] = field(default_factory=set)
    """Children whose workflows the engine carries somewhere else."""
    _loops: list[asyncio.Task[None]] = field(default_factory=list)

    async def close(self) -> None:
        for desk in self.desks:
            await desk.close()
        for loop in self._loops:
            loop.cancel()
        await asyncio.gather(*self._loops, return_exceptions=True)
        await self.database.close()

    async def desk(self, slots: int = 1, limits: Limits | None = None) -> Desk:
        name = f"w{len(self.desks)}"
        await self.database.write(lambda c: workers.claim(c, worker(name, slots)))
        limits = limits or Limits(repository=9, installation=9)
        own = ClusterTurns(
            database=self.database, worker=slots, limits=limits, me=name, news=asyncio.Event()
        )
        made = Desk(own)
        own.begin, own.exists, own.pass_on = made.begin, self._exists, self._pass_on
        self.desks.append(made)
        self._loops.append(asyncio.create_task(own.run()))
        return made

    def watch(self, desk: Desk) -> None:
        """Have it look after those who wait there, as a service does."""
        writer = SimpleNamespace(shop=SimpleNamespace(database=self.database))
        acts = QueueActs(cast(Writer, writer), desk.turns)
        self._loops.append(asyncio.create_task(acts.keep_telling()))

    async def _exists(self, child: str) -> bool:
        return child in self.carried

    async def _pass_on(self, child: str) -> None:
        """The engine of the next desk is the first that comes."""
        desk = next(d for d in self.desks if child not in d._going)
        await desk.begin(turn(child))

    @property
    def at_work(self) -> list[str]:
        return sorted(child for desk in self.desks for child in desk.at_work)

    async def asked(self, count: int) -> None:
        """Wait until so many turns are in the database, those at work among them."""
        async with asyncio.timeout(PATIENCE):
            while len(await self.database.read(turns.listing)) != count:
                await asyncio.sleep(0.05)

    async def until(self, seen: Callable[[], bool]) -> None:
        async with asyncio.timeout(PATIENCE):
            while not seen():
                await asyncio.sleep(0.05)


@pytest.fixture
async def office(postgresql_url: str) -> AsyncIterator[Office]:
    there = Office(await Database.open(postgresql_url))
    yield there
    await there.close()


async def test_a_child_begins_on_whichever_worker_has_room(office: Office) -> None:
    first, second = await office.desk(), await office.desk()

    for child in ("a", "b", "c"):
        await first.comes(child)

    await office.until(lambda: len(first.at_work) == len(second.at_work) == 1)
    gone = second.at_work[0]
    await second.goes(gone)
    await office.until(lambda: len(office.at_work) == 2 and gone not in office.at_work)


async def test_a_repository_has_its_limit_over_all_workers(office: Office) -> None:
    two = Limits(repository=2, installation=9)
    desks = [await office.desk(slots=4, limits=two) for _ in range(3)]
    for n in range(6):
        await desks[n % 3].comes(f"noisy-{n}", repository=1)
    await office.until(lambda: len(office.at_work) == 2)

    await desks[0].comes("quiet", repository=2)

    await office.until(lambda: "quiet" in office.at_work)
    assert len(office.at_work) == 3


async def test_one_noisy_repository_starves_no_other(office: Office) -> None:
    desk = await office.desk()
    for n in range(20):
        await desk.comes(f"noisy-{n}", repository=1)
    await office.until(lambda: len(office.at_work) == 1)
    await desk.comes("quiet", repository=2)
    await office.asked(21)

    await desk.goes(office.at_work[0])

    await office.until(lambda: office.at_work == ["quiet"])


async def test_a_turn_of_a_dead_worker_that_had_not_begun_goes_to_another(office: Office) -> None:
    await office.database.write(lambda c: turns.ask(c, turn("a")))
    await office.database.write(
        lambda c: turns.claim(c, "dead", lambda waiting, *_: waiting, lambda _: [])
    )
    desk = await office.desk()
    await asyncio.sleep(1.5)
    assert desk.at_work == []

    await office.database.write(lambda c: turns.release(c, "dead"))

    await office.until(lambda: desk.at_work == ["a"])


async def test_a_child_recovered_on_a_full_worker_goes_on_where_there_is_room(
    office: Office,
) -> None:
    full, free = await office.desk(), await office.desk()
    await full.turns.come(want("busy"), "work", {})
    await full.begin(turn("busy"))
    await office.until(lambda: full.at_work == ["busy"])

    await full.begin(turn("recovered"))

    await office.until(lambda: free.at_work == ["recovered"])
    await office.until(lambda: full.left == ["recovered"])
    assert full.at_work == ["busy"]
    assert full.turns.waiting == set()


async def test_a_child_recovered_where_all_are_full_begins_with_the_first_room(
    office: Office,
) -> None:
    desks = [await office.desk(), await office.desk()]
    for child in ("a", "b"):
        await desks[0].comes(child)
    await office.until(lambda: office.at_work == ["a", "b"])
    await desks[0].begin(turn("recovered"))
    await office.until(lambda: desks[0].turns.waiting == {"recovered"})
    gone = desks[1].at_work[0]

    await desks[1].goes(gone)

    await office.until(lambda: desks[1].at_work == ["recovered"])


async def test_a_child_that_ended_before_it_took_its_turn_keeps_no_slot(office: Office) -> None:
    desk = await office.desk()
    await desk.turns.come(want("stopped"), "work", {})

    await desk.turns.let_go("stopped")

    await desk.comes("next")
    await office.until(lambda: desk.at_work == ["next"])


async def test_a_turn_whose_workflow_goes_on_elsewhere_keeps_no_slot(office: Office) -> None:
    office.carried.add("begun")  # by a worker that died before it had noted that
    await office.database.write(lambda c: turns.ask(c, turn("begun")))
    desk = await office.desk()

    await desk.comes("next")

    await office.until(lambda: desk.at_work == ["next"])


async def test_what_is_withdrawn_lets_its_parent_go_on(office: Office) -> None:
    desk = await office.desk()
    await desk.comes("busy")
    await office.until(lambda: desk.at_work == ["busy"])
    coming = asyncio.create_task(desk.turns.come(want("waits"), "work", {}))
    await office.asked(2)

    await desk.turns.withdraw("waits")

    async with asyncio.timeout(PATIENCE):
        await coming


@pytest.mark.parametrize("stopped", ["by_this_worker", "by_another"])
async def test_a_recovered_child_that_waits_for_room_ends_with_its_run(
    office: Office, stopped: str
) -> None:
    desk = await office.desk()
    await desk.comes("busy")
    await office.until(lambda: desk.at_work == ["busy"])
    run = a_run(stop=Stop(by="ana", reason="enough"))
    await desk.begin(turn(run.id))
    await office.asked(2)

    if stopped == "by_this_worker":
        await desk.turns.withdraw(run.id)
    else:
        await office.database.write(lambda c: runs.insert(c, run))
        office.watch(desk)

    await office.until(lambda: desk.ended(run.id))
    await office.asked(1)
    assert isinstance(desk.why(run.id), Withdrawn)
    assert desk.turns.waiting == set()
    await desk.goes("busy")
    await desk.comes("next")
    await office.until(lambda: desk.at_work == ["next"])
