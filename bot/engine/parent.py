"""What every phase of a run's parent workflow is made of: looks, effects, children, the last word.

One instance for each execution of a parent; a replay makes the same calls in the same order.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from bot.engine.acts import Acts
from bot.engine.children import Children
from bot.engine.durable.steps import patched, step
from bot.engine.inbox import Inbox
from bot.engine.outcome import GO_ON, Act, Opening, Outcome, Part
from bot.runs import Json, Message, Publish, React


@dataclass(slots=True)
class Parent:
    run_id: str
    acts: Acts
    children: Children
    opening: Opening = field(default_factory=Opening)
    inbox: Inbox = field(default_factory=Inbox)
    meanwhile: Sequence[Act] = ()
    """What people are shown while the next child works already."""
    _started: dict[bool, int] = field(default_factory=dict)

    @property
    def publish(self) -> Publish:
        return self.opening.publish

    async def look(self) -> Outcome:
        """Has somebody asked the run to stop?"""
        return Outcome.model_validate(await step("look", self.acts.look, self.run_id))

    async def child(self, part: Part) -> Outcome:
        """Do one child, with a look at the run before it and where it ended badly."""
        stop = await self.look()
        if stop.ended:
            return stop
        n = self._started[part.preparing] = self._started.get(part.preparing, 0) + 1
        shown, self.meanwhile = self.meanwhile, ()
        outcome = await self.children.work_through(self.run_id, part, n, shown)
        if not outcome.ended:  # whatever comes next looks again
            return outcome
        stop = await self.look()
        return stop if stop.ended else outcome

    async def do(self, name: str, act: Any, *arguments: Json) -> Json:
        """Do an act that needs more than the run's id."""
        return await step(name, act, self.run_id, *arguments)

    async def effects(self, acts: Sequence[Act], *, to_the_end: bool = False) -> Outcome:
        """Apply effects one by one; end at the first that ends the run."""
        for act in acts:
            name: str = getattr(act, "__name__", "effect")
            outcome = Outcome.model_validate(await step(name, act, self.run_id))
            if outcome.ended and not to_the_end:
                return outcome
        return GO_ON

    async def react(self, message: Message, *, done: bool) -> None:
        """Answer the comment that asked for something with a sign: it was done, or not."""
        if message.comment_id is not None:
            content: Any = "rocket" if done else "confused"
            at, lines = message.comment_id, message.on_lines
            effect = React(issue=0, comment_id=at, on_lines=lines, content=content)
            await self.do("react", self.acts.say.react, effect.model_dump(mode="json"))

    async def answer_unheard(self) -> None:
        """Tell whoever wrote to the run while it was at work that nothing came of it here."""
        for comment in await self.do("unheard", self.acts.say.unheard):
            await self.do("decline", self.acts.say.decline, comment)

    async def conclude(self, outcome: Outcome, *, following: bool, rounds: bool = False) -> None:
        """Say how the run ends, then write it; what cannot be said any more changes nothing.

        In this order, because whoever reads that a run has ended looks for what it left on GitHub.
        ``rounds``: some were made on the pull request, and left heads behind.
        """
        await self.do("ending", self.acts.announce_end, outcome.model_dump(mode="json"))
        await self.effects(self.acts.concluding(self.publish), to_the_end=True)
        if rounds and await patched("heads"):
            for sha in await self.do("open_heads", self.acts.say.open_heads):
                await self.do("close_head", self.acts.say.close_head, sha)
        await self.finish(outcome, following=following)

    async def finish(self, outcome: Outcome, *, following: bool) -> None:
        document = outcome.model_dump(mode="json")
        await step("finish", self.acts.finish, self.run_id, document, following)
