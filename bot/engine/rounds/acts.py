"""The acts of a round on the open pull request. Knows nothing of dbos.

A round takes in everything that waits when it starts: the base first, then threads, then CI.
"""

import re
import time
from dataclasses import dataclass, replace

from bot.engine.outcome import GO_ON, blocked, cancelled, refused
from bot.engine.rounds import material
from bot.engine.rounds.collecting import Collector
from bot.engine.rounds.holding import Begun, Held, by_a_person, held, needless
from bot.engine.rounds.material import Material
from bot.engine.rounds.reading import Reading
from bot.engine.rounds.standing import Ground, Standing
from bot.engine.writer import Writer
from bot.errors import EffectRefused
from bot.github.texts import rounds as texts
from bot.runs import Grant, Json, Message, MessageKind, Round, Run, RunStatus, Work
from bot.store import calls, runs

_MARKS = re.compile(rb"^(<{7}|>{7})(?: |$)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class RoundActs:
    writer: Writer
    standing: Standing
    reading: Reading
    collector: Collector

    async def begin(self, run_id: str, document: Json) -> Json:
        """Look what waits, put together what needs no agent, and write the agent's brief."""
        try:
            return await self._begin(run_id, document)
        except EffectRefused as error:
            outcome = refused("round", error.kind, error.reason)
            return Begun(outcome=outcome).model_dump(mode="json")

    async def _begin(self, run_id: str, document: Json) -> Json:
        message = Message.model_validate(document)
        story = await self.writer.story(run_id)
        story = replace(story, run=await self.standing.retargeted(story.run))
        config = story.config
        ground = await self.standing.ground(story.run, follow=bool(config and config.base.follow))
        if ground is None:
            gone = cancelled("branch_gone", f"the branch `{story.run.work.branch}` was deleted")
            return Begun(outcome=gone).model_dump(mode="json")
        run = await self.standing.adopt(story.run, ground.head)
        if await self.collector.heard(run, message):
            return Begun(done=run.status is RunStatus.DONE).model_dump(mode="json")
        found = await self.collector.collect(run, message, ground)
        retry, rebase = message.kind is MessageKind.RETRY, message.kind is MessageKind.REBASE
        wanted = found.for_agent or found.suggested or retry
        if rebase and not await self.standing.only_ours(run, ground):
            words = texts.not_only_ours(run.pull_request or 0, message.reason, message.by or "")
            return Begun(words=words).model_dump(mode="json")
        if message.verdicts:
            return Begun(judges=True).model_dump(mode="json")
        if not wanted and not (rebase and ground.behind) and not ground.merges(message):
            return _idle(run, message).model_dump(mode="json")
        reason = await held(self.writer, self.reading, message, Held(story, run, found))
        if reason is not None:
            return reason.model_dump(mode="json")
        begun = await self._start(run, message, ground, found)
        idle = needless(message, story, found)
        return begun.model_copy(update={"needless": idle}).model_dump(mode="json")

    async def is_single(self, run_id: str, document: Json) -> Json:
        """Is a "review" nothing but one comment on a line? GitHub wraps those in reviews too."""
        message = Message.model_validate(document)
        if message.review_id is None or message.text != "commented":
            return message.review_id is None
        run = (await self.writer.story(run_id)).run
        there = await self.reading.conversation(run)
        found = next((r for r in there.reviews if r.number == message.review_id), None)
        if found is None or found.body.strip():
            return False
        threads = await self.reading.threads(run)
        return sum(c.review == found.id for t in threads for c in t.comments) <= 1

    async def adopt(self, run_id: str) -> Json:
        """Take over what somebody else pushed, to be judged as it is."""
        run = (await self.writer.story(run_id)).run
        ground = await self.standing.ground(run)
        if ground is None or ground.head == run.work.pushed:
            return Begun().model_dump(mode="json")
        await self.standing.adopt(run, ground.head)
        return Begun(wanted=True).model_dump(mode="json")

    async def take_over(self, run_id: str) -> Json:
        """Put our work on top of what somebody pushed meanwhile."""
        run = (await self.writer.story(run_id)).run
        work, objects = run.work, self.writer.shop.objects(run)
        theirs = await self.standing.source.fetch(run.repository, work.branch or "")
        if theirs is None or work.head_sha is None:
            gone = cancelled("branch_gone", f"the branch `{work.branch}` was deleted")
            return gone.model_dump(mode="json")
        merged = await objects.merge(theirs, work.head_sha)
        if merged.conflicts:
            who = await self.standing.source.author(run.repository, theirs)
            listed = ", ".join(f"`{path}`" for path in merged.conflicts[:5])
            why = f"`{who}` pushed to the branch, and the work conflicts with that in {listed}"
            return blocked("branch_moved", why, stage="publish").model_dump(mode="json")
        checkpoint = await self.standing.commit(
            run, merged.tree, (theirs,), "Work on top of a push"
        )
        changes: dict[str, Json] = {"pushed": theirs, "tree": merged.tree, "checkpoint": checkpoint}
        if work.round is not None:
            again = work.round.model_copy(update={"onto": None})
            changes["round"] = again.model_dump(mode="json")
        await objects.bundle(work.base_sha or theirs, checkpoint)
        await self.writer.update(run_id, work=changes)
        return GO_ON.model_dump(mode="json")

    async def unresolved(self, run_id: str) -> Json:
        """Say so where a conflict with the base still stands in the files."""
        run = (await self.writer.story(run_id)).run
        found = material.read(self.writer.shop.files(run_id))
        objects, left = self.writer.shop.objects(run), []
        for path in found.conflicts:
            content = await objects.file(run.work.checkpoint or "", path)
            if content is not None and _MARKS.search(content):
                left.append(path)
        if not left:
            return GO_ON.model_dump(mode="json")
        return blocked("conflicts", texts.conflict_left(left)).model_dump(mode="json")

    async def drop(self, run_id: str) -> Json:
        """Forget a round that came to nothing; the pull request stays as it was."""
        run = (await self.writer.story(run_id)).run
        work = run.work
        changes: dict[str, Json] = {"round": None, "rounds_made": work.rounds_made + 1}
        changes |= await self.standing.as_pushed(run)
        if work.round is not None:
            changes["checks_tried"] = _tried(work)
            notes = material.read(self.writer.shop.files(run_id)).notes
            changes["note"] = "\n\n".join(notes) or None  # a retry takes them up
        if work.round is not None and work.round.base_before is not None:
            changes["base_sha"] = work.round.base_before
        await self.writer.update(run_id, work=changes)
        return GO_ON.model_dump(mode="json")

    async def close(self, run_id: str, answered: bool) -> Json:  # noqa: FBT001
        """Count a round that was pushed; ``answered``: a review told of it."""
        run = (await self.writer.story(run_id)).run
        work = run.work
        changes: dict[str, Json] = {
            "round": None,
            "note": None,
            "rounds_made": work.rounds_made + 1,
            "reruns": [],
            "checks_tried": [],
        }
        if work.round is not None and work.round.old == work.pushed:
            changes |= {"checks_tried": _tried(work), **await self.standing.as_pushed(run)}
        else:
            changes["checks"] = []  # they were said of the head before
        if answered:
            changes["compared"] = None  # the review has it
        await self.writer.update(run_id, work=changes)
        return GO_ON.model_dump(mode="json")

    async def _start(self, run: Run, message: Message, ground: Ground, found: Material) -> Begun:
        work, shop = run.work, self.writer.shop
        onto, takes_base = await self._put_together(run, message, ground, found)
        asked = by_a_person(message)
        begun = Round(
            number=work.rounds_made + 1,
            onto=onto,
            base=ground.base if takes_base else None,
            base_before=work.base_sha if takes_base else None,
            rebase=message.kind is MessageKind.REBASE,
            suggested=tuple(thread.id for thread in found.suggested),
            checks=tuple(failing.name for failing in found.failing),
            conflicts=found.conflicts if takes_base else (),
            tests=message.tests or found.asked_by_people,
            by=message.by if asked else None,
            since=await self._newest_event(run),
            old=ground.head,
        )
        there = await self.reading.conversation(run)
        changes: dict[str, Json] = {
            "round": begun.model_dump(mode="json"),
            "rounds": 0 if asked else work.rounds + found.counts,
            "rounds_asked": work.rounds_asked + asked,
            "needs": None,
            "reviews_seen": [review.id for review in there.reviews],
            **await self._granted(run, message),
        }
        if takes_base:
            changes["base_sha"] = ground.base
        if onto is not None:
            changes |= {"checkpoint": onto, "tree": await shop.objects(run).tree(onto)}
        material.write(shop.files(run.id), found)
        await self.writer.update(run.id, work=changes, status=RunStatus.RUNNING)
        await self.collector.take_in(run, message, found)
        return Begun(
            wanted=True,
            agent=found.for_agent or message.kind is MessageKind.RETRY,
            baseline=takes_base,
            put_together=onto is not None,
            answers=bool(found.threads or found.suggested),
        )

    async def _newest_event(self, run: Run) -> int:
        return await self.writer.shop.database.read(
            lambda c: max((seq for seq, _, _ in runs.events(c, run.id)), default=0)
        )

    async def _granted(self, run: Run, message: Message) -> dict[str, Json]:
        """What somebody lets it spend from now on, if they said so."""
        if message.budget is None:
            return {}
        spent = await self.writer.shop.database.read(lambda c: calls.spend(c, run.id))
        grant = Grant(budget=message.budget, spent=spent, at=time.time())
        return {"grant": grant.model_dump(mode="json")}

    async def _put_together(
        self, run: Run, message: Message, ground: Ground, found: Material
    ) -> tuple[str | None, bool]:
        """Apply suggestions and merge the base; answer the commit to start from."""
        objects = self.writer.shop.objects(run)
        onto: str | None = None
        if found.suggested:
            files, _ = await self.collector.with_suggestions(
                run, ground.head, list(found.suggested)
            )
            tree = await objects.with_files(ground.head, files)
            onto = await self.standing.commit(run, tree, (ground.head,), "Suggestions")
        takes_base = bool(found.conflicts) or ground.merges(message)
        if takes_base:
            merged = await objects.merge(onto or ground.head, ground.base)
            rebase = message.kind is MessageKind.REBASE
            above = (ground.base,) if rebase else (onto or ground.head, ground.base)
            onto = await self.standing.commit(run, merged.tree, above, "The base")
        return onto, takes_base


def _tried(work: Work) -> list[str]:
    """The failing checks of the head that no round has mended, this one's among them."""
    return sorted({*work.checks_tried, *(work.round.checks if work.round else ())})


def _idle(run: Run, message: Message) -> Begun:
    """There is nothing to do: what a person asked for is so already, or is not there."""
    if message.kind is not MessageKind.FIX:
        return Begun(done=message.kind is MessageKind.REBASE)
    number, base = run.pull_request or 0, run.work.base_ref or ""
    return Begun(words=texts.nothing_to_mend(number, base, message.reason, message.by or ""))
