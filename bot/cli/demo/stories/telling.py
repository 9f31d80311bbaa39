"""Tell a story: what was done, what was seen, and whether that was right."""

import asyncio
import re
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from bot.cli.demo.stage import Stage
from bot.cli.demo.watch import Sighting
from bot.errors import OperatorError
from bot.runs import Run, RunStatus
from bot.store import runs

PATIENCE_SECONDS = 300.0  # a busy machine is slow, and no reason to fail
LOOK_SECONDS = 0.1

T = TypeVar("T")


@dataclass(slots=True)
class Telling:
    """The maintainer, who acts over the public API and waits to see what comes of it."""

    stage: Stage
    show: Callable[[Sighting], None]
    steps: list[dict[str, Any]] = field(default_factory=list)

    def step(self, did: str, saw: str, *, ok: bool = True) -> None:
        self.steps.append({"did": did, "saw": saw, "ok": ok})
        self.show(Sighting(at=time.time(), issue=None, what=did, detail=saw, ok=ok))

    async def run_is(self, issue: int, *wanted: RunStatus) -> Run | None:
        """Wait until the newest run of an issue has one of these statuses; None: in vain."""

        async def look() -> Run | None:
            where = await self._repository_id()
            run = await self.stage.database.read(lambda c: runs.latest(c, where, issue))
            return run if run is not None and run.status in wanted else None

        return await self._until(look)

    async def ended(self, issue: int, *, after_round: int = 0) -> Run:
        """Wait until the run of an issue is over with what it does, after so many rounds.

        Raises OperatorError where it takes too long, or ends otherwise than well.
        """

        async def look() -> Run | None:
            where = await self._repository_id()
            run = await self.stage.database.read(lambda c: runs.latest(c, where, issue))
            over = run is not None and run.status.ended and run.work.round is None
            return run if over and run and run.work.rounds >= after_round else None

        run = await self._until(look)
        if run is None or run.status is not RunStatus.DONE:
            said = f"the run is {run.status}: {run.error}" if run else "the run does not end"
            raise OperatorError(f"the story cannot go on: {said}", exit_code=1)
        return run

    async def pull(self, number: int) -> dict[str, Any]:
        return dict(await self.stage.hub.of_repository(f"/pulls/{number}"))

    async def head_after(self, number: int, sha: str) -> str | None:
        """Wait until the head of a pull request has moved on from a commit; None: in vain."""

        async def look() -> str | None:
            now = str((await self.pull(number))["head"]["sha"])
            return now if now != sha else None

        return await self._until(look)

    async def replies(self, number: int, count: int) -> list[dict[str, Any]]:
        """Wait for so many answers of the bot in review threads."""

        async def look() -> list[dict[str, Any]] | None:
            path = f"/pulls/{number}/comments?per_page=100"
            listed = await self.stage.hub.of_repository(path)
            ours = [each for each in listed if each["user"]["type"] == "Bot"]
            return ours if len(ours) >= count else None

        return await self._until(look) or []

    async def checks_pass(self, sha: str) -> bool:
        """Wait until all check runs on a commit have passed."""

        async def look() -> bool | None:
            found = await self.stage.hub.of_repository(f"/commits/{sha}/check-runs?per_page=100")
            runs_ = found["check_runs"]
            good = all(each["conclusion"] in ("success", "neutral") for each in runs_)
            return True if runs_ and good else None

        return bool(await self._until(look))

    async def comment(self, issue: int, holds: str) -> dict[str, Any] | None:
        """Wait until a comment of the bot on an issue fits a pattern; None: in vain."""

        async def look() -> dict[str, Any] | None:
            listed = await self.stage.hub.of_repository(f"/issues/{issue}/comments?per_page=100")
            ours = [each for each in listed if each["user"]["type"] == "Bot"]
            return next((each for each in ours if re.search(holds, each["body"])), None)

        return await self._until(look)

    async def say(self, issue: int, body: str) -> None:
        """Comment as the maintainer."""
        hub = self.stage.hub
        path = f"/repos/{hub.repository}/issues/{issue}/comments"
        await hub.call("POST", path, {"body": body})

    async def tick(self, comment: dict[str, Any], box: str) -> None:
        """Tick a box, as a click on GitHub does."""
        hub = self.stage.hub
        body = comment["body"].replace(f"- [ ] {box}", f"- [x] {box}", 1)
        path = f"/repos/{hub.repository}/issues/comments/{comment['id']}"
        await hub.call("PATCH", path, {"body": body})

    async def _repository_id(self) -> int:
        return int((await self.stage.hub.of_repository(""))["id"])

    async def _until(self, look: Callable[[], Awaitable[T | None]]) -> T | None:
        patience = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < patience:
            self.stage.require_alive()
            if (found := await look()) is not None:
                return found
            await asyncio.sleep(LOOK_SECONDS)
        return None
