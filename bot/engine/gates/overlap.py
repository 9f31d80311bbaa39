"""Ask before anything is spent where somebody else is at the same thing. Knows nothing of dbos."""

import hashlib
import json
import re
import time
from dataclasses import dataclass
from functools import partial

from bot.engine.gates.approvals import SHORTEST_HASH
from bot.engine.outcome import GO_ON, Outcome, cancelled
from bot.engine.source import Source
from bot.engine.writer import Writer
from bot.github import rivals
from bot.github.markdown import code
from bot.pipeline.configuration import RepositoryConfig
from bot.pipeline.contract import Contract
from bot.runs import Json, Kept, Message, Overlap, Rival, Run, RunStatus, Work

NAMED = 3
_SHARED = re.compile(
    r"(^|/)(changelog|changes|news|history|authors|contributors)(\.[a-z]+)?$"
    r"|(^|/)[^/]*(\.lock|-lock\.(json|yaml))$|(^|/)go\.sum$",
    re.IGNORECASE,
)
"""What nearly every change touches says nothing."""


class Standing(Kept):
    """Where the question stands."""

    outcome: Outcome = GO_ON
    passed: bool = False
    seconds: float = 0.0
    """Until nobody has answered for too long."""
    hash: str = ""
    """Of the question."""


@dataclass(frozen=True, slots=True)
class OverlapActs:
    writer: Writer
    source: Source

    async def look(self, run_id: str) -> Json:
        """Look for others that close the same issue; answers a ``Standing``."""
        story = await self.writer.story(run_id)
        config, run = story.config or RepositoryConfig(), story.run
        asked = run.work.overlap
        if config.overlap == "ignore" or run.pull_request or (asked and asked.passed):
            return await self._pass(run, asked)
        found = await self._closing(run)
        if not found:
            return await self._pass(run, None)
        digest = hashlib.sha256(json.dumps([run.issue, [r.number for r in found]]).encode())
        if asked is None or asked.hash != digest.hexdigest():
            asked = Overlap(hash=digest.hexdigest(), rivals=found, asked_at=time.time())
        left = asked.asked_at + config.approvals.expire_seconds - time.time()
        if left <= 0:
            why = f"nobody said within {config.approvals.expire} that it goes on"
            return Standing(outcome=cancelled("expired", why)).model_dump(mode="json")
        work = {"overlap": asked.model_dump(mode="json"), "plan_hash": asked.hash}
        await self.writer.update(run_id, work=work, status=RunStatus.WAITING)
        return Standing(seconds=left, hash=asked.hash).model_dump(mode="json")

    async def approve(self, run_id: str, document: Json) -> Json:
        """Let the run go on beside what was named, if whoever says so may write at this moment."""
        run, message = (await self.writer.story(run_id)).run, Message.model_validate(document)
        asked = run.work.overlap
        if asked is None or message.by is None or not _means(message, run.work, asked):
            return False
        held = await self.source.permission(run.repository, message.person)
        if not held.may_write:
            return False
        passed = asked.model_copy(update={"passed": True, "by": message.by})
        await self.writer.update(run_id, work={"overlap": passed.model_dump(mode="json")})
        return True

    async def _pass(self, run: Run, asked: Overlap | None) -> Json:
        if run.work.overlap is not None and run.status is RunStatus.WAITING:
            kept = asked.model_dump(mode="json") if asked else None
            work = {"overlap": kept, "plan_hash": None, "shown": None}
            await self.writer.update(run.id, work=work, status=RunStatus.PLANNING)
        return Standing(passed=True).model_dump(mode="json")

    async def _closing(self, run: Run) -> tuple[Rival, ...]:
        async def ask() -> list[Rival]:
            client = await self.source.client(run.repository)
            return await rivals.closing(client, run.repository, run.issue)

        found = await self.source.patience.ask(run, ask)
        return tuple(sorted(found, key=lambda rival: rival.number))


def _means(message: Message, work: Work, asked: Overlap) -> bool:
    """Is it said of this question: by its hash, else when it could be read already?"""
    if message.hash is None:
        return work.read_by(message.at)
    return len(message.hash) >= SHORTEST_HASH and asked.hash.startswith(message.hash.lower())


async def beside(
    source: Source, run: Run, config: RepositoryConfig, made: Contract
) -> tuple[str, ...]:
    """Say which other open pull requests change files of a plan, in words that end "it …"."""
    if config.overlap == "ignore":
        return ()
    known = {r.number for r in run.work.overlap.rivals} if run.work.overlap else set()
    client = await source.client(run.repository)
    read = partial(rivals.touched, client, run.repository)
    said = []
    for rival, paths in await source.patience.ask(run, read):
        outside = set(made.outside(paths))
        same = [path for path in paths if path not in outside and not _SHARED.search(path)]
        if same and rival.number not in known and rival.number != run.pull_request:
            where = f"#{rival.number} by {code(rival.author)}"
            said.append(f"overlaps with {where}, which changes {code(same[0])} too")
    return tuple(said[:NAMED])
