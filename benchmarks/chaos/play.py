"""Play the stories twice, once in chaos and once undisturbed."""

import asyncio
import random
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.chaos import books, picture
from benchmarks.chaos.arena import Arena, arena
from benchmarks.chaos.killer import Killer
from benchmarks.chaos.person import Person, WaitedInVain
from benchmarks.chaos.stories import Story, homes_of, plot
from benchmarks.chaos.weather import Weather
from tests import postgres

AT_ONCE = 5
"""Stories that people play side by side."""
SECONDS_A_STORY = 4
"""At most so fast do stories come to an end on any machine."""
BEGINNING = 0.75
"""The part of the time in which stories begin; then those begun go on."""
LOOK_SECONDS = 0.2


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """How long and how much; with ``runs`` the time does not count."""

    seed: int
    database: str = "sqlite"
    seconds: float = 0.0
    runs: int = 0
    kills: int = 0
    calm: bool = False
    """Break nothing: shows that two undisturbed plays look the same."""

    @property
    def most(self) -> int:
        """Stories that there are issues for."""
        return self.runs or max(8, int(self.seconds / SECONDS_A_STORY))


@dataclass(slots=True)
class Played:
    """What was left when a play was over."""

    begun: list[Story]
    picture: picture.Picture
    endings: Counter[str]
    books: books.Books
    in_vain: list[str] = field(default_factory=list)
    killed: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)


async def in_chaos(wish: Wish, folder: Path) -> Played:
    """Play as many stories as the wish has time for, while everything breaks."""
    stories = plot(wish.most)
    async with AsyncExitStack() as stack:
        url = ""
        if wish.database == "postgresql":
            url = stack.enter_context(postgres.running(fsync="on")).empty()
        here = await stack.enter_async_context(arena(folder, stories, url))
        siege = Siege(
            wish,
            Killer(here, random.Random(f"kills {wish.seed}")),
            Weather(here.door, random.Random(f"faults {wish.seed}")),
        )
        async with nullcontext() if wish.calm else siege.laid():
            begun, in_vain = await people(here, stories, siege.may_begin)
        played = await _look(here, stories, begun)
        played.in_vain = in_vain
        played.killed, played.faults = siege.killer.killed, siege.weather.asked
        return played


async def at_once(_begun: int) -> bool:
    """Let every story begin."""
    return True


async def undisturbed(stories: Sequence[Story], begun: Sequence[Story], folder: Path) -> Played:
    """Play the same stories in peace, on a database of its own."""
    async with arena(folder, stories, "") as here:
        _, in_vain = await people(here, begun, at_once)
        played = await _look(here, stories, list(begun))
        played.in_vain = in_vain
        return played


@dataclass(slots=True)
class Siege:
    """Kills and faults, until the time is over or enough was killed."""

    wish: Wish
    killer: Killer
    weather: Weather
    began: float = field(default_factory=time.monotonic)
    relieved: bool = False

    async def may_begin(self, begun: int) -> bool:
        """Say whether one more story may begin; where kills are counted, they keep pace."""
        if not self.wish.runs:
            return self._gone < BEGINNING * self.wish.seconds
        share = max(0, begun - AT_ONCE) / self.wish.runs
        while True:
            if self.wish.calm or self.killer.killed.total() >= share * self.wish.kills:
                return True
            await asyncio.sleep(LOOK_SECONDS)

    @property
    def _gone(self) -> float:
        return time.monotonic() - self.began

    @property
    def _over(self) -> bool:
        if self.wish.runs:
            return self.relieved and self.killer.killed.total() >= self.wish.kills
        return self._gone > self.wish.seconds

    @asynccontextmanager
    async def laid(self) -> AsyncIterator[None]:
        """Let both loose; what was killed last is started again, no fault stays."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._rage())
            yield
            self.relieved = True

    async def _rage(self) -> None:
        async with asyncio.TaskGroup() as group:
            storm = group.create_task(self.weather.storm())
            while not self._over:
                await self.killer.strike()
            storm.cancel()
        await self.weather.clear()
        say(f"no more kills or faults after {self._gone:.0f} s")


async def people(
    here: Arena, stories: Sequence[Story], may_begin: Callable[[int], Awaitable[bool]]
) -> tuple[list[Story], list[str]]:
    """Have people play, some at once; answer the stories that were begun, and what never came.

    ``may_begin`` hears how many were, one after the other, and may take its time.
    """
    waiting = iter(stories)
    turn = asyncio.Lock()
    begun: list[Story] = []
    in_vain: list[str] = []

    async def one_after_the_other() -> None:
        for story in waiting:
            async with turn:
                if not await may_begin(len(begun)):
                    return
                begun.append(story)
            try:
                await Person(here.hub(story.home), story).play()
                say(f"played {story.home.full_name}#{story.issue}")
            except WaitedInVain as error:
                say(str(error))
                in_vain.append(str(error))

    async with asyncio.TaskGroup() as group:
        for _ in range(AT_ONCE):
            group.create_task(one_after_the_other())
    return begun, in_vain


async def _look(here: Arena, stories: Sequence[Story], begun: list[Story]) -> Played:
    database = await here.database()
    try:
        stuck = await books.settle(here, database)
        audit = await books.audit(here, database, stuck)
        endings = await books.endings(database)
    finally:
        await database.close()
    seen = await picture.take(here, homes_of(stories))
    return Played(begun=begun, picture=seen, endings=endings, books=audit)


def say(text: str) -> None:
    print(f"{time.strftime('%X')} chaos: {text}", file=sys.stderr, flush=True)
