"""A run waits until somebody says that it goes on beside another pull request."""

from dataclasses import dataclass

from bot.engine.durable.steps import patched
from bot.engine.gates.overlap import Standing
from bot.engine.outcome import GO_ON, Outcome, cancelled
from bot.engine.parent import Parent
from bot.runs import MessageKind

LOOK_SECONDS = 3600.0  # how often it looks whether the other pull request is still open


@dataclass(slots=True)
class AtOverlap:
    parent: Parent

    async def pass_through(self) -> Outcome:
        """Answer GO_ON once nothing is in the way, else how the run ends."""
        parent, acts, told = self.parent, self.parent.acts, None
        while True:
            look = await parent.do("overlap", acts.overlap.look)
            standing = Standing.model_validate(look)
            if standing.outcome.ended:
                return standing.outcome
            if standing.passed:
                parent.inbox.take_up()
                shown = acts.asked_people(parent.publish) if told is not None else ()
                return await parent.effects(shown)
            outcome = GO_ON
            if told != standing.hash:
                outcome = await parent.effects(acts.asking_people(parent.publish))
            told = standing.hash
            if not outcome.ended:
                outcome = await self._hear(standing)
            if outcome.ended:
                return outcome

    async def _hear(self, standing: Standing) -> Outcome:
        parent = self.parent
        message = await parent.inbox.next(min(standing.seconds, LOOK_SECONDS))
        stop = await parent.look()
        if stop.ended or message is None:
            return stop
        if message.kind is MessageKind.REJECT:
            await parent.react(message, done=True)
            why = f": {message.reason}" if message.reason else ""
            return cancelled("rejected", f"it was rejected by {message.by}{why}")
        if message.kind is MessageKind.APPROVE:
            document = message.model_dump(mode="json", exclude_none=True)
            done = bool(await parent.do("approve", parent.acts.overlap.approve, document))
            await parent.react(message, done=done)
        elif message.kind is MessageKind.NOTE and await patched("overlap_note"):
            document = message.model_dump(mode="json")
            await parent.do("take_note", parent.acts.plans.take_note, document)
            await parent.react(message, done=True)
        else:
            parent.inbox.put_off(message)
        return GO_ON
