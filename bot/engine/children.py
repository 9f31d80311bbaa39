"""The two kinds of heavy child: `plan` prepares, `work` does a round in one worktree.

What a child needs for its steps (a slot, a worktree) is taken inside its body, so that recovery
takes it again. Children never wait for people.
"""

from collections.abc import Sequence

from dbos import DBOS, SetWorkflowID, error

from bot.engine.acts import Acts
from bot.engine.bench import Bench, Benches
from bot.engine.cluster.slots import Withdrawn
from bot.engine.durable.steps import long_step, register, step
from bot.engine.flow import Flow
from bot.engine.outcome import GO_ON, Act, Outcome, Part, Verdict, blocked, failed
from bot.engine.tries import POISON
from bot.runs import Json, RunStatus
from bot.store.cluster.turns import Turn

AWAIT_SECONDS = 0.2  # how often the status of an awaited child is looked at
RECOVERIES = 50
"""So often may a worker die of a child outside of its stages, whose tries are counted apart."""

NO_CHANGES = "no_changes"
_CANCELLED = (error.DBOSAwaitedWorkflowCancelledError, error.DBOSWorkflowCancelledError)


class Children:
    """Starts children and awaits them; one instance for each launch."""

    def __init__(self, acts: Acts, benches: Benches) -> None:
        self._acts = acts
        self._benches = benches
        self._named = {name: register(name, RECOVERIES, self._body) for name in ("plan", "work")}

    async def work_through(
        self, run_id: str, part: Part, n: int, meanwhile: Sequence[Act] = ()
    ) -> Outcome:
        """Start the ``n``-th child of its kind of the calling workflow, and await how it ends.

        What is only shown to people is done ``meanwhile``: nobody waits for it.
        """
        name = "plan" if part.preparing else "work"
        flow, document = f"{DBOS.workflow_id}/{name}-{n}", part.model_dump(mode="json")
        # Not a step: where a child begins is nothing that a replay has to repeat.
        await self._benches.come(run_id, flow, name, document)
        with SetWorkflowID(flow):
            handle = await DBOS.start_workflow_async(self._named[name], run_id, document)
        for act in meanwhile:
            await step(act.__name__, act, run_id)
        try:
            answer = await handle.get_result(polling_interval_sec=AWAIT_SECONDS)
        except _CANCELLED:
            return Outcome(status=RunStatus.CANCELLED)
        except error.DBOSAwaitedWorkflowMaxRecoveryAttemptsExceeded:
            return _poison(name)
        outcome = Outcome.model_validate(answer)
        return GO_ON if outcome == GO_ON else outcome  # thousands of runs may wait with it

    async def begin(self, turn: Turn) -> None:
        """Begin a child here whose parent waits on another worker."""
        with SetWorkflowID(turn.child):
            await DBOS.start_workflow_async(self._named[turn.kind], turn.run_id, turn.part)

    async def _body(self, run_id: str, document: Json) -> Json:
        part, flow = Part.model_validate(document, extra="allow"), str(DBOS.workflow_id)
        found = Outcome(status=RunStatus.CANCELLED)
        try:
            found = await self._begin(run_id)
        finally:
            if found.ended:  # cancelled, too
                await self._benches.turns.let_go(flow)
        if found.ended:
            return found.model_dump(mode="json")
        try:
            async with self._benches.take(run_id, flow) as bench:
                outcome = await self._stages(bench, part)
        except Withdrawn:
            outcome = Outcome(status=RunStatus.CANCELLED)
        return outcome.model_dump(mode="json")

    async def _begin(self, run_id: str) -> Outcome:
        """Look whether anything stands against it, at recovery too."""
        found = Outcome.model_validate(await step("queue", self._acts.queue.queue, run_id))
        if not found.ended and await self._benches.refuses(run_id):
            found = Outcome(status=RunStatus.CANCELLED)
        return found

    async def _stages(self, bench: Bench, part: Part) -> Outcome:
        flow = Flow(stages=part.stages, attempts=part.attempts, position=part.position)
        if part.baseline:
            baseline = Verdict.model_validate(await long_step("baseline", bench.baseline))
            if not baseline.passed:
                return Outcome(status=RunStatus.BLOCKED, error=baseline.error)
        while (spec := flow.next) is not None:
            found = await self._check_in(bench.run_id, part)
            if found.ended:
                return found
            number = flow.begin(spec)
            answer = await long_step(
                f"{spec.name}-{number}", bench.try_stage, spec, number, flow.feedback
            )
            verdict = Verdict.model_validate(answer)
            if part.may_rest and verdict.error and verdict.error.kind == NO_CHANGES:
                return failed(verdict)
            outcome = flow.take(spec, verdict)
            if outcome is not None:
                return outcome
        return GO_ON

    async def _check_in(self, run_id: str, part: Part) -> Outcome:
        """Look whether somebody asked to stop; tell people how far it is when that is due."""
        found = Outcome.model_validate(await step("check_in", self._acts.check_in, run_id))
        if found.tell and not found.ended:
            for act in self._acts.progressing(part.publish):
                await step(act.__name__, act, run_id)
        return found


def _poison(name: str) -> Outcome:
    """End a run whose child took its worker down with it, time after time."""
    message = (
        f"the worker that ran `{name}` died of it {RECOVERIES + 1} times; it is not tried"
        " again by itself. Look for what kills it (memory?), then `/coppice retry`"
    )
    return blocked(POISON, message)
