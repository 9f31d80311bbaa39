"""Watch what happens: the store tells of runs, the forge of what arrived on GitHub's side."""

import asyncio
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http import HTTPStatus

from bot.cli.demo.hub import Hub, Write
from bot.errors import OperatorError
from bot.pipeline import definition
from bot.runs import DecisionKind, Run, RunEvent, RunStatus, StageKind, StageRecord, StageStatus
from bot.store import runs
from bot.store.database import Connection, Database
from bot.store.journal import deliveries

LOOK_SECONDS = 0.1
QUIET_SECONDS = 0.7
"""So long without a write, and an ended run has said its last word."""
START_SECONDS = 60.0
LOOKED_AT = 20
"""So many of the newest deliveries are looked through for the label's."""
_FOR_PEOPLE = RunStatus.WAITING
_NO_RUN = (DecisionKind.IGNORE, DecisionKind.EFFECT, DecisionKind.DEAD)
_ISSUE = re.compile(r"/issues/(\d+)(?:/|$)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """One thing that people may want to see as it happens."""

    at: float
    issue: int | None
    what: str
    detail: str = ""
    ok: bool | None = None


Show = Callable[[Sighting], None]
Look = tuple[list[Run], dict[str, list[StageRecord]], dict[str, list[tuple[int, float, RunEvent]]]]


@dataclass(slots=True)
class Watch:
    """Shows each thing once, in order of time."""

    database: Database
    hub: Hub
    show: Show
    alive: Callable[[], None]
    """Raises when one of the programs has ended."""
    seen_writes: int = 0
    seen_events: dict[str, int] = field(default_factory=dict)
    seen_stages: dict[tuple[str, str], StageStatus] = field(default_factory=dict)

    async def until_ended(self, issue: int, *, alone: bool = False) -> Run:
        """Watch until the run of an issue has ended and said so; raise when none begins.

        ``alone``: nobody is there to act, so that a run that waits for people has ended too.
        """
        patience = time.monotonic() + START_SECONDS
        while True:
            found = await self._step()
            run = next((run for run in found if run.issue == issue), None)
            if run is None and (why := await self.database.read(lambda c: _why_not(c, issue))):
                raise OperatorError(f"the label started no run: {why}", exit_code=1)
            if run is None and time.monotonic() > patience:
                raise OperatorError(
                    f"no run began within {START_SECONDS:.0f} s of the label;"
                    " `coppice deliveries` says why",
                    exit_code=1,
                )
            if run is not None and (run.status.ended or (alone and run.status is _FOR_PEOPLE)):
                await self._until_quiet()
                return run
            await asyncio.sleep(LOOK_SECONDS)

    async def for_ever(self) -> None:
        """Go on, for whatever people label and comment now."""
        while True:
            await self._step()
            await asyncio.sleep(LOOK_SECONDS)

    async def _until_quiet(self) -> None:
        since, count = time.monotonic(), self.seen_writes
        while time.monotonic() - since < QUIET_SECONDS:
            await asyncio.sleep(LOOK_SECONDS)
            await self._step()
            if self.seen_writes != count:
                since, count = time.monotonic(), self.seen_writes

    async def _step(self) -> list[Run]:
        self.alive()
        look = await self.database.read(self._read)
        sightings = [*self._of_runs(look), *map(_of_write, await self._new_writes())]
        for sighting in sorted(filter(None, sightings), key=lambda each: each.at):
            self.show(sighting)
        return look[0]

    def _read(self, c: Connection) -> Look:
        found = runs.listing(c, 20)
        stages = {run.id: runs.stages(c, run.id) for run in found}
        events = {run.id: runs.events(c, run.id, self.seen_events.get(run.id, 0)) for run in found}
        return found, stages, events

    def _of_runs(self, look: Look) -> list[Sighting]:
        found, stages, events = look
        sightings: list[Sighting | None] = []
        for run in found:
            for seq, at, event in events[run.id]:
                self.seen_events[run.id] = seq
                sightings.append(_of_event(run, at, event))
            for stage in stages[run.id]:
                if self.seen_stages.get((run.id, stage.key)) != stage.status:
                    self.seen_stages[run.id, stage.key] = stage.status
                    sightings.append(_of_stage(run, stage))
        return [sighting for sighting in sightings if sighting is not None]

    async def _new_writes(self) -> list[Write]:
        new = [write for write in await self.hub.writes() if write.n > self.seen_writes]
        self.seen_writes = max((write.n for write in new), default=self.seen_writes)
        return new


def _why_not(c: Connection, issue: int) -> str | None:
    """Give the reason why a label started nothing; None: it is not decided yet, or did."""
    for row in deliveries.listing(c, LOOKED_AT):
        labelled = (row.event, row.action, row.number) == ("issues", "labeled", issue)
        if labelled and row.decision in _NO_RUN:
            return row.reason or str(row.decision)
    return None


def _of_event(run: Run, at: float, event: RunEvent) -> Sighting | None:
    if event.type != "command":
        return None
    problem, code = event.data.get("problem"), event.data.get("exit_code")
    result = str(problem) if problem else f"exit {code}"
    detail = f"`{event.data['name']}`: {result} ({event.data['seconds']:.1f} s)"
    what = _named(run, event.stage, event.attempt)
    return Sighting(at=at, issue=run.issue, what=what, detail=detail, ok=result == "exit 0")


def _of_stage(run: Run, stage: StageRecord) -> Sighting | None:
    what = _named(run, stage.name, stage.attempt)
    if stage.status is StageStatus.RUNNING and stage.started_at:
        working = definition.kinds(run.pipeline).get(stage.name) is StageKind.IMPLEMENT
        detail = f"the agent works: {run.agent}"
        return (
            Sighting(at=stage.started_at, issue=run.issue, what=what, detail=detail)
            if working
            else None
        )
    if stage.ended_at is None:
        return None
    good = {StageStatus.PASSED: True, StageStatus.FAILED: False}.get(stage.status)
    reason = stage.error.message if stage.error else str(stage.result.get("summary", ""))
    detail = f"{stage.status}: {reason}" if reason else str(stage.status)
    return Sighting(at=stage.ended_at, issue=run.issue, what=what, detail=detail, ok=good)


def _named(run: Run, stage: str, attempt: int) -> str:
    """Count the tries of those stages that go back to one another."""
    kind = definition.kinds(run.pipeline).get(stage)
    counted = kind in (StageKind.IMPLEMENT, StageKind.VERIFY) or attempt > 1
    return f"{stage}, attempt {attempt}" if counted else stage


_WRITES = (
    (re.compile(r"POST .*/issues/\d+/labels"), "label"),
    (re.compile(r"POST .*/issues/\d+/reactions"), "reaction on the issue"),
    (re.compile(r"POST .*/issues/comments/\d+/reactions"), "reaction on the comment"),
    (re.compile(r"POST .*/issues/\d+/comments"), "comment"),
    (re.compile(r"POST .*/check-runs"), "check run"),
    (re.compile(r"POST .*/pulls"), "pull request"),
    (re.compile(r".*git-receive-pack"), "push"),
)


def _of_write(write: Write) -> Sighting | None:
    """Show what people would see on GitHub; edits of it are told by the stages."""
    call = f"{write.method} {write.path}"
    what = next((word for pattern, word in _WRITES if pattern.fullmatch(call)), None)
    if what is None or write.status >= HTTPStatus.BAD_REQUEST:
        return None
    issue = _ISSUE.search(write.path)
    number = int(issue[1]) if issue else None
    return Sighting(at=write.at, issue=number, what=what, detail=f"by {write.actor}")
