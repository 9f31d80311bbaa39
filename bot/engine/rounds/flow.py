"""The order of one round on the open pull request: begin, work, push, answer."""

from dataclasses import dataclass
from functools import partial

from bot.engine.children import NO_CHANGES
from bot.engine.durable.steps import patched, step
from bot.engine.outcome import GO_ON, Outcome
from bot.engine.parent import Parent
from bot.engine.rounds.holding import Begun
from bot.runs import Message, MessageKind, RunStatus

PUSHES = 3  # with what somebody pushed meanwhile taken over between them, twice at most
MOVED = "branch_moved"


@dataclass(slots=True)
class RoundFlow:
    parent: Parent

    async def round(self, message: Message) -> Outcome:
        """One round for everything that waits; what comes meanwhile waits for the next."""
        parent, rounds = self.parent, self.parent.acts.rounds
        parent.inbox.take(MessageKind.REVIEW, MessageKind.BASE)  # this round sees what they mean
        document = message.model_dump(mode="json")
        begun = Begun.model_validate(await parent.do("begin", rounds.begin, document))
        if begun.asks:
            return Outcome(status=RunStatus.DONE)
        if begun.judges:
            return await self.judge_again(message)
        if begun.outcome.ended or not begun.wanted:
            await parent.react(message, done=begun.done)
            if begun.words is not None:
                await parent.do("tell_why", parent.acts.say.tell_why, document, begun.words)
            return begun.outcome
        await parent.effects(parent.acts.beginning_round())
        outcome = await self._carry(begun)
        await parent.react(message, done=not outcome.ended)
        if not outcome.ended:
            return Outcome(status=RunStatus.DONE)
        await parent.do("drop", rounds.drop)
        if begun.needless and outcome.error is not None and outcome.error.kind == NO_CHANGES:
            await parent.do("nothing_to_retry", parent.acts.say.nothing_to_retry, document)
            return Outcome(status=RunStatus.DONE)
        return outcome

    async def _carry(self, begun: Begun) -> Outcome:
        """Work and push, where there is something to push; then every thread gets its answer."""
        parent = self.parent
        outcome = await self._work(begun)
        nothing = outcome.error is not None and outcome.error.kind == NO_CHANGES
        if nothing and not begun.answers:
            return outcome
        if not nothing and not outcome.ended:
            outcome = await self._push()
        if outcome.ended and not nothing:
            return outcome
        if not nothing and await patched("compare"):
            await parent.do("compare", parent.acts.comparing.compare)
        if begun.answers:
            await self._answer()
        await parent.do("close", parent.acts.rounds.close, begun.answers)
        return GO_ON

    async def _work(self, begun: Begun) -> Outcome:
        parent, opening = self.parent, self.parent.opening
        position = 0 if begun.agent else opening.judging
        part = opening.part(position, baseline=begun.baseline)
        outcome = await parent.child(part.model_copy(update={"may_rest": True}))
        if outcome.error is not None and outcome.error.kind == NO_CHANGES and begun.put_together:
            outcome = await self.judge()
        if outcome.ended:
            return outcome
        return Outcome.model_validate(await parent.do("unresolved", parent.acts.rounds.unresolved))

    async def judge(self) -> Outcome:
        """Begin at verify; what fails goes back to the agent, for what comes of it is pushed."""
        return await self.parent.child(self.parent.opening.part(self.parent.opening.judging))

    async def verdicts(self, stage: str | None = None, *, agents: bool = False) -> Outcome:
        """Judge the head as it is, each verdict by itself; no agent writes."""
        if not await patched("apart"):
            return await self.judge()
        found = GO_ON
        for part in self.parent.opening.verdicts(stage, agents=agents):
            outcome = await self.parent.child(part)
            found = found if found.ended else outcome
            if outcome.status is RunStatus.CANCELLED or outcome.over:
                return outcome
        return found

    async def judge_again(self, message: Message) -> Outcome:
        """Somebody wants the verdicts on the head once more."""
        parent, acts = self.parent, self.parent.acts
        await parent.do("adopt", acts.rounds.adopt)
        outcome = await self.verdicts(message.stage, agents=True)
        told = await self.tell_verdicts(outcome)
        if not told.over and told.status is RunStatus.DONE:
            await parent.effects((acts.say.review_verdict,), to_the_end=True)
            await parent.react(message, done=True)
        return told

    async def tell_verdicts(self, outcome: Outcome) -> Outcome:
        """Say what came of judging the head; it is kept whatever that is."""
        if outcome.status is RunStatus.CANCELLED or outcome.over:
            return outcome
        await self.parent.effects(self.parent.acts.judged(), to_the_end=True)
        return Outcome(status=RunStatus.DONE)

    async def _push(self) -> Outcome:
        """Push; where somebody pushed meanwhile, put ours on top and judge it again."""
        parent = self.parent
        for turn in range(1, PUSHES + 1):
            outcome = await parent.look()
            if not outcome.ended:
                outcome = await parent.effects(parent.acts.publishing(parent.publish))
            if turn == PUSHES or not _moved(outcome):
                return outcome
            outcome = Outcome.model_validate(
                await parent.do("take_over", parent.acts.rounds.take_over)
            )
            if not outcome.ended:
                outcome = await self.judge()
            if outcome.ended:
                return outcome
        return outcome

    async def _answer(self) -> None:
        """One review with a word in every thread; then the threads of programs are resolved."""
        parent, replies = self.parent, self.parent.acts.replies
        await parent.effects((replies.draft_review,))
        count = await parent.do("batches", replies.batches)
        for batch in range(count):
            answer = partial(replies.answer, batch=batch, last=batch == count - 1)
            await step("answer", answer, parent.run_id)
        for thread in await parent.do("settled", replies.settled):
            await parent.do("resolve", replies.resolve, thread)

    async def run_ci(self, message: Message) -> Outcome:
        """Have the repository's CI run, on top of what somebody pushed meanwhile."""
        parent = self.parent
        if await self._ci_runs(message):
            return GO_ON
        outcome = GO_ON
        for turn in range(1, PUSHES + 1):
            outcome = await parent.effects(parent.acts.asking_ci())
            if turn == PUSHES or not _moved(outcome):
                break
            await parent.do("adopt", parent.acts.rounds.adopt)
            outcome = await self.verdicts()
            if outcome.ended:
                break
        if not outcome.ended and await patched("told_ci"):
            await parent.effects((parent.acts.say.comment,), to_the_end=True)
        await parent.react(message, done=not outcome.ended)
        return outcome

    async def _ci_runs(self, message: Message) -> bool:
        """Say so where CI runs on the head as it is: a commit for it would be one too many."""
        parent, document = self.parent, message.model_dump(mode="json")
        if not await patched("ci_runs"):
            return False
        words = await parent.do("ci_runs", parent.acts.branch.ci_runs, document)
        if words is None:
            return False
        await parent.do("tell_why", parent.acts.say.tell_why, document, words)
        await parent.react(message, done=True)
        return True


def _moved(outcome: Outcome) -> bool:
    return outcome.error is not None and outcome.error.kind == MOVED
