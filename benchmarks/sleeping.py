"""A worker whose agent sleeps: the real engine with turns and heartbeat, no git, no GitHub.

A program of its own (`python -c "from benchmarks.sleeping import main; main()" …`): DBOS is one
for a process. It says a line on stdout when it works, and counts on for ever.
"""

import asyncio
import json
import os
import resource
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import bot.cli.service  # noqa: F401 (what a worker has in memory)
from bot.cli import serve
from bot.engine.cluster.fairness import Limits, Want
from bot.engine.cluster.member import Member
from bot.engine.cluster.turns import ClusterTurns
from bot.engine.engine import Engine
from bot.engine.gates.overlap import Standing
from bot.engine.gates.plans import Waiting
from bot.engine.outcome import GO_ON, Opening, Verdict
from bot.pipeline import definition
from bot.runs import Json, Publish, Run, RunStatus, StageStatus, Start
from bot.store import runs
from bot.store.database import Database
from tests.store.rows import a_run

AGENT_SECONDS = 0.2
WEEK = 7 * 86400.0


@dataclass(slots=True)
class Idle:
    """Acts of which each answers at once that all is well."""

    database: Database
    waits: bool
    """Plans wait for people."""
    __name__: str = "act"

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return replace(self, __name__=name)

    async def __call__(self, run_id: str, *_: object) -> Json:
        match self.__name__:
            case "open":
                pipeline = definition.load("fix")
                plan, work = pipeline.preparing[-1:], pipeline.working[:1]
                answer: Any = Opening(preparing=plan, working=work, publish=Publish.COMMENT)
            case "has_room":
                return True
            case "left":
                return None
            case "finish":
                done = RunStatus.DONE
                await self.database.write(lambda c: runs.update(c, run_id, status=done))
                answer = GO_ON
            case _:
                answer = GO_ON
        return answer.model_dump(mode="json")

    @property
    def plans(self) -> "Plans":
        return Plans(self.waits)

    @property
    def overlap(self) -> "Overlap":
        return Overlap()

    def announcing(self, _: Publish) -> tuple[Any, ...]:
        return (self.comment,)

    asking_people = asked_people = progressing = publishing = concluding = announcing


@dataclass(frozen=True, slots=True)
class Plans:
    waits: bool

    async def look(self, _: str) -> Json:
        return Waiting(passed=not self.waits, seconds=WEEK).model_dump(mode="json")


@dataclass(frozen=True, slots=True)
class Overlap:
    async def look(self, _: str) -> Json:
        return Standing(passed=True).model_dump(mode="json")


@dataclass(frozen=True, slots=True)
class Bed:
    """In the place of a bench: its agent sleeps."""

    run_id: str

    async def baseline(self) -> Json:
        return Verdict(status=StageStatus.PASSED).model_dump(mode="json")

    async def try_stage(self, *_: object) -> Json:
        await asyncio.sleep(AGENT_SECONDS)
        return Verdict(status=StageStatus.PASSED).model_dump(mode="json")


@dataclass(frozen=True, slots=True)
class Beds:
    turns: ClusterTurns

    async def refuses(self, _: str) -> bool:
        return False

    async def come(self, run_id: str, flow: str, kind: str, part: Json) -> None:
        await self.turns.come(_want(run_id, flow), kind, part)

    @asynccontextmanager
    async def take(self, run_id: str, flow: str) -> AsyncIterator[Bed]:
        async with self.turns.take(_want(run_id, flow)):
            yield Bed(run_id)


def _want(run_id: str, flow: str) -> Want:
    return Want(child=flow, run_id=run_id, repository_id=1, installation_id=1, person="ana")


def some_run(n: int) -> Run:
    return a_run(f"{n:012x}", issue=n, publish=Publish.COMMENT)


async def work(name: str, *, slots: int, starts: int, waits: bool) -> None:
    """Be a worker; begin so many runs, as the one that dispatches does."""
    database = await Database.open(os.environ["BENCH_URL"])
    member = Member.of(database, database.url, name, slots)
    await member.join()
    everything = Limits(repository=10**6, installation=10**6)
    turns = ClusterTurns(
        database=database, worker=slots, limits=everything, me=name, news=member.news
    )
    acts: Any = Idle(database, waits)
    beds: Any = Beds(turns)
    engine = Engine(database=database, path=Path("unused"), acts=acts, benches=beds, executor=name)
    engine.launch()
    serve._spare_the_collector()
    async with asyncio.TaskGroup() as group:
        group.create_task(member.keep())
        group.create_task(turns.run())
        say({"ready": name})
        await asyncio.to_thread(sys.stdin.readline)
        for n in range(starts):
            await engine.start(Start(run=some_run(n)))
        say({"started": starts})
        while await asyncio.to_thread(sys.stdin.readline):
            used = resource.getrusage(resource.RUSAGE_SELF)
            say({"cpu": used.ru_utime + used.ru_stime, "rss": _rss()})


def _rss() -> float:
    """MB in memory now."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 1e6


def say(line: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


def main() -> None:
    name, slots, starts, waits = sys.argv[1:]
    serve._share_one_heap()  # as `coppice serve` does
    asyncio.run(work(name, slots=int(slots), starts=int(starts), waits=waits == "waits"))
