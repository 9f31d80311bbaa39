"""Several workers of one PostgreSQL database, each a process with a data directory of its own."""

import asyncio
import signal
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from bot.cli.workers import facts
from tests import postgres
from tests.service.world import Json, Program, World, world

QUICK = "verify: {test: 'true'}\nlimits: {open_pull_requests: 100}\n"


@dataclass(slots=True)
class Workers:
    """A world whose service is one worker, `a`, and the others beside it."""

    there: World
    others: dict[str, Program] = field(default_factory=dict)

    async def join(self, name: str, **settings: str) -> Program:
        """Start one more worker."""
        folder = self.there.folder / name
        environment = {
            **self.there.settings,
            "COPPICE_WORKER": name,
            "COPPICE_DATA_DIR": str(folder),
            "COPPICE_PORT": "0",
            **settings,
        }
        log = self.there.folder / f"{name}.log"
        arguments = ("serve", "--role", "worker")
        self.others[name] = await Program.start(log, arguments, environment, forked=True)
        return self.others[name]

    def signal(self, name: str, what: signal.Signals) -> None:
        self.others[name].process.send_signal(what)

    def log(self, name: str) -> str:
        return (self.there.folder / f"{name}.log").read_text()

    async def at_work(self) -> dict[str, list[str]]:
        """The runs that each worker has at work, by its name."""
        listed = await (await self.there._stored()).read(facts)
        found = {each["name"]: [run["id"] for run in each["runs"]] for each in listed}
        return defaultdict(list, found)  # one that has just been started is not listed yet

    async def quiet(self) -> list[Json]:
        """Wait until nothing more is written to GitHub; answer what was."""
        seen: list[Json] = []
        async with asyncio.timeout(150):
            while (now := await self.there.writes()) != seen:
                seen = now
                await asyncio.sleep(4)
        return seen

    async def slow_issues(self, count: int, seconds: float) -> list[int]:
        """Open issues whose agent takes so long, and label them."""
        issues = [await self.there.issue() for _ in range(count)]
        for issue in issues:
            step = {"write": f"NOTES-{issue}.md", "text": "A note.\n"}
            self.there.script(issue, [{"hang": seconds}, step])
            await self.there.label(issue)
        return issues

    async def all_ended(self, issues: list[int], *, seconds: float) -> list[Json]:
        def seen(rows: list[Json]) -> bool:
            ended = {r["issue"] for r in rows if r["status"] in ("done", "failed", "blocked")}
            return ended.issuperset(issues)

        rows = await self.there.until(seen, seconds=seconds)
        return [row for row in rows if row["issue"] in issues]


@asynccontextmanager
async def workers(folder: Path, **settings: str) -> AsyncIterator[Workers]:
    server = postgres.shared()
    url = server.fresh(engine=True)
    more = {"COPPICE_DATABASE_URL": url, "COPPICE_WORKER": "a", "COPPICE_LIMIT_REPOSITORY": "100"}
    more |= {"COPPICE_LIMIT_INSTALLATION": "100"}
    async with world(folder, forked=True, **{**more, **settings}) as there:
        await there.write_file(".github/coppice.yml", QUICK)
        crew = Workers(there)
        try:
            yield crew
        finally:
            for program in crew.others.values():
                await program.kill()  # a stopped one too
