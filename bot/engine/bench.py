"""Where a child works: a slot, a worktree, and the stages tried in it. Knows nothing of dbos."""

import asyncio
import hashlib
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial

from bot.engine.agents import Cast
from bot.engine.cluster.fairness import Want
from bot.engine.cluster.slots import Slots
from bot.engine.cluster.turns import ClusterTurns
from bot.engine.facts import Facts
from bot.engine.outcome import Verdict
from bot.engine.shop import Shop
from bot.engine.tries import AtWork, Tries, put_down, record_of, save_end, waits
from bot.errors import EffectRefused, GitError, StageFailed
from bot.guard.secrets import warm
from bot.pipeline.commands import judge
from bot.pipeline.configuration import RepositoryConfig
from bot.pipeline.definition import StageSpec
from bot.pipeline.masking import masked
from bot.pipeline.ports import Attempt, Ports, StageResult
from bot.pipeline.stages import STAGES
from bot.pipeline.story import BASELINE
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
from bot.store.cluster import orders
from bot.store.database import Connection
from bot.telemetry import seen
from bot.worktree import Worktree

_STATUS = {
    StageKind.SNAPSHOT: RunStatus.PLANNING,
    StageKind.PLAN: RunStatus.PLANNING,
    StageKind.IMPLEMENT: RunStatus.RUNNING,
}


Say = Callable[[str], Awaitable[None]]


class Benches:
    """Hands out benches, as many at once as there are slots."""

    def __init__(self, shop: Shop, turns: Slots | ClusterTurns, say: Say) -> None:
        """``say`` tells people how far a run is."""
        self._shop = shop
        self.turns = turns
        self._say = say
        self._rules: asyncio.Task[None] | None = None
        self._at_work: AtWork = {}

    async def come(self, run_id: str, flow: str, kind: str, part: Json) -> None:
        """Wait until a child may begin, here or elsewhere, where several workers share the work."""
        if isinstance(self.turns, ClusterTurns):
            await self.turns.come(Want.of(await self._run(run_id), flow), kind, part)

    async def refuses(self, run_id: str) -> bool:
        """Is the run in quarantine? Asked anew each time a child begins, at recovery too."""
        return await self._shop.database.read(
            lambda c: orders.quarantined_by(c, run_id) is not None
        )

    def put_down(self, c: Connection) -> None:
        """Note on what is under way that this process was told to end."""
        put_down(c, self._at_work)

    async def _run(self, run_id: str) -> Run:
        return await self._shop.database.read(lambda c: _required(runs.get(c, run_id), run_id))

    @asynccontextmanager
    async def take(self, run_id: str, flow: str) -> AsyncIterator["Bench"]:
        """Wait for a slot and a warm worktree; ``flow`` is the id of the child's workflow."""
        run = await self._run(run_id)
        async with (
            self.turns.take(Want.of(run, flow)),
            self._at_hand(run_id),
            self._shop.worktrees.take(run.repository.id, None, run.id) as worktree,
        ):
            flow = flow.removeprefix(run_id).strip("/")
            yield Bench(
                run_id=run_id,
                shop=self._shop,
                flow=flow,
                worktree=worktree,
                rules=self._load_rules(),
                tries=Tries(database=self._shop.database, at_work=self._at_work),
                say=self._say,
            )

    @asynccontextmanager
    async def _at_hand(self, run_id: str) -> AsyncIterator[None]:
        """Bring what the run has had elsewhere; it may have waited long."""
        await self._shop.unpack(await self._run(run_id))
        yield

    def _load_rules(self) -> asyncio.Task[None]:
        """Load the secret rules beside the first work: an idle service spares their 50 MB."""
        if self._rules is None:
            load = asyncio.to_thread(warm, self._shop.cache / "secret-rules")
            self._rules = asyncio.create_task(load)
        return self._rules


@dataclass(slots=True, kw_only=True)
class Bench:
    """One child's worktree; each stage tried in it is written down before its effects."""

    run_id: str
    shop: Shop
    flow: str
    """The child's workflow, as keys of its tries begin."""
    worktree: Worktree
    rules: asyncio.Task[None]
    """Loads the secret rules."""
    tries: Tries
    say: Say

    async def baseline(self) -> Json:
        """Run the repository's commands on the base, once for each commit and set of commands."""
        facts = await self._facts()
        run, config = facts.run, facts.config
        attempt = facts.attempt(BASELINE, 1)
        record = record_of(attempt)
        try:
            async with self.tries.trying(record, RunStatus.PLANNING):
                result = _judge_base(await self._base_results(facts, attempt), config, run)
        except StageFailed as error:
            result = _ended_by(attempt, error.kind, error.reason, blocked=error.blocked)
        return await self._end(record, result)

    async def _base_results(self, facts: Facts, attempt: Attempt) -> Sequence[CommandResult]:
        run, config = facts.run, facts.config
        base = run.work.base_sha or ""
        digest = hashlib.sha256(json.dumps(list(config.verify.items())).encode()).hexdigest()
        results = await self.shop.database.read(
            lambda c: baselines.get(c, run.repository.id, base, digest)
        )
        if results is None:
            with seen.stage(self.run_id, BASELINE, attempt.number) as told:
                results = list(await judge(attempt, self._ports(attempt), base))
                told.outcome = _judge_base(results, config, run).status.value
            kept = results
            await self.shop.database.write(
                lambda c: baselines.put(c, run.repository.id, base, digest, kept)
            )
        return results

    async def try_stage(self, spec: StageSpec, number: int, feedback: str | None) -> Json:
        """Try one stage once; answer its verdict. A repeated call (after a crash) starts anew."""
        attempt = (await self._facts()).attempt(spec.name, number, feedback)
        record, status = record_of(attempt), _STATUS.get(spec.kind, RunStatus.VERIFYING)
        with seen.stage(self.run_id, spec.name, number) as told:
            try:
                async with self.tries.trying(record, status):
                    result = await self._do(spec, attempt)
            except StageFailed as error:
                result = _ended_by(attempt, error.kind, error.reason, blocked=error.blocked)
            except EffectRefused as error:
                result = _ended_by(attempt, error.kind, error.reason, blocked=True)
            except GitError as error:
                result = _ended_by(attempt, "git", str(error), blocked=False)
            told.outcome = result.status.value
        return await self._end(record, result)

    async def _do(self, spec: StageSpec, attempt: Attempt) -> StageResult:
        if spec.kind in (StageKind.SNAPSHOT, StageKind.RULES):
            await asyncio.wait((self.rules,))  # where it failed, the stage tries again and blocks
        return await STAGES[spec.kind](attempt, self._ports(attempt))

    def _ports(self, attempt: Attempt) -> Ports:
        shop, run = self.shop, attempt.run
        return Ports(
            box=shop.box,
            agents=Cast(
                staff=shop.staff,
                database=shop.database,
                attempt=attempt,
                record=self._record,
                wait=partial(self._wait, attempt),
                show=partial(self.say, self.run_id),
            ),
            thread=shop.thread,
            objects=shop.objects(run),
            worktree=self.worktree,
            files=shop.files(run.id),
            identity=shop.identity,
            record=self._record,
            errors=shop.errors,
            egress=shop.egress,
            save=self._remember,
            secrets=shop.staff.secrets,
        )

    async def _wait(self, attempt: Attempt, text: str, waited: float) -> None:
        """Tell people what the model keeps us waiting for."""
        if await self.shop.database.write(lambda c: waits(c, attempt, text, waited)):
            await self.say(self.run_id)

    async def _remember(self, tree: str, checkpoint: str) -> None:
        """Note a checkpoint in mid-attempt; where others may go on with it, it is kept before."""
        work = {"tree": tree, "checkpoint": checkpoint}
        await self.shop.keep((await self._facts()).run, checkpoint)
        await self.shop.database.write(lambda c: runs.update(c, self.run_id, work=work))

    async def _facts(self) -> Facts:
        def read(c: Connection) -> tuple[Run | None, list[StageRecord]]:
            return runs.get(c, self.run_id), runs.stages(c, self.run_id)

        run, stages = await self.shop.database.read(read)
        config = self.shop.config(self.run_id)
        return Facts(run=_required(run, self.run_id), config=config, stages=stages, flow=self.flow)

    async def _record(self, events: Sequence[RunEvent]) -> None:
        at, clean = time.time(), masked(events, self.shop.staff.secrets)
        await self.shop.database.write(lambda c: runs.append_events(c, self.run_id, clean, at))

    async def _end(self, begun: StageRecord, result: StageResult) -> Json:
        result = result.readable()
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

        await self.shop.pack(self.run_id)

        def end(c: Connection) -> None:
            save_end(c, record)
            runs.update(c, self.run_id, work=work)

        await self.shop.database.write(end)
        return Verdict(
            status=result.status,
            error=result.error,
            blocked=result.blocked,
            final=result.final,
            fingerprint=result.fingerprint,
            summary=result.summary,
        ).model_dump(mode="json")


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
