"""The acts that people see: the status comment, the check runs, the pull request."""

from collections.abc import Sequence
from dataclasses import dataclass

from bot.engine.gates.showing import noted
from bot.engine.outcome import GO_ON
from bot.engine.writer import Writer
from bot.github.effects.check_run import AT_ONCE
from bot.github.markdown import line, plain
from bot.github.texts import delivery, rounds
from bot.pipeline import customs, definition, reports, visit_reports
from bot.pipeline.findings import Severity
from bot.pipeline.story import Story, commands
from bot.runs import (
    Annotation,
    CheckRun,
    Comment,
    Json,
    Message,
    Publish,
    React,
    Ready,
    RequestReview,
    RunStatus,
    StageKind,
)
from bot.store import ledger

SILENT = (Publish.COMMENT, Publish.PATCH)
"""The ways of publishing that write nothing but a comment."""
_GO_ON: Json = GO_ON.model_dump(mode="json")


@dataclass(frozen=True, slots=True)
class Sayings:
    """Each builds its text from the store, so that saying it again changes nothing."""

    writer: Writer

    async def comment(self, run_id: str) -> Json:
        """The one status comment."""
        story = await self.writer.story(run_id)
        if definition.visits(story.run.pipeline):  # its review is all that it says
            return _GO_ON
        effect = reports.status_comment(story)
        if story.run.publish in SILENT and story.run.status is RunStatus.DONE:
            shown = await self._delivery(story)
            effect = effect.model_copy(update={"body": f"{effect.body}\n\n{shown}"})
        applied, outcome = await self.writer.apply(story.run, effect)
        work: dict[str, Json] = {}
        if applied and story.run.work.overlaps is not None:
            work = noted(story.run, applied)
        if applied and applied.id and story.run.work.status_comment_id != applied.id:
            work |= {"status_comment_id": applied.id, "status_comment_url": applied.url}
        if work:
            await self.writer.update(run_id, work=work)
        return outcome.model_dump(mode="json")

    async def _delivery(self, story: Story) -> str:
        """The work itself, where the comment is all that there is of it."""
        run, work = story.run, story.run.work
        if work.base_sha is None or work.checkpoint is None:
            return ""
        verify, rules = story.last_of(StageKind.VERIFY), story.last_of(StageKind.RULES)
        difference = None
        if run.publish is Publish.COMMENT:
            objects = self.writer.shop.objects(run)
            difference = await objects.diff(work.base_sha, work.checkpoint)
        return delivery.delivery(
            run,
            commands(verify) if verify else (),
            story.baseline,
            files=int(rules.result.get("data", {}).get("files", 0)) if rules else 0,
            plan=story.plan.plan if story.plan else None,
            difference=difference,
        )

    async def check_run(self, run_id: str) -> Json:
        """The check run `Coppice`, with its buttons, on the start commit."""
        story = await self.writer.story(run_id)
        work = story.run.work
        if work.visit is not None:  # on the head that it is about
            silent = story.run.publish in SILENT
            return _GO_ON if silent else await self._coppice(story, work.visit.head_sha)
        if work.start_sha is None or work.pushed is None:
            return _GO_ON
        return await self._coppice(story, work.start_sha)

    async def head_check_run(self, run_id: str) -> Json:
        """The check run `Coppice` on the head of the pull request."""
        story = await self.writer.story(run_id)
        work = story.run.work
        if work.pushed is None or not work.published or work.visit is not None:
            return _GO_ON
        return await self._coppice(story, work.pushed)

    async def open_heads(self, run_id: str) -> Json:
        """Name the commits on which the check run `Coppice` still says that the run is at work."""
        database = self.writer.shop.database
        found = await database.read(lambda c: ledger.still_open(c, run_id, "check_run"))
        return [each.sha for each in found if each.sha is not None]

    async def close_head(self, run_id: str, sha: str) -> Json:
        """Complete the check run `Coppice` on a commit that is the head no more."""
        story = await self.writer.story(run_id)
        effect = reports.coppice_check_run(story, sha)
        return (await self.writer.apply(story.run, effect))[1].model_dump(mode="json")

    async def _coppice(self, story: Story, sha: str) -> Json:
        visits = story.run.work.visit is not None
        check_run = visit_reports.check_run if visits else reports.coppice_check_run
        effect = check_run(story, sha)
        applied, outcome = await self.writer.apply(story.run, effect)
        if applied and applied.url and story.run.work.check_run_url != applied.url:
            await self.writer.update(story.run.id, work={"check_run_url": applied.url})
        return outcome.model_dump(mode="json")

    async def request_review(self, run_id: str) -> Json:
        """Ask whoever asked for the run to look at what came of it."""
        run = (await self.writer.story(run_id)).run
        if run.pull_request is not None:
            login = run.trigger.by.login
            effect = RequestReview(pull_request=run.pull_request, login=login)
            await self.writer.apply(run, effect)  # where it cannot be asked, nobody is
        return _GO_ON

    async def ready(self, run_id: str) -> Json:
        """Make the draft ready for review."""
        run = (await self.writer.story(run_id)).run
        applied, outcome = await self.writer.apply(run, Ready(pull_request=run.pull_request or 0))
        if applied is not None:
            await self.writer.update(run_id, work={"ready": True})
        return outcome.model_dump(mode="json")

    async def drafted(self, run_id: str, draft: bool) -> Json:  # noqa: FBT001
        """Note what somebody made of the pull request at GitHub."""
        await self.writer.update(run_id, work={"ready": not draft})
        return _GO_ON

    async def nothing_to_retry(self, run_id: str, document: Json) -> Json:
        """Answer whoever wants to try again what is good already: what to write instead."""
        run, message = (await self.writer.story(run_id)).run, Message.model_validate(document)
        text = rounds.nothing_to_retry(run.pull_request or 0, message.reason, message.by or "")
        return await self.tell_why(run_id, document, text)

    async def tell_why(self, run_id: str, document: Json, words: str) -> Json:
        """Answer whoever asked for something of which nothing came."""
        run, message = (await self.writer.story(run_id)).run, Message.model_validate(document)
        number = message.issue or run.pull_request or run.issue
        lines = "lines-" if message.on_lines else ""
        purpose = f"answer-{lines}{message.comment_id or 'retry'}"
        await self.writer.apply(run, Comment(issue=number, purpose=purpose, body=words))
        return _GO_ON

    async def react(self, run_id: str, document: Json) -> Json:
        """A sign at the comment that asked for something; where it was deleted, none."""
        run = (await self.writer.story(run_id)).run
        effect = React.model_validate({**document, "issue": run.issue})
        await self.writer.apply(run, effect)
        return _GO_ON

    async def unheard(self, run_id: str) -> Json:
        """The comments whose words nobody has taken in."""
        run = (await self.writer.story(run_id)).run
        return [note.comment_id for note in run.work.unheard if note.comment_id is not None]

    async def decline(self, run_id: str, comment: int) -> Json:
        """A sign at such a comment: nothing came of it."""
        run = (await self.writer.story(run_id)).run
        effect = React(issue=run.issue, comment_id=comment, content="confused")
        await self.writer.apply(run, effect)
        return _GO_ON

    async def verify_verdict(self, run_id: str) -> Json:
        story = await self.writer.story(run_id)
        effect = reports.verify_check_run(story)
        return (await self.writer.apply(story.run, effect))[1].model_dump(mode="json")

    async def review_verdict(self, run_id: str) -> Json:
        """What another agent found, where one looked."""
        story = await self.writer.story(run_id)
        effect = reports.review_check_run(story)
        if effect is None:
            return _GO_ON
        return await self._annotate(story, effect, _found(story))

    async def rules_verdict(self, run_id: str) -> Json:
        story = await self.writer.story(run_id)
        effect = reports.rules_check_run(story)
        return await self._annotate(story, effect, _broken(story))

    async def _annotate(self, story: Story, check: CheckRun, remarks: Sequence[Annotation]) -> Json:
        """A verdict with its remarks at lines, fifty in each effect."""
        outcome = GO_ON
        for batch in range(max(1, -(-len(remarks) // AT_ONCE))):
            some = tuple(remarks[batch * AT_ONCE : (batch + 1) * AT_ONCE])
            effect = check.model_copy(update={"annotations": some, "batch": batch})
            _, outcome = await self.writer.apply(story.run, effect)
            if outcome.ended:
                break
        return outcome.model_dump(mode="json")

    async def pull_request(self, run_id: str) -> Json:
        story = await self.writer.story(run_id)
        around = customs.read(self.writer.shop.files(run_id))
        effect = reports.pull_request_effect(story, around)
        applied, outcome = await self.writer.apply(story.run, effect)
        if applied:
            work = {"pull_request_url": applied.url, "pull_request_note": applied.note}
            await self.writer.update(run_id, pull_request=applied.number, work=work)
        return outcome.model_dump(mode="json")


def _found(story: Story) -> list[Annotation]:
    """The findings of the review that stand at a line."""
    return [
        Annotation(
            path=found.file,
            start_line=found.line,
            end_line=found.line,
            level="warning" if found.severity is Severity.MUST else "notice",
            title=line(found.title, 200),
            message=plain(found.reason or found.title)[:4000],
        )
        for found in story.findings
        if found.file is not None and found.line
    ]


def _broken(story: Story) -> list[Annotation]:
    """The rules that are broken, at the first line of each file."""
    last = story.on_head(StageKind.RULES)
    rows = last.result["data"].get("violations", ()) if last else ()
    return [
        Annotation(
            path=path, start_line=1, end_line=1, level="failure", title=rule, message=plain(message)
        )
        for rule, path, message in rows
        if path
    ]
