"""The gate: a run waits, over weeks and restarts, until people let its plan or amendment go ahead.

Waiting costs nothing: no slot, no worktree, one receive.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from bot.engine.durable.steps import patched
from bot.engine.gates.plans import Answer, Waiting
from bot.engine.outcome import GO_ON, Outcome, cancelled
from bot.engine.parent import Parent
from bot.runs import Json, Message, MessageKind, RunStatus

_PLANNING_AGAIN = (MessageKind.NOTE, MessageKind.PLAN)
_TOO_EARLY = (MessageKind.CI, MessageKind.FIX, MessageKind.REBASE, MessageKind.READY)
"""What makes no sense before there is a pull request."""


@dataclass(slots=True)
class AtGate:
    parent: Parent
    replan: Callable[[], Awaitable[Outcome]]
    """Make snapshot and plan again."""
    works_again: bool = False
    """Somebody wants the work otherwise: it is made again, in the place of its amendment."""

    async def pass_through(self) -> Outcome:
        """Answer GO_ON once the work may begin, else how the run ends."""
        waited = False
        while True:
            waiting = Waiting.model_validate(
                await self.parent.do("gate", self.parent.acts.plans.look)
            )
            if waiting.outcome.ended:
                return waiting.outcome
            if waiting.passed:
                return await self._go_on() if waited else GO_ON
            waited = True
            asking = self.parent.acts.asking_people(self.parent.publish)
            outcome = await self.parent.effects(asking)
            if waiting.only and not self.parent.inbox.kept:
                return Outcome(status=RunStatus.DONE, over=True)
            if not outcome.ended:
                outcome = await self._hear(waiting)
            if outcome.ended:
                return outcome

    async def _go_on(self) -> Outcome:
        self.parent.inbox.take_up()
        shown = self.parent.acts.asked_people(self.parent.publish)
        if not self.parent.opening.working:
            return await self.parent.effects(shown)
        self.parent.meanwhile = shown
        return GO_ON

    async def _hear(self, waiting: Waiting) -> Outcome:
        """Act on one message; with none in time, the next look finds the plan expired."""
        message = await self.parent.inbox.next(waiting.seconds)
        stop = await self.parent.look()
        if stop.ended or message is None:
            return stop
        if message.kind is MessageKind.REJECT:
            await self.parent.react(message, done=True)
            return _rejected(message, "amendment" if waiting.amending else "plan")
        if message.kind in _PLANNING_AGAIN and not waiting.amending:
            return await self._plan_again(message)
        if message.kind is MessageKind.NOTE and await patched("works_again"):
            return await self._work_again(message)
        await self._tell(message)
        return GO_ON

    async def _plan_again(self, message: Message) -> Outcome:
        plans = self.parent.acts.plans
        await self.parent.do("replan", plans.replan, message.model_dump(mode="json"))
        outcome = await self.replan()
        await self.parent.react(message, done=not outcome.ended)
        return outcome

    async def _work_again(self, message: Message) -> Outcome:
        rework = self.parent.acts.plans.rework
        await self.parent.do("rework", rework, message.model_dump(mode="json"))
        self.works_again = True
        await self.parent.react(message, done=True)
        return GO_ON

    async def _tell(self, message: Message) -> None:
        """Have an act judge the message; what it is not about is kept for later."""
        acts: dict[MessageKind, Callable[[str, Json], Awaitable[Json]]] = {
            MessageKind.APPROVE: self.parent.acts.plans.approve,
            MessageKind.EDITED: self.parent.acts.plans.edited,
            MessageKind.BASE: self.parent.acts.plans.base_moved,
        }
        if message.kind in acts:
            act = acts[message.kind]
            said = await self.parent.do(
                str(message.kind), act, message.model_dump(mode="json", exclude_none=True)
            )
            await self.parent.react(message, done=Answer.model_validate(said).done)
        elif message.kind in _TOO_EARLY:
            await self.parent.react(message, done=False)
        else:
            self.parent.inbox.put_off(message)


def _rejected(message: Message, what: str) -> Outcome:
    why = f": {message.reason}" if message.reason else ""
    return cancelled("rejected", f"the {what} was rejected by {message.by}{why}", stage="plan")
