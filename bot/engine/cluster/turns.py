"""Turns of several workers: limits and fairness hold over all that share a database.

Who waits is a row. A worker with room takes the one whose turn it is and begins its child itself,
so that no child waits in a worker that is busy. One loop talks to the database for all children.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, field
from functools import partial

from bot.engine.cluster.fairness import Limits, Load, Want, choose, line
from bot.engine.cluster.slots import Withdrawn
from bot.runs import Json
from bot.store.cluster import turns, workers
from bot.store.cluster.turns import Scope, Turn
from bot.store.cluster.workers import WorkerState
from bot.store.database import Connection, Database

LOOK_SECONDS = 1.0  # behind the news, which may be lost
_log = logging.getLogger(__name__)

Begin = Callable[[Turn], Awaitable[None]]
"""Starts the workflow of a child whose parent waits elsewhere."""
Exists = Callable[[str], Awaitable[bool]]
"""Is there a workflow of this id?"""
PassOn = Callable[[str], Awaitable[None]]
"""Takes a workflow from this worker: whichever worker comes first goes on with it."""


class Elsewhere(Exception):
    """The workflow goes on on another worker; nothing that this one says of it counts any more."""


@dataclass(slots=True, kw_only=True)
class ClusterTurns:
    """The turns as one worker takes them; `run` has to run."""

    database: Database
    worker: int
    """How many there are here."""
    limits: Limits
    me: str
    news: asyncio.Event
    """Set when another worker has something to tell."""
    begin: Begin | None = None
    exists: Exists | None = None
    pass_on: PassOn | None = None
    _open: bool = True
    _mine: set[str] = field(default_factory=set)
    """Those that work here, or are about to."""
    _coming: dict[str, tuple[Turn, asyncio.Future[None]]] = field(default_factory=dict)
    """Parents here that wait for their children's turns."""
    _staying: dict[str, tuple[Want, asyncio.Future[None]]] = field(default_factory=dict)
    """Bodies here that wait: their workflows were recovered."""
    _asked: list[Turn] = field(default_factory=list)
    _gave_back: asyncio.Event = field(default_factory=asyncio.Event)
    _starts: set[asyncio.Task[None]] = field(default_factory=set)

    async def come(self, want: Want, kind: str, part: Json) -> None:
        """Wait until the child may begin: here (then it has its turn), or it has elsewhere."""
        there: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        turn = _turn(want, kind, part)
        self._coming[want.child] = turn, there
        self._asked.append(turn)
        self.news.set()
        try:
            await there
        finally:
            self._coming.pop(want.child, None)

    @asynccontextmanager
    async def take(self, want: Want) -> AsyncIterator[None]:
        """Have the turn of a child whose body runs here, waiting for it where it was recovered.

        Raises Elsewhere where another worker had room for it first, and Withdrawn where the run
        was told to end meanwhile.
        """
        if want.child not in self._mine:
            await self._stay(want)
        try:
            yield
        finally:
            self._mine.discard(want.child)
            self._gave_back.set()
            await asyncio.shield(self._give_back(want.child))

    async def let_go(self, child: str) -> None:
        """Give the turn back of a child that has ended before it took it."""
        if child in self._mine:
            self._mine.discard(child)
            self._gave_back.set()
            await asyncio.shield(self._give_back(child))

    async def idle(self) -> None:
        """Wait until nothing works here any more."""
        while self._mine:
            self._gave_back.clear()
            await self._gave_back.wait()

    @property
    def waiting(self) -> set[str]:
        """The children that wait, as far as this worker has to do with them."""
        return (set(self._coming) - self._mine) | set(self._staying)

    async def queue(self) -> list[Want]:
        """List those of all workers that wait, in the order in which they will begin."""
        return await self.database.read(_line)

    async def place(self, want: Want) -> int | None:
        """A child asks when it has its turn."""
        return None

    async def total(self) -> int:
        """How many can work at once, on all workers."""
        return await self.database.read(workers.living) or self.worker

    async def withdraw(self, run_id: str) -> None:
        """Forget what a run waits for; its parent then begins the child here, to end it.

        One that was recovered and waits here ends, too, as the engine would end it with its next
        step only. Elsewhere its own worker sees to that (`QueueActs.keep_telling`).
        """
        for want, there in self._staying.values():
            if want.run_id == run_id and not there.done():
                there.set_exception(Withdrawn(want.child))

        def withdraw(c: Connection) -> None:
            turns.withdraw(c, run_id)
            turns.tell(c)

        await self.database.write(withdraw)

    def open(self, *, on: bool) -> None:
        """Take no turns any more, or again."""
        self._open = on
        self.news.set()

    async def run(self) -> None:
        """Take turns as there is room, for ever."""
        while True:
            self.news.clear()
            await self._ask()
            await self._take()
            await self._answer()
            await self._pass_on()
            try:
                async with asyncio.timeout(LOOK_SECONDS):
                    await self.news.wait()
            except TimeoutError:
                continue

    async def _ask(self) -> None:
        """Write down who came since; who comes again after a restart may be at work already."""
        asked, self._asked = self._asked, []
        for turn in asked:
            if self.exists is not None and await self.exists(turn.child):
                self._let(turn.child)
            else:
                await self.database.write(partial(turns.ask, turn=turn))

    async def _take(self) -> None:
        room = self.worker - len(self._mine)
        if not self._open or room <= 0:
            return
        if not await self.database.read(lambda c: turns.any_waiting(c, self.me)):
            return

        def pick(
            waiting: Sequence[Turn], held: Sequence[Turn], served: Mapping[Scope, float]
        ) -> list[Turn]:
            load = Load.of(map(_want, held), served)
            chosen = choose([_want(turn) for turn in waiting], load, self.limits, room)
            rows = {turn.child: turn for turn in waiting}
            return [rows[want.child] for want in chosen]

        taken = await self.database.write(
            lambda c: turns.claim(c, self.me, pick, lambda turn: _want(turn).scopes)
        )
        for turn in taken:
            self._mine.add(turn.child)
            await self._hand_out(turn)

    async def _hand_out(self, turn: Turn) -> None:
        """Give a turn to whoever waits for it here, or begin the child for a parent elsewhere."""
        staying = self._staying.pop(turn.child, None)
        if staying is not None and not staying[1].done():
            staying[1].set_result(None)
        elif self.exists is not None and await self.exists(turn.child):
            # whoever began it died before he had noted that: it is recovered, here or elsewhere
            await self.let_go(turn.child)
            self._let(turn.child)
        elif turn.child in self._coming:
            await self.database.write(lambda c: turns.begun(c, [turn.child]))
            self._let(turn.child)
        elif self.begin is not None:
            start = asyncio.create_task(self._start(turn))
            self._starts.add(start)
            start.add_done_callback(self._starts.discard)

    async def _start(self, turn: Turn) -> None:
        if self.begin is None:
            return
        await self.begin(turn)

        def begun(c: Connection) -> None:
            turns.begun(c, [turn.child])
            turns.tell(c)

        await self.database.write(begun)

    async def _answer(self) -> None:
        """Let parents here go on whose children have begun elsewhere, or never will."""
        waiting = [child for child in self._coming if child not in self._mine]
        if not waiting:
            return
        rows = await self.database.read(lambda c: turns.state(c, waiting))
        for child in waiting:
            row = rows.get(child)
            fresh = any(turn.child == child for turn in self._asked)
            if not fresh and (row is None or (row.worker is not None and row.begun)):
                self._let(child)

    async def _pass_on(self) -> None:
        """Have children that wait here for room go on where there is some."""
        full = len(self._mine) >= self.worker
        if self.pass_on is None or not self._staying or not self._open or not full:
            return
        for child in await self.database.read(partial(_movable, me=self.me, limits=self.limits)):
            waiting = self._staying.pop(child, None)
            if waiting is None or waiting[1].done():
                continue
            await self._give_back(child)
            await self.pass_on(child)
            waiting[1].set_exception(Elsewhere(child))

    async def _stay(self, want: Want) -> None:
        there: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._staying[want.child] = want, there
        turn = _turn(want, "", {})
        if await self.database.write(lambda c: turns.stay(c, turn, self.me)):
            self._staying.pop(want.child, None)
            self._mine.add(want.child)
            return
        self.news.set()
        try:
            await there
        except (asyncio.CancelledError, Withdrawn):
            self._staying.pop(want.child, None)
            await asyncio.shield(self._give_back(want.child))
            raise

    async def _give_back(self, child: str) -> None:
        def done(c: Connection) -> None:
            turns.done(c, child, self.me)
            turns.tell(c)

        await self.database.write(done)
        self.news.set()

    def _let(self, child: str) -> None:
        waiting = self._coming.get(child)
        if waiting is not None and not waiting[1].done():
            waiting[1].set_result(None)


def _turn(want: Want, kind: str, part: Json) -> Turn:
    known = {k: v for k, v in asdict(want).items() if k not in ("asked_at", "only")}
    return Turn(**known, kind=kind, part=part)


def _want(turn: Turn) -> Want:
    left_out = {"kind", "part", "worker", "taken_at", "begun"}
    return Want(**turn.model_dump(exclude=left_out))


def _movable(c: Connection, me: str, limits: Limits) -> list[str]:
    """List the children that wait here, as many as it is their turn for in the room elsewhere."""
    rows = turns.listing(c)
    held = Counter(turn.worker for turn in rows if turn.worker)
    others = [w for w in workers.listing(c) if w.name != me and w.state is WorkerState.ALIVE]
    room = sum(max(0, other.slots - held[other.name]) for other in others)
    waiting = {t.child: t for t in rows if t.worker is None and t.only in (None, me)}
    load = Load.of((_want(turn) for turn in rows if turn.worker), turns.served(c))
    chosen = choose([_want(turn) for turn in waiting.values()], load, limits, room)
    return [want.child for want in chosen if waiting[want.child].only == me]


def _line(c: Connection) -> list[Want]:
    rows = turns.listing(c)
    load = Load.of((_want(turn) for turn in rows if turn.worker), turns.served(c))
    return line([_want(turn) for turn in rows if not turn.worker], load)
