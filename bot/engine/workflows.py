"""The durable workflow of a run: prepare, gate, work, publish, then follow the pull request.

Bodies decide; every act is a step. No clock, no randomness, no reading of files, settings or the
database outside a step.
"""

import logging

from dbos import DBOS, SetWorkflowID, error

from bot.engine.acts import Acts
from bot.engine.bench import Benches
from bot.engine.children import Children
from bot.engine.durable.steps import patched, register, sleep, step
from bot.engine.gates.at_gate import AtGate
from bot.engine.gates.at_overlap import AtOverlap
from bot.engine.outcome import GO_ON, Opening, Outcome, Part, refused
from bot.engine.parent import Parent
from bot.engine.revival import FOLLOWING
from bot.engine.room import wait_for_room
from bot.engine.rounds.following import Following
from bot.engine.visits.flow import Visiting
from bot.engine.working import parts, work
from bot.errors import EffectRefused
from bot.runs import Json, Message, Publish, RunError, RunStatus


class Workflows:
    """Registers the workflows with the engine; one instance for each launch."""

    def __init__(self, acts: Acts, benches: Benches) -> None:
        self._acts = acts
        self.children = Children(acts, benches)
        self.run = register("run", None, self._run)
        self.tidy = register("tidy", None, self._tidy)

    async def _run(self, run_id: str, first_stage: str | None, said: Json = None) -> str:
        """Carry a run; ``said`` is the message that a retry came with."""
        parent = Parent(run_id, self._acts, self.children)
        if said is not None:
            parent.inbox.kept.append(Message.model_validate(said))
        try:
            outcome = await self._carry(parent, first_stage)
        except error.DBOSUnexpectedStepError:
            raise  # not ours to end: another release goes on with it
        except EffectRefused as end:
            outcome = await self._break_off(parent, refused(None, end.kind, end.reason))
        except Exception:
            # The last word of a run is said whatever broke: a bug of ours must not leave it silent.
            logging.getLogger(__name__).exception("internal error", extra={"run": run_id})
            outcome = await self._break_off(parent, _internal(run_id))
        return str(outcome.status)

    async def _break_off(self, parent: Parent, outcome: Outcome) -> Outcome:
        """End a run in the middle of a step; where even that cannot be said, it is written."""
        parent.opening = parent.opening.model_copy(update={"publish": Publish.PR})
        try:
            await parent.conclude(outcome, following=False)
        except Exception:
            logging.getLogger(__name__).exception("no last word", extra={"run": parent.run_id})
            await parent.finish(outcome, following=False)
        return outcome

    async def _carry(self, parent: Parent, first_stage: str | None) -> Outcome:
        parent.opening = Opening.read(await step("open", self._acts.open, parent.run_id))
        if parent.opening.visits:
            return await Visiting(parent, first_stage).carry()
        if first_stage == FOLLOWING:
            return await self._follow_again(parent)
        outcome = parent.opening.outcome
        if not outcome.ended:
            outcome, _ = await wait_for_room(parent, (self._acts.say.comment,))
        if not outcome.ended:
            outcome = await parent.effects(self._acts.announcing(parent.publish))
        if not outcome.ended:
            outcome = await self._first_round(parent, first_stage)
        done = outcome.status is RunStatus.DONE and not outcome.over
        follows = done and parent.publish is Publish.PR
        if not follows and await patched("unheard"):
            await parent.answer_unheard()
        await parent.conclude(outcome, following=follows)
        if follows:
            return await Following(parent).follow()
        await self._leave(parent)
        return outcome

    async def _follow_again(self, parent: Parent) -> Outcome:
        """Live with a pull request that is open already."""
        outcome = parent.opening.outcome
        if outcome.ended:
            await parent.conclude(outcome, following=False)
            return outcome
        if await patched("shown_again"):
            await parent.effects((*self._acts.beginning_round(), self._acts.say.check_run))
        return await Following(parent).follow()

    async def _first_round(self, parent: Parent, first_stage: str | None) -> Outcome:
        """Prepare, wait at the gate, work and publish, with a look at the run between them."""
        preparing, working = parts(parent.opening, first_stage)
        if preparing is not None:
            outcome = await self._prepare(parent, preparing)
            if outcome.ended:
                return outcome

        async def replan() -> Outcome:
            return await parent.child(parent.opening.part(preparing=True, baseline=False))

        outcome = await AtGate(parent, replan).pass_through()
        if outcome.ended:
            return outcome
        if working is not None:
            outcome = await work(parent, working, replan)
            if outcome.ended:
                return outcome
        outcome = await parent.look()
        if not outcome.ended:
            outcome = await parent.effects(self._acts.publishing(parent.publish))
        return outcome if outcome.ended else Outcome(status=RunStatus.DONE)

    async def _prepare(self, parent: Parent, preparing: Part) -> Outcome:
        """Before anything is spent, somebody says whether it goes on beside others."""
        outcome = GO_ON
        if await patched("overlap"):
            outcome = await AtOverlap(parent).pass_through()
        return outcome if outcome.ended else await parent.child(preparing)

    async def _leave(self, parent: Parent) -> None:
        """Have somebody come back for the branch that an ended run keeps for a retry."""
        left = await step("left", self._acts.tidying.left, parent.run_id)
        if left is not None:
            with SetWorkflowID(f"{DBOS.workflow_id}/tidy"):
                await DBOS.start_workflow_async(self.tidy, parent.run_id, left)

    async def _tidy(self, run_id: str, seconds: float) -> None:
        await sleep(seconds)
        await step("tidy", self._acts.tidying.drop_branch, run_id)


def _internal(run_id: str) -> Outcome:
    message = f"internal error; the log has the details under run {run_id}"
    return Outcome(status=RunStatus.FAILED, error=RunError(kind="internal_error", message=message))
