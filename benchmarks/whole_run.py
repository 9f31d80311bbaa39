"""What a whole warm run takes besides the agent and the repository's commands.

The rival is a shell script that does the same writes with git and curl, from a warm clone, and
survives nothing. Each has a forge of its own: GitHub's limit on writes is one for both otherwise.
"""

import asyncio
import os
import subprocess
import tempfile
import time
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import aiohttp

from benchmarks.figure import difference, in_turn, show
from benchmarks.stage import forge_alone, new_issue, until_ended, until_ready
from bot.cli.demo.hub import Write
from bot.cli.demo.result import Kept, timings
from bot.store import runs
from tests.service.world import World, world

SCRIPT = Path(__file__).parent / "rivals" / "same_writes.sh"
RULES = "verify:\n  test: 'true'\nlimits:\n  open_pull_requests: 50\n"
PATCH = """\
--- /dev/null
+++ b/notes/{issue}.md
@@ -0,0 +1 @@
+A note.
"""


async def ours(there: World) -> float:
    """Label an issue; answer the overhead of its run, as `coppice demo --json` counts it."""
    issue = await new_issue(there)
    there.script(issue, [{"write": f"notes/{issue}.md", "text": "A note.\n"}])
    before = len(await there.writes())
    await there.label(issue)
    ended = await until_ended(there, issue)
    if ended["status"] != "done" or there.database is None:
        raise RuntimeError(f"the run ended {ended['status']}: {ended['error']}")
    run = await there.database.read(lambda c: runs.get(c, ended["id"]))
    if run is None:
        raise RuntimeError(f"run {ended['id']} is gone")
    kept = await Kept.read(there.database, run)
    writes = [Write(**row) for row in (await there.writes())[before:]]
    found = timings(kept, writes, sent=writes[0].at, accepted=None)
    return (found["overhead_ms"] or 0) / 1000


@dataclass(frozen=True, slots=True)
class Script:
    """The rival: its forge, a token of its App, a warm clone."""

    there: World
    numbers: "count[int]" = field(default_factory=count)

    @property
    def clone(self) -> Path:
        return self.there.folder / "clone"

    def make_clone(self) -> None:
        command = ("git", "clone", "-q", self._url, str(self.clone))
        subprocess.run(command, check=True, env=self._environment({}))

    @property
    def _url(self) -> str:
        ready = self.there.forge.ready
        return f"{ready['html_url']}/{ready['repository']}.git"

    async def run(self) -> float:
        """Run it; answer how long it took."""
        issue = await new_issue(self.there)
        patch = self.there.folder / "patch"
        patch.write_text(PATCH.format(issue=issue))
        ready = self.there.forge.ready
        installation = f"/app/installations/{ready['installation_id']}/access_tokens"
        environment = self._environment(
            {
                "API": ready["api_url"],
                "GIT_URL": self._url,
                "TOKEN": (await self.there.call_app("POST", installation))["token"],
                "REPO": ready["repository"],
                "ISSUE": str(issue),
                "REVIEWER": ready["users"]["maintainer"]["login"],
                "PATCH": str(patch),
                "BRANCH": f"bot/{next(self.numbers)}",
                "MIRROR": str(self.clone),
            }
        )
        began = time.perf_counter()
        process = await asyncio.create_subprocess_exec("sh", str(SCRIPT), env=environment)
        code = await process.wait()
        took = time.perf_counter() - began
        if code:
            raise RuntimeError(f"{SCRIPT.name} ended with {code}")
        return took

    def _environment(self, more: dict[str, str]) -> dict[str, str]:
        who = {
            f"GIT_{role}_{key}": value
            for role in ("AUTHOR", "COMMITTER")
            for key, value in (("NAME", "Ana"), ("EMAIL", "ana@example.org"))
        }
        return {"PATH": os.environ["PATH"], "HOME": "/nonexistent", **who, **more}


def main() -> None:
    with tempfile.TemporaryDirectory() as name, asyncio.Runner() as runner:

        async def enter() -> tuple[World, Script]:
            folders = [Path(name, part) for part in ("ours", "theirs")]
            for folder in folders:
                folder.mkdir()
            session = await stack.enter_async_context(aiohttp.ClientSession())
            coppice = await stack.enter_async_context(world(folders[0]))
            await until_ready(coppice)
            await coppice.write_file(".github/coppice.yml", RULES)
            script = Script(await stack.enter_async_context(forge_alone(folders[1], session)))
            script.make_clone()
            return coppice, script

        stack = AsyncExitStack()
        try:
            coppice, script = runner.run(enter())
            series = in_turn(lambda: runner.run(ours(coppice)), lambda: runner.run(script.run()))
        finally:
            runner.run(stack.aclose())
    title = "a whole warm run without agent and commands"
    show(difference(title, "a shell script with the same writes", "s", series, most=0.5))


if __name__ == "__main__":
    main()
