"""The maintainer of a repository: what they do in each story, by what they see on GitHub."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from benchmarks.chaos.hub import Hub, Refused
from benchmarks.chaos.stories import Kind, Story

Json = Any
PATIENCE = 300.0
"""Seconds that a person waits for one thing; a loaded machine is no fault."""
LOOK = 0.4
_BOX = re.compile(r"- \[ \] (Approve plan `[0-9a-f]+`)")

T = TypeVar("T")


class WaitedInVain(Exception):
    """What should have come did not; the text names it."""


@dataclass(frozen=True, slots=True)
class Person:
    hub: Hub
    story: Story

    async def play(self) -> None:
        """Play the story to its end; raises WaitedInVain."""
        await self._send("POST", f"/issues/{self.story.issue}/labels", {"labels": ["coppice"]})
        if self.story.kind is Kind.STOP:
            return await self._stop()
        if self.story.kind is Kind.PLAN:
            await self._approve()
        pull = await self._until("a finished pull request", self._finished)
        if self.story.kind is Kind.REVIEW:
            await self._review(pull)
            pull = await self._until("a finished round", lambda: self._moved(pull))
        return await self._merge()

    async def _stop(self) -> None:
        await self._until("a run", lambda: self._said("coppice:status"))
        await self._send("POST", self._comments, {"body": "/coppice stop"})
        await self._until("the end", lambda: self._said("Stopped"))

    async def _approve(self) -> None:
        comment = await self._until("a plan", lambda: self._said(_BOX.pattern))
        found = _BOX.search(comment["body"])
        if found is None or self.story.number % 2:
            await self._send("POST", self._comments, {"body": "/coppice approve"})
            return
        ticked = comment["body"].replace(f"- [ ] {found[1]}", f"- [x] {found[1]}", 1)
        await self._send("PATCH", f"/issues/comments/{comment['id']}", {"body": ticked})

    async def _review(self, pull: Json) -> None:
        lines = [
            {"path": self.story.file, "line": line, "body": f"Why this line {line}?"}
            for line in (1, 2)
        ]
        review = {"event": "COMMENT", "body": "Two remarks.", "comments": lines}
        await self._send("POST", f"/pulls/{pull['number']}/reviews", review)
        await self._until("two answers", lambda: self._answers(pull["number"], 2))

    async def _merge(self) -> None:
        async def tried() -> Json:
            pull = await self._finished()
            if pull is None:
                return None
            if pull["merged_at"]:
                return pull
            try:
                sha = {"sha": pull["head"]["sha"]}
                await self._send("PUT", f"/pulls/{pull['number']}/merge", sha)
            except Refused as refused:
                if refused.status not in (405, 409):
                    raise
                return None
            return pull

        await self._until("a merge", tried)

    async def _finished(self) -> Json:
        """The pull request, once it is ready for review and `Coppice` is through with its head."""
        pulls = await self.hub.all(f"{self._repo}/pulls?state=all")
        wanted = f"coppice/{self.story.issue}-"
        pull = next((p for p in pulls if p["head"]["ref"].startswith(wanted)), None)
        if pull is None or pull["draft"]:
            return None
        return pull if await self._through(pull["head"]["sha"]) else None

    async def _through(self, sha: str) -> bool:
        checks = await self.hub.all(f"{self._repo}/commits/{sha}/check-runs", "check_runs")
        ours = [c for c in checks if c["name"] == "Coppice"]
        return bool(ours) and all(c["status"] == "completed" for c in ours)

    async def _moved(self, before: Json) -> Json:
        """The pull request once a round has given it another head and is through with that."""
        pull = await self._finished()
        return None if pull is None or pull["head"]["sha"] == before["head"]["sha"] else pull

    async def _answers(self, number: int, count: int) -> Json:
        listed = await self.hub.all(f"{self._repo}/pulls/{number}/comments")
        ours = [c for c in listed if c["user"]["type"] == "Bot"]
        return ours if len(ours) >= count else None

    async def _said(self, pattern: str) -> Json:
        comments = await self.hub.all(f"{self._repo}{self._comments}")
        ours = (c for c in comments if c["user"]["type"] == "Bot")
        return next((c for c in ours if re.search(pattern, c["body"])), None)

    @property
    def _repo(self) -> str:
        return f"/repos/{self.story.home.full_name}"

    @property
    def _comments(self) -> str:
        return f"/issues/{self.story.issue}/comments"

    async def _send(self, method: str, path: str, body: Json) -> Json:
        return await self.hub.send(method, f"{self._repo}{path}", body)

    async def _until(self, what: str, look: Callable[[], Awaitable[T | None]]) -> T:
        try:
            async with asyncio.timeout(PATIENCE):
                while True:
                    if (found := await look()) is not None:
                        return found
                    await asyncio.sleep(LOOK)
        except TimeoutError:
            where = f"{self.story.home.full_name}#{self.story.issue}"
            raise WaitedInVain(f"{where}: waited in vain for {what}") from None
