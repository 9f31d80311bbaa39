"""The acts that answer a round: one review with a word in every thread. Knows nothing of dbos."""

from dataclasses import dataclass

from bot.engine.outcome import GO_ON
from bot.engine.rounds import material
from bot.engine.rounds.answering import Answered, Did, answers
from bot.engine.rounds.material import Material
from bot.engine.writer import Writer
from bot.github.texts import rounds as texts
from bot.runs import (
    DraftReview,
    Json,
    Reply,
    ResolveThread,
    Review,
    Round,
    Run,
    RunEvent,
    StageKind,
)
from bot.store import runs

AT_ONCE = 50
"""Replies in one request."""
_GO_ON: Json = GO_ON.model_dump(mode="json")


@dataclass(frozen=True, slots=True)
class ReplyActs:
    writer: Writer

    async def draft_review(self, run_id: str) -> Json:
        """Begin the review, which nobody sees yet."""
        run, _, given = await self._given(run_id)
        if not given:
            return _GO_ON
        effect = DraftReview(pull_request=run.pull_request or 0, sha=run.work.pushed or "")
        return (await self.writer.apply(run, effect))[1].model_dump(mode="json")

    async def batches(self, run_id: str) -> Json:
        """How many requests the answers take."""
        _, _, given = await self._given(run_id)
        return -(-len(given) // AT_ONCE)

    async def answer(self, run_id: str, batch: int, *, last: bool) -> Json:
        """Answer up to fifty threads; the last batch shows the whole review."""
        run, round_, given = await self._given(run_id)
        sha = None if run.work.pushed == round_.old else run.work.pushed
        replies = [
            Reply(thread=each.thread, body=_words(each, sha))
            for each in given[batch * AT_ONCE : (batch + 1) * AT_ONCE]
        ]
        effect = Review(
            pull_request=run.pull_request or 0,
            sha=run.work.pushed or "",
            purpose=f"round-{round_.number}" if last else f"round-{round_.number}-{batch}",
            body=texts.review(sha, [str(each.did) for each in given], run.work.compared),
            replies=tuple(replies),
            submit=last,
        )
        return (await self.writer.apply(run, effect))[1].model_dump(mode="json")

    async def settled(self, run_id: str) -> Json:
        """The threads that programs began and that are fixed: we resolve those."""
        _, _, given = await self._given(run_id)
        found = material.read(self.writer.shop.files(run_id))
        begun = {
            t.id: t.comments[0].author for t in (*found.threads, *found.suggested) if t.comments
        }
        return [a.thread for a in given if a.did is Did.FIXED and begun[a.thread].bot]

    async def resolve(self, run_id: str, thread: str) -> Json:
        run = (await self.writer.story(run_id)).run
        await self.writer.apply(run, ResolveThread(thread=thread))
        return _GO_ON

    async def _given(self, run_id: str) -> tuple[Run, Round, list[Answered]]:
        """What every thread of the round is answered."""
        story = await self.writer.story(run_id)
        run, round_ = story.run, story.run.work.round or Round(number=0)
        found = material.read(self.writer.shop.files(run_id))
        events = await self.writer.shop.database.read(
            lambda c: runs.events(c, run_id, after=round_.since)
        )
        writing = {name for name, kind in story.kinds.items() if kind is StageKind.IMPLEMENT}
        said = "\n".join(_said(event) for _, _, event in events if event.stage in writing)
        changed = await self._changed(run, round_)
        return run, round_, answers(found.threads, said, changed=changed, suggested=_ids(found))

    async def _changed(self, run: Run, round_: Round) -> set[str]:
        old, new = round_.old, run.work.pushed
        if old is None or new is None or old == new:
            return set()
        return {change.path for change in await self.writer.shop.objects(run).changes(old, new)}


def _ids(found: Material) -> list[str]:
    return [thread.id for thread in found.suggested]


def _said(event: RunEvent) -> str:
    """The agent's own words in a line of the timeline."""
    if event.type not in ("message", "finished"):
        return ""
    return str(event.data.get("text") or event.data.get("message") or "")


def _words(answered: Answered, sha: str | None) -> str:
    if answered.did is Did.DECLINED:
        return texts.declined(answered.words)
    if answered.did is Did.QUESTION or sha is None:
        return texts.question(answered.words)
    return texts.fixed(sha, answered.words, suggested=answered.suggested)
