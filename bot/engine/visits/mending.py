"""The order of mending somebody else's pull request: survey, work, judge, deliver."""

from dataclasses import dataclass

from bot.engine.durable.steps import patched
from bot.engine.outcome import Outcome
from bot.engine.parent import Parent
from bot.engine.sayings import SILENT
from bot.engine.visits.mend_acts import MOVED
from bot.engine.visits.survey import Survey
from bot.runs import RunStatus

PUSHES = 3  # with what somebody pushed meanwhile taken over between them
CI = "ci"


@dataclass(slots=True)
class Mending:
    parent: Parent
    first_stage: str | None = None

    async def carry(self) -> Outcome:
        """Until it is delivered; done also where there is nothing to mend."""
        parent, mends = self.parent, self.parent.acts.mends
        if self.first_stage == CI:
            outcome = await parent.effects((mends.run_ci,))
            if not outcome.ended and await patched("ci_said"):
                outcome = await parent.effects((mends.say.comment,))
            return outcome if outcome.ended else Outcome(status=RunStatus.DONE)
        found = Survey.model_validate(await parent.do("survey", mends.surveyor.survey))
        if found.outcome.ended:
            return found.outcome
        if not found.wanted:
            outcome = await parent.effects((mends.say.comment,))
            return outcome if outcome.ended else Outcome(status=RunStatus.DONE)
        await parent.effects((parent.acts.say.check_run,))
        outcome = await self._work()
        if not outcome.ended:
            outcome = await self._deliver()
        if not outcome.ended:
            outcome = await parent.effects((mends.say.comment,))
        return outcome if outcome.ended else Outcome(status=RunStatus.DONE)

    async def _work(self) -> Outcome:
        parent, opening = self.parent, self.parent.opening
        outcome = await parent.child(opening.part(preparing=True))
        if outcome.ended:
            return outcome
        outcome = await parent.child(opening.part())
        if outcome.ended:
            return outcome
        return Outcome.model_validate(await parent.do("unresolved", parent.acts.rounds.unresolved))

    async def _deliver(self) -> Outcome:
        """Push on top of what is there; nothing is pushed to forks, nor where people want none."""
        parent, mends = self.parent, self.parent.acts.mends
        outcome = await parent.look()
        if not outcome.ended:
            outcome = await parent.effects((mends.prepare,))
        if outcome.ended:
            return outcome
        if parent.publish in SILENT or not await parent.do("pushes", mends.pushes):
            return await parent.effects((mends.say.suggest,))
        for turn in range(1, PUSHES + 1):
            outcome = await parent.effects((mends.push,))
            if turn == PUSHES or outcome.error is None or outcome.error.kind != MOVED:
                break
            outcome = await self._on_top()
            if outcome.ended:
                break
        return outcome

    async def _on_top(self) -> Outcome:
        parent, mends = self.parent, self.parent.acts.mends
        outcome = await parent.effects((mends.take_over,))
        if not outcome.ended:
            part = parent.opening.part(parent.opening.judging, baseline=False)
            outcome = await parent.child(part)
        return outcome if outcome.ended else await parent.effects((mends.prepare,))
