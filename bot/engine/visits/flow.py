"""The order of a run on somebody else's pull request: look, then say it once."""

from dataclasses import dataclass

from bot.engine.durable.steps import patched
from bot.engine.outcome import Outcome, blocked, cancelled
from bot.engine.parent import Parent
from bot.engine.room import wait_for_room
from bot.engine.sayings import SILENT
from bot.engine.visits.acts import Current
from bot.engine.visits.mending import CI, Mending
from bot.runs import RunStatus

TURNS = 2
"""How often it is begun where somebody replaces the commits meanwhile; models cost money."""


@dataclass(slots=True)
class Visiting:
    parent: Parent
    first_stage: str | None = None

    async def carry(self) -> Outcome:
        """From its first look to its last word; nothing is followed afterwards."""
        parent = self.parent
        outcome = parent.opening.outcome
        if not outcome.ended and self.first_stage != CI and await patched("visits_wait"):
            outcome = await self._wait()
        if not outcome.ended:
            outcome = _told(await self._carry())
        await parent.do("ending", parent.acts.announce_end, outcome.model_dump(mode="json"))
        acts = parent.acts
        last = (acts.say.check_run, acts.notices.fold_notice, acts.notices.notify)
        await parent.effects(last, to_the_end=True)
        await parent.finish(outcome, following=False)
        return outcome

    async def _wait(self) -> Outcome:
        """Nothing begins in a paused repository; what is there afterwards may be something else."""
        parent, visits = self.parent, self.parent.acts.visits
        said = parent.publish in SILENT and await patched("wait_said")
        shown = parent.acts.notices.notify if said else parent.acts.say.check_run
        outcome, waited = await wait_for_room(parent, (shown,))
        if outcome.ended or not waited:
            return outcome
        if said:
            await parent.effects((parent.acts.notices.fold_notice,))
        now = Current.model_validate(await parent.do("current", visits.current))
        if now.outcome.ended or not (now.replaced or now.moved_to):
            return now.outcome
        await parent.effects((visits.let_go,))
        return Outcome.model_validate(await parent.do("begin_again", visits.begin_again))

    async def _carry(self) -> Outcome:
        if self.parent.opening.working:
            return await Mending(self.parent, self.first_stage).carry()
        return await self._review()

    async def _review(self) -> Outcome:
        """Look at what is there; where it was replaced meanwhile, once more."""
        parent, visits = self.parent, self.parent.acts.visits
        for turn in range(1, TURNS + 1):
            await parent.effects((parent.acts.say.check_run,))
            outcome = await parent.child(parent.opening.part(preparing=True, baseline=False))
            if outcome.ended:
                return outcome
            now = Current.model_validate(await parent.do("current", visits.current))
            if now.outcome.ended:
                return now.outcome
            if not now.replaced:
                return await self._say(now)
            if turn < TURNS:
                await parent.effects((visits.let_go,))
                begun = await parent.do("begin_again", visits.begin_again)
                outcome = Outcome.model_validate(begun)
                if outcome.ended:
                    return outcome
        return blocked("replaced", f"its commits were replaced {TURNS} times while it was read")

    async def _say(self, now: Current) -> Outcome:
        parent, visits = self.parent, self.parent.acts.visits
        outcome = await parent.effects((visits.weigh,))
        if not outcome.ended:
            outcome = await parent.look()
        if not outcome.ended:
            posted = await parent.do("post_review", visits.post_review, now.moved_to)
            outcome = Outcome.model_validate(posted)
        return outcome if outcome.ended else Outcome(status=RunStatus.DONE)


def _told(outcome: Outcome) -> Outcome:
    """A pull request that was merged meanwhile needs no word of ours any more."""
    if outcome.over and outcome.status is RunStatus.DONE:
        return cancelled("closed", "the pull request was merged")
    return outcome
