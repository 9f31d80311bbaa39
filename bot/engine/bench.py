"""Where a child works: a slot, a worktree, and the stages tried in it. Knows nothing of dbos."""

import asyncio
import hashlib
import json
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from bot.engine.outcome import Verdict
from bot.engine.shop import Shop
from bot.engine.slots import Slots
from bot.errors import EffectRefused, GitError, StageFailed
from bot.guard.secrets import warm
from bot.pipeline import definition
from bot.pipeline.configuration import RepositoryConfig
from bot.pipeline.contract import Contract, of_result
from bot.pipeline.definition import StageSpec
from bot.pipeline.judging import run_commands, told
from bot.pipeline.keeping import keep
from bot.pipeline.ports import Attempt, Ports, StageResult
from bot.pipeline.stages import STAGES
from bot.pipeline.story import BASELINE, commands
from bot.runs import (
    CommandResult,
    Json,
    Run,
    RunError,
    RunEvent,
    RunStatus,
    StageKind,
    StageRecord,
    StageStatus,
)
from bot.store import baselines, runs
from bot.store.database import Connection
from bot.worktree import Worktree

_STATUS = {
    StageKind.SNAPSHOT: RunStatus.PLANNING,
    StageKind.PLAN: RunStatus.PLANNING,
    StageKind.IMPLEMENT: RunStatus.RUNNING,
}


class Benches:
    """Hands out benches, as many at once as there are slots."""

    def __init__(self, shop: Shop, slots: Slots) -> None:
        self._shop = shop
        self._slots = slots
        self._rules: asyncio.Task[None] | None = None

    @asynccontextmanager
    async def take(self, run_id: str, flow: str) -> AsyncIterator["Bench"]:
        """Wait for a slot and a warm worktree; ``flow`` is the id of the child's workflow."""
        run = await self._shop.database.read(lambda c: _required(runs.get(c, run_id), run_id))
        async with (
            self._slots.take(run.repository),
            self._shop.worktrees.take(run.repository.id, None, run.id) as worktree,
        ):
            flow = flow.removeprefix(run_id).strip("/")
            yield Bench(self._shop, run_id, flow, worktree, self._load_rules())

    def _load_rules(self) -> asyncio.Task[None]:
        """Load the secret rules beside the first work: an idle service spares their 50 MB."""
        if self._rules is None:
            load = asyncio.to_thread(warm, self._shop.cache / "secret-rules")
            self._rules = asyncio.create_task(load)
        return self._rules


class Bench:
    """One child's worktree; each stage tried in it is written down before its effects."""

    def __init__(
        self,
        shop: Shop,
        run_id: str,
        flow: str,
        worktree: Worktree,
        rules: asyncio.Task[None],
    ) -> None:
        self.run_id = run_id
        self._shop = shop
        self._flow = flow
        self._worktree = worktree
        self._rules = rules

    async def baseline(self) -> Json:
        """Run the repository's commands on the base, once for each commit and set of commands."""
        run, config, stages = await self._facts()
        attempt = self._attempt(Facts(run, config, stages), BASELINE, 1)
        record = await self._begin(attempt, RunStatus.PLANNING)
        base = run.work.base_sha or ""
        digest = hashlib.sha256(json.dumps(list(config.verify.items())).encode()).hexdigest()
        results = await self._shop.database.read(
            lambda c: baselines.get(c, run.repository.id, base, digest)
        )
        if results is None:
            await self._worktree.reset(base)
            results = list(await run_commands(attempt, self._ports(attempt)))
            kept = results
            await self._shop.database.write(
                lambda c: baselines.put(c, run.repository.id, base, digest, kept)
            )
        return await self._end(record, _judge_base(results, config, run))

    async def try_stage(self, spec: StageSpec, number: int, feedback: str | None) -> Json:
        """Try one stage once; answer its verdict. A repeated call (after a crash) starts anew."""
        run, config, stages = await self._facts()
        attempt = self._attempt(Facts(run, config, stages), spec.name, number, feedback)
        ports = self._ports(attempt)
        record = await self._begin(attempt, _STATUS.get(spec.kind, RunStatus.VERIFYING))
        if spec.kind is StageKind.RULES:
            await asyncio.wait((self._rules,))  # where it failed, the stage tries again and blocks
        try:
            result = await STAGES[spec.kind](attempt, ports)
        except asyncio.CancelledError:
            if spec.kind is StageKind.IMPLEMENT:
                await asyncio.shield(self._save_work(attempt, ports))
            raise
        except StageFailed as error:
            result = _ended_by(attempt, error.kind, error.reason, blocked=error.blocked)
        except EffectRefused as error:
            result = _ended_by(attempt, error.kind, error.reason, blocked=True)
        except GitError as error:
            result = _ended_by(attempt, "git", str(error), blocked=False)
        return await self._end(record, result)

    async def _save_work(self, attempt: Attempt, ports: Ports) -> None:
        """Keep what a stopped agent has done so far."""
        if self._worktree.commit is None:
            return
        await self._remember(*await keep(attempt, ports))

    def _attempt(
        self, facts: "Facts", name: str, number: int, feedback: str | None = None
    ) -> Attempt:
        run, stages, key = facts.run, facts.stages, self._key(name, number)
        base = [stage for stage in stages if stage.name == BASELINE]
        others = [s for s in stages if s.name == name and s.key != key]
        return Attempt(
            run=run,
            name=name,
            key=key,
            number=number,
            overall=len(others) + 1,
            config=facts.config,
            feedback=_told(feedback, stages),
            baseline=tuple(commands(base[-1])) if base else (),
            start=int(run.created_at),
            plan=facts.plan,
            seen=frozenset(self._fingerprints(stages, key)),
            last=self._used_up(facts),
        )

    def _here(self, stages: Sequence[StageRecord]) -> list[StageRecord]:
        """The tries that this child has made."""
        return [stage for stage in stages if stage.key.startswith(f"{self._flow}/")]

    def _fingerprints(self, stages: Sequence[StageRecord], key: str) -> Iterator[str]:
        for stage in self._here(stages):
            found = stage.result.get("fingerprint")
            if found and stage.key != key and stage.status is StageStatus.FAILED:
                yield str(found)

    def _used_up(self, facts: "Facts") -> bool:
        """Has the agent no attempt left in this child?"""
        kinds = definition.kinds(facts.run.pipeline)
        tries = [s for s in self._here(facts.stages) if kinds.get(s.name) is StageKind.IMPLEMENT]
        return len(tries) >= facts.config.limits.attempts

    def _key(self, name: str, number: int) -> str:
        return f"{self._flow}/{name}-{number}"

    def _ports(self, attempt: Attempt) -> Ports:
        shop, run = self._shop, attempt.run
        return Ports(
            box=shop.box,
            agents=shop.staff.cast(shop.database, attempt, self._record),
            thread=shop.thread,
            objects=shop.objects(run),
            worktree=self._worktree,
            files=shop.files(run.id),
            identity=shop.identity,
            record=self._record,
            errors=shop.errors,
            save=self._remember,
        )

    async def _remember(self, tree: str, checkpoint: str) -> None:
        work = {"tree": tree, "checkpoint": checkpoint}
        await self._shop.database.write(lambda c: runs.update(c, self.run_id, work=work))

    async def _facts(self) -> tuple[Run, RepositoryConfig, list[StageRecord]]:
        def read(c: Connection) -> tuple[Run | None, list[StageRecord]]:
            return runs.get(c, self.run_id), runs.stages(c, self.run_id)

        run, stages = await self._shop.database.read(read)
        return _required(run, self.run_id), self._shop.config(self.run_id), stages

    async def _record(self, events: Sequence[RunEvent]) -> None:
        at = time.time()
        await self._shop.database.write(lambda c: runs.append_events(c, self.run_id, events, at))

    async def _begin(self, attempt: Attempt, status: RunStatus) -> StageRecord:
        record = StageRecord(
            run_id=self.run_id,
            key=self._key(attempt.name, attempt.number),
            name=attempt.name,
            attempt=attempt.number,
            status=StageStatus.RUNNING,
            started_at=time.time(),
        )

        def begin(c: Connection) -> None:
            runs.save_stage(c, record)
            runs.update(c, self.run_id, status=status)

        await self._shop.database.write(begin)
        return record

    async def _end(self, begun: StageRecord, result: StageResult) -> Json:
        record = begun.model_copy(
            update={
                "status": result.status,
                "ended_at": time.time(),
                "error": result.error,
                "result": result.model_dump(mode="json", exclude={"status", "error"}),
            }
        )
        work = {
            key: value
            for key, value in (("tree", result.tree), ("checkpoint", result.checkpoint))
            if value is not None
        }

        def end(c: Connection) -> None:
            runs.save_stage(c, record)
            runs.update(c, self.run_id, work=work)

        await self._shop.database.write(end)
        return Verdict(
            status=result.status,
            error=result.error,
            blocked=result.blocked,
            final=result.final,
            fingerprint=result.fingerprint,
            summary=result.summary,
        ).model_dump(mode="json")


@dataclass(frozen=True, slots=True)
class Facts:
    """What the store has of a run."""

    run: Run
    config: RepositoryConfig
    stages: Sequence[StageRecord]

    @property
    def plan(self) -> Contract | None:
        """The newest plan of the run."""
        kinds = definition.kinds(self.run.pipeline)
        made = [s for s in self.stages if kinds.get(s.name) is StageKind.PLAN]
        found = [plan for stage in made if (plan := of_result(stage.result))]
        return found[-1] if found else None


def _told(summary: str | None, stages: Sequence[StageRecord]) -> str | None:
    """Why the work came back, with what the failing commands printed."""
    if summary is None:
        return None
    sent_back = [stage for stage in stages if stage.status is StageStatus.FAILED]
    details = told(commands(sent_back[-1]), _hint(sent_back[-1])) if sent_back else ""
    return f"{summary}\n\n{details}".strip()


def _hint(stage: StageRecord) -> str | None:
    hint = stage.result.get("data", {}).get("hint")
    return None if hint is None else str(hint)


def _judge_base(
    results: Sequence[CommandResult], config: RepositoryConfig, run: Run
) -> StageResult:
    red = [result for result in results if not result.passed]
    if not results:
        return StageResult(status=StageStatus.NEUTRAL, summary="No commands are configured.")
    if not red:
        summary = f"`{run.work.base_ref}` passes its own commands."
        return StageResult(status=StageStatus.PASSED, summary=summary, commands=tuple(results))
    summary = f"`{red[0].name}` fails on `{run.work.base_ref}` already."
    stop = config.red_base == "stop"
    return StageResult(
        status=StageStatus.FAILED if stop else StageStatus.NEUTRAL,
        summary=summary,
        error=RunError(stage=BASELINE, kind="red_base", message=summary) if stop else None,
        blocked=stop,
        commands=tuple(results),
    )


def _ended_by(attempt: Attempt, kind: str, message: str, *, blocked: bool) -> StageResult:
    return StageResult(
        status=StageStatus.FAILED,
        summary=message,
        error=RunError(stage=attempt.name, kind=kind, message=message),
        blocked=blocked,
        fingerprint=kind,
    )


def _required(run: Run | None, run_id: str) -> Run:
    if run is None:
        raise LookupError(f"there is no run {run_id}")
    return run
