"""Live with the open pull request: CI when asked for, one more round for each thing that comes."""

from dataclasses import dataclass

from bot.engine.outcome import GO_ON, Outcome
from bot.engine.parent import Parent
from bot.engine.tidying import Idle
from bot.runs import Message, MessageKind, RunError, RunStatus

_OVER = (MessageKind.CLOSED, MessageKind.BRANCH_DELETED, MessageKind.STOP)


@dataclass(slots=True)
class Following:
    parent: Parent

    async def follow(self) -> Outcome:
        """Until the pull request is over; a round that fails leaves it as it was."""
        parent = self.parent
        while not (outcome := await parent.look()).ended:
            outcome = await self._once()
            if outcome.status is RunStatus.CANCELLED or outcome.over:
                break
            if outcome.ended:
                await parent.conclude(outcome, following=True)
        if outcome.status is RunStatus.DONE:
            await parent.finish(outcome, following=False)
        else:
            await parent.conclude(outcome, following=False)
        return outcome

    async def _once(self) -> Outcome:
        """Wait for one thing and act on it."""
        parent = self.parent
        idle = Idle.model_validate(await parent.do("idle", parent.acts.tidying.idle))
        if idle.outcome.ended:
            return await self._close_untouched(idle.outcome)
        message = await parent.inbox.next(idle.seconds)
        if message is None:
            return GO_ON
        if message.kind in _OVER:
            return _closed(message)
        return await self._act(message)

    async def _act(self, message: Message) -> Outcome:
        parent = self.parent
        if message.kind is MessageKind.CI:
            return await parent.effects(parent.acts.asking_ci())
        if message.kind is MessageKind.RETRY:
            await parent.do("reopen", parent.acts.reopen)
            outcome = await parent.child(parent.opening.part())
            if not outcome.ended:
                outcome = await parent.look()
            if not outcome.ended:
                outcome = await parent.effects(parent.acts.publishing(parent.publish))
            return outcome if outcome.ended else Outcome(status=RunStatus.DONE)
        return GO_ON

    async def _close_untouched(self, outcome: Outcome) -> Outcome:
        tidying = self.parent.acts.tidying
        acts = (tidying.say_goodbye, tidying.close, tidying.delete_branch)
        await self.parent.effects(acts, to_the_end=True)
        return outcome


def _closed(message: Message) -> Outcome:
    """End a run whose pull request, branch or repository is finished."""
    if message.merged:
        return Outcome(status=RunStatus.DONE, over=True)
    kind = "stopped" if message.kind is MessageKind.STOP else str(message.kind)
    error = RunError(kind=kind, message=message.reason)
    return Outcome(status=RunStatus.CANCELLED, error=error, over=True)
