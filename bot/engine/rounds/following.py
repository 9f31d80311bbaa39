"""Live with the open pull request: one thing after the other, one round at a time."""

from dataclasses import dataclass

from bot.engine.durable.steps import patched, receive_in_full
from bot.engine.outcome import GO_ON, Outcome
from bot.engine.parent import Parent
from bot.engine.rounds.ci_acts import Seen
from bot.engine.rounds.flow import RoundFlow
from bot.engine.rounds.holding import Begun
from bot.engine.rounds.tidying import Idle
from bot.runs import Message, MessageKind, RunError, RunStatus

_OVER = (MessageKind.CLOSED, MessageKind.BRANCH_DELETED, MessageKind.STOP)
_ROUNDS = (
    MessageKind.NOTE,
    MessageKind.RETRY,
    MessageKind.FIX,
    MessageKind.REBASE,
    MessageKind.APPROVE,
    MessageKind.BASE,
)


@dataclass(slots=True)
class Following:
    parent: Parent

    async def follow(self) -> Outcome:
        """Until the pull request is over; a round that fails leaves it as it was."""
        parent = self.parent
        parent.inbox.take_up()
        if parent.opening.ready:
            await parent.effects((parent.acts.say.ready,))
            await self._tell_ready()
        while not (outcome := await parent.look()).ended:
            outcome = await self._once()
            if outcome.status is RunStatus.CANCELLED or outcome.over:
                break
            if outcome.ended:
                await parent.conclude(outcome, following=True, rounds=True)
        if outcome.status is RunStatus.DONE and not await patched("merged"):
            await parent.finish(outcome, following=False)
        else:
            await parent.conclude(outcome, following=False, rounds=True)
        return outcome

    async def _once(self) -> Outcome:
        """Wait for one thing and act on it."""
        parent = self.parent
        idle = Idle.model_validate(await parent.do("idle", parent.acts.tidying.idle))
        if idle.outcome.ended:
            return await self._close_untouched(idle.outcome)
        message = await parent.inbox.next(idle.seconds, in_full=idle.checks)
        if message is None:
            return await self._silence(idle)
        return _closed(message) if message.kind in _OVER else await self._act(message)

    async def _silence(self, idle: Idle) -> Outcome:
        """Nothing came: once for each head, look whether all that is required has begun."""
        if idle.checks:
            parent = self.parent
            seen = Seen.model_validate(await parent.do("missing", parent.acts.ci.missing))
            if seen.told:
                await parent.effects((parent.acts.say.comment,))
        return GO_ON

    async def _act(self, message: Message) -> Outcome:
        parent, rounds = self.parent, RoundFlow(self.parent)
        match message.kind:
            case MessageKind.CI:
                return await rounds.run_ci(message)
            case MessageKind.READY:
                return await self._ready(message)
            case MessageKind.REVIEW:
                await self._settle(message)
                return await rounds.round(message)
            case MessageKind.CHECKS:
                return await self._checks(message, rounds)
            case MessageKind.PUSHED:
                return await self._pushed(rounds)
            case MessageKind.EDITED:
                document = message.model_dump(mode="json")
                await parent.do("edited", parent.acts.plans.edited, document)
                return GO_ON
            case kind if kind in _ROUNDS:
                return await rounds.round(message)
            case _:
                await parent.react(message, done=False)
                return GO_ON

    async def _ready(self, message: Message) -> Outcome:
        say = self.parent.acts.say
        if message.draft is not None:
            await self.parent.do("drafted", say.drafted, message.draft)
            await self._tell_ready()
            return GO_ON
        outcome = await self.parent.effects((say.ready, say.comment))
        if not outcome.ended:
            await self._tell_ready()
        await self.parent.react(message, done=not outcome.ended)
        return GO_ON

    async def _tell_ready(self) -> None:
        """Show in comment and description that it is no draft any more: its box is gone."""
        if await patched("told_ready"):
            say = self.parent.acts.say
            await self.parent.effects((say.comment, say.pull_request), to_the_end=True)

    async def _settle(self, message: Message) -> None:
        """Single comments wait until nobody has written one for a while; a review does not."""
        while await self._is_single(message):
            found = await receive_in_full(self.parent.opening.settle)
            if found is None:
                return
            if found.kind is MessageKind.REVIEW:
                message = found
                continue
            self.parent.inbox.kept.append(found)
            if found.kind in _OVER:
                return

    async def _is_single(self, message: Message) -> bool:
        act = self.parent.acts.rounds.is_single
        return bool(await self.parent.do("is_single", act, message.model_dump(mode="json")))

    async def _checks(self, message: Message, rounds: RoundFlow) -> Outcome:
        """Follow the CI: what fails is run once more, then it is worth a round."""
        seen, patient = await self._seen(message), True
        if seen.waits and await patched("ci_patience"):
            seen, patient = await self._patiently(message)
        if seen.rerun:
            ci = self.parent.acts.ci
            asked = [await self.parent.do("rerun", ci.rerun, suite) for suite in seen.rerun]
            again = any(asked) and await self._ran_again(message, patient=patient)
            seen = await self._seen(message, patient=patient) if not again else Seen()
        return await rounds.round(message) if seen.round else GO_ON

    async def _patiently(self, message: Message) -> tuple[Seen, bool]:
        """Something failed: give the others time to end, and no more of it than silence lasts.

        A status that never ends must not hide what fails; whatever else comes goes first. Answers
        what is seen then, and whether there is any patience left.
        """
        inbox = self.parent.inbox
        inbox.take(MessageKind.CHECKS)  # each says no more than to look, which is done here
        while not inbox.kept:
            found = await receive_in_full(self.parent.opening.settle)
            if found is None:
                return await self._seen(message, patient=False), False
            if found.kind is not MessageKind.CHECKS:
                inbox.kept.append(found)
                break
            seen = await self._seen(message)
            if not seen.waits:
                return seen, True
        inbox.kept.append(message)
        return Seen(), True

    async def _seen(self, message: Message, *, patient: bool = True) -> Seen:
        """Look at the head's checks, and tell people where they say something else than before."""
        parent, document = self.parent, message.model_dump(mode="json")
        look = parent.acts.ci.look
        seen = Seen.model_validate(await parent.do("checks", look, document, patient))
        if seen.told:
            await parent.effects((parent.acts.say.comment,))
        return seen

    async def _ran_again(self, message: Message, *, patient: bool) -> bool:
        """Wait whether the checks begin again; False: whoever runs them took no notice."""
        while (found := await receive_in_full(self.parent.opening.settle)) is not None:
            if found.kind is not MessageKind.CHECKS:
                self.parent.inbox.kept.append(found)
                if found.kind in _OVER:
                    return True
                continue
            seen = await self._seen(message, patient=patient)
            if not seen.round or seen.twice:
                return not seen.round
        return False

    async def _pushed(self, rounds: RoundFlow) -> Outcome:
        """Judge what somebody else pushed, without any agent; it is kept whatever comes of it."""
        acts = self.parent.acts
        begun = Begun.model_validate(await self.parent.do("adopt", acts.rounds.adopt))
        if not begun.wanted:
            return GO_ON
        return await rounds.tell_verdicts(await rounds.verdicts())

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
