"""The durable workflows: a run, and its two children. Bodies decide; every act is a step.

No clock, no randomness, no reading of files, settings or the database outside a step. What a child
needs for its steps (a slot, a worktree) is taken inside its body, so that recovery takes it again.
"""

import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from dbos import DBOS, SetWorkflowID, error

from bot.engine.acts import Acts
from bot.engine.bench import Bench, Benches
from bot.engine.flow import Flow
from bot.engine.outcome import GO_ON, Act, Opening, Outcome, Part, Verdict
from bot.runs import Json, Message, MessageKind, Publish, RunError, RunStatus

INBOX = "inbox"
FOLLOW_SECONDS = 30 * 24 * 3600.0
ROOM_SECONDS = 15.0  # how often a queued run looks whether it may begin
AWAIT_SECONDS = 0.2  # how often the status of an awaited child is looked at
CHILD_RECOVERIES = 5  # an agent that kills the service is given up after so many starts

_CANCELLED = (error.DBOSAwaitedWorkflowCancelledError, error.DBOSWorkflowCancelledError)


class Workflows:
    """Registers the workflows with the engine; one instance for each launch."""

    def __init__(self, acts: Acts, benches: Benches) -> None:
        self._acts = acts
        self._benches = benches
        self.run = _workflow("run", None, self._run)
        self._plan = _workflow("plan", CHILD_RECOVERIES, self._child_body)
        self._work = _workflow("work", CHILD_RECOVERIES, self._child_body)

    # --- the parent ------------------------------------------------------------------------------

    async def _run(self, run_id: str, first_stage: str | None) -> str:
        try:
            outcome = await self._carry(run_id, first_stage)
        except Exception:
            # The last word of a run is said whatever broke: a bug of ours must not leave it silent.
            logging.getLogger(__name__).exception("internal error", extra={"run": run_id})
            outcome = await self._break_off(run_id)
        return str(outcome.status)

    async def _break_off(self, run_id: str) -> Outcome:
        """End a run that a bug has ended; where even that cannot be said, it is written."""
        outcome = _internal(run_id)
        try:
            await self._conclude(run_id, Publish.PR, outcome, following=False)
        except Exception:
            logging.getLogger(__name__).exception("no last word", extra={"run": run_id})
            await self._finish(run_id, outcome, following=False)
        return outcome

    async def _carry(self, run_id: str, first_stage: str | None) -> Outcome:
        answer = await _step("open", self._acts.open, run_id)
        opening = Opening.model_validate(answer)
        outcome = opening.outcome
        if not outcome.ended:
            outcome = await self._wait_for_room(run_id)
        if not outcome.ended:
            outcome = await self._effects(run_id, self._acts.announcing(opening.publish))
        if not outcome.ended:
            outcome = await self._round(run_id, 1, opening, first_stage)
        done = outcome.status is RunStatus.DONE and not outcome.over
        follows = done and opening.publish is Publish.PR
        await self._conclude(run_id, opening.publish, outcome, following=follows)
        return await self._follow(run_id, opening) if follows else outcome

    async def _follow(self, run_id: str, opening: Opening) -> Outcome:
        """Live with the open pull request: CI when asked for, one more round for each retry.

        A round that fails leaves the pull request as it was, and the run goes on following it.
        """
        n = 1
        while not (outcome := await self._look(run_id)).ended:
            message = await self._receive()
            if message is None:
                continue
            if message.kind is MessageKind.CI:
                outcome = await self._effects(run_id, self._acts.asking_ci())
            elif message.kind is MessageKind.RETRY:
                n += 1
                await _step("reopen", self._acts.reopen, run_id)
                outcome = await self._round(run_id, n, opening, message.stage)
            else:
                return await self._close(run_id, message)
            if outcome.status is RunStatus.CANCELLED or outcome.over:
                break
            if outcome.ended:
                await self._conclude(run_id, opening.publish, outcome, following=True)
        await self._conclude(run_id, opening.publish, outcome, following=False)
        return outcome

    async def _wait_for_room(self, run_id: str) -> Outcome:
        """Stay queued while the repository has as many open pull requests of ours as it wants."""
        told = False
        while not await _step("room", self._acts.has_room, run_id):
            if not told:
                told = True
                await self._effects(run_id, (self._acts.say.comment,))
            await DBOS.sleep_async(ROOM_SECONDS)
            stop = await self._look(run_id)
            if stop.ended:
                return stop
        return GO_ON

    async def _round(
        self, run_id: str, n: int, opening: Opening, first_stage: str | None
    ) -> Outcome:
        """Prepare (in the first round), work and publish, with a look at the run between them."""
        for part in _parts(opening, first_stage, first_round=n == 1):
            outcome = await self._child(run_id, part, n)
            if outcome.ended:
                return outcome
        outcome = await self._look(run_id)
        if not outcome.ended:
            outcome = await self._effects(run_id, self._acts.publishing(opening.publish))
        return outcome if outcome.ended else Outcome(status=RunStatus.DONE)

    async def _child(self, run_id: str, part: Part, n: int) -> Outcome:
        stop = await self._look(run_id)
        if stop.ended:
            return stop
        name, child = ("plan", self._plan) if part.preparing else ("work", self._work)
        with SetWorkflowID(f"{DBOS.workflow_id}/{name}-{n}"):
            handle = await DBOS.start_workflow_async(child, run_id, part.model_dump(mode="json"))
        try:
            outcome = Outcome.model_validate(
                await handle.get_result(polling_interval_sec=AWAIT_SECONDS)
            )
        except _CANCELLED:
            outcome = Outcome(status=RunStatus.CANCELLED)
        if not outcome.ended:  # whatever comes next looks again
            return outcome
        stop = await self._look(run_id)
        return stop if stop.ended else outcome

    async def _conclude(
        self, run_id: str, publish: Publish, outcome: Outcome, *, following: bool
    ) -> None:
        """Say how the run ends, then write it; what cannot be said any more changes nothing.

        In this order, because whoever reads that a run has ended looks for what it left on GitHub.
        """
        await _step("ending", self._acts.announce_end, run_id, outcome.model_dump(mode="json"))
        await self._effects(run_id, self._acts.concluding(publish), to_the_end=True)
        await self._finish(run_id, outcome, following=following)

    async def _close(self, run_id: str, message: Message) -> Outcome:
        """End a run whose pull request, branch or repository is finished."""
        if message.merged:
            outcome = Outcome(status=RunStatus.DONE)
            await self._finish(run_id, outcome, following=False)
            return outcome
        error = RunError(kind=str(message.kind), message=message.reason)
        outcome = Outcome(status=RunStatus.CANCELLED, error=error)
        await self._conclude(run_id, Publish.PR, outcome, following=False)
        return outcome

    async def _finish(self, run_id: str, outcome: Outcome, *, following: bool) -> None:
        document = outcome.model_dump(mode="json")
        await _step("finish", self._acts.finish, run_id, document, following)

    async def _effects(
        self, run_id: str, acts: Sequence[Act], *, to_the_end: bool = False
    ) -> Outcome:
        for act in acts:
            name: str = getattr(act, "__name__", "effect")
            outcome = Outcome.model_validate(await _step(name, act, run_id))
            if outcome.ended and not to_the_end:
                return outcome
        return GO_ON

    async def _look(self, run_id: str) -> Outcome:
        return Outcome.model_validate(await _step("look", self._acts.look, run_id))

    async def _receive(self) -> Message | None:
        message = await DBOS.recv_async(INBOX, timeout_seconds=FOLLOW_SECONDS)
        return None if message is None else Message.model_validate(message)

    # --- the children ----------------------------------------------------------------------------

    async def _child_body(self, run_id: str, document: Json) -> Json:
        part = Part.model_validate(document)
        async with self._benches.take(run_id, str(DBOS.workflow_id)) as bench:
            outcome = await self._stages(bench, part)
        return outcome.model_dump(mode="json")

    async def _stages(self, bench: Bench, part: Part) -> Outcome:
        flow = Flow(stages=part.stages, attempts=part.attempts, position=part.position)
        if part.preparing:
            baseline = Verdict.model_validate(await _long_step("baseline", bench.baseline))
            if not baseline.passed:
                return Outcome(status=RunStatus.BLOCKED, error=baseline.error)
        while (spec := flow.next) is not None:
            found = Outcome.model_validate(
                await _step("check_in", self._acts.check_in, bench.run_id)
            )
            if found.ended:
                return found
            if found.tell:
                await self._effects(bench.run_id, self._acts.progressing(part.publish))
            number = flow.begin(spec)
            answer = await _long_step(
                f"{spec.name}-{number}", bench.try_stage, spec, number, flow.feedback
            )
            outcome = flow.take(spec, Verdict.model_validate(answer))
            if outcome is not None:
                return outcome
        return GO_ON


def _parts(opening: Opening, first_stage: str | None, *, first_round: bool) -> list[Part]:
    """The children of a round that begins at ``first_stage``."""
    working = [stage.name for stage in opening.working]
    if not first_round and first_stage not in working:
        return [opening.part()]
    if first_stage in working:
        return [opening.part(working.index(first_stage))]
    if first_stage == opening.publishing:
        return []
    preparing = [stage.name for stage in opening.preparing]
    start = preparing.index(first_stage) if first_stage in preparing else 0
    return [opening.part(start, preparing=True), *([opening.part()] if working else [])]


def _internal(run_id: str) -> Outcome:
    message = f"internal error; the log has the details under run {run_id}"
    return Outcome(status=RunStatus.FAILED, error=RunError(kind="internal_error", message=message))


async def _step(name: str, act: Callable[..., Awaitable[Any]], *arguments: Any) -> Any:
    return await DBOS.run_step_async({"name": name}, _coroutine(act), *arguments)


async def _long_step(name: str, act: Callable[..., Awaitable[Any]], *arguments: Any) -> Any:
    """Run a step that a cancelled workflow ends within about a second (agents, commands)."""
    return await DBOS.run_step_async(
        {"name": name, "preemptible": True}, _coroutine(act), *arguments
    )


def _coroutine(act: Callable[..., Awaitable[Any]]) -> Callable[..., Any]:
    async def call(*arguments: Any) -> Any:
        return await act(*arguments)

    return call


def _workflow(
    name: str, recoveries: int | None, body: Callable[..., Awaitable[Any]]
) -> Callable[..., Any]:
    """Register a bound method; the engine writes attributes on what it registers."""

    async def workflow(*arguments: Any) -> Any:
        return await body(*arguments)

    workflow.__qualname__ = name
    return DBOS.workflow(name=name, max_recovery_attempts=recoveries)(workflow)
