"""What people see while something waits for them: plan comment, one notice, mirror labels."""

from dataclasses import dataclass

from bot.engine.gates.showing import noted
from bot.engine.outcome import GO_ON
from bot.engine.sayings import SILENT
from bot.engine.writer import Writer
from bot.github.markdown import line, prose
from bot.github.texts import labels, needs, plan, visit
from bot.github.texts.status import headline
from bot.pipeline import definition, reports
from bot.pipeline.configuration import Approvals
from bot.pipeline.story import Story
from bot.runs import (
    Comment,
    DefineLabel,
    Effect,
    Json,
    Label,
    Minimise,
    Run,
    RunStatus,
)

PLAN, ENDED = "plan", "ended-"
_GO_ON: Json = GO_ON.model_dump(mode="json")
_NOTIFIED = (RunStatus.FAILED, RunStatus.BLOCKED)


@dataclass(frozen=True, slots=True)
class Notices:
    """Each builds its text from the store, so that saying it again changes nothing."""

    writer: Writer

    async def plan_comment(self, run_id: str) -> Json:
        """The plan, with the box that approves it; afterwards, by whom it was approved."""
        story = await self.writer.story(run_id)
        run, made, gate = story.run, story.plan, story.run.work.gate
        if made is None or gate is None or not (gate.reasons or gate.void):
            return _GO_ON
        asked = story.config.approvals if story.config else Approvals()
        waiting = plan.Waiting(
            run=run,
            plan=made.plan,
            gate=gate,
            count=asked.count,
            owners=asked.from_ is not None,
            not_requester=asked.not_requester,
            limit=story.budget,
            ended=_ended(story),
        )
        comment = Comment(issue=run.issue, purpose=PLAN, body=plan.plan_comment(waiting))
        applied, outcome = await self.writer.apply(run, comment)
        changes = noted(run, applied) if applied is not None else {}
        if applied is not None and run.work.plan_comment_url != applied.url:
            changes["plan_comment_url"] = applied.url
        if changes:
            await self.writer.update(run_id, work=changes)
        return outcome.model_dump(mode="json")

    async def notify(self, run_id: str) -> Json:
        """One new comment, because an edit notifies nobody and a person must act now."""
        story = await self.writer.story(run_id)
        found = _notice(story)
        if found is None:
            return _GO_ON
        purpose, body = found
        if _is_told(story.run, purpose):
            return _GO_ON
        comment = Comment(issue=_where(story, purpose), purpose=purpose, body=body)
        applied, outcome = await self.writer.apply(story.run, comment)
        if applied is not None and applied.node is not None:
            notice = {"purpose": purpose, "node": applied.node}
            await self.writer.update(run_id, work={"notice": notice})
        return outcome.model_dump(mode="json")

    async def fold_notice(self, run_id: str) -> Json:
        """Fold the last notice away once nobody has to act on it any more."""
        story = await self.writer.story(run_id)
        notice, now = story.run.work.notice, _notice(story)
        if notice is not None and (now is None or not _is_told(story.run, now[0])):
            # Where it cannot be folded away (no permission, deleted), it just stays.
            await self.writer.apply(story.run, Minimise(node=notice.node, why="RESOLVED"))
            await self.writer.update(run_id, work={"notice": None})
        return _GO_ON

    async def define_label(self, run_id: str) -> Json:
        """Make the label that the run is about to show, where the repository has none."""
        story = await self.writer.story(run_id)
        wanted = _mirror(story)
        if wanted is not None:
            color, description = labels.MIRRORS[wanted]
            effect = DefineLabel(name=wanted, color=color, description=description)
            await self.writer.apply(story.run, effect)
        return _GO_ON

    async def label_on(self, run_id: str) -> Json:
        """Show where the run stands as a label of the issue."""
        story = await self.writer.story(run_id)
        wanted, shown = _mirror(story), story.run.work.labels
        if wanted is not None and wanted not in shown:
            await self._label(story, wanted, on=True)
            await self.writer.update(run_id, work={"labels": [*shown, wanted]})
        return _GO_ON

    async def label_off(self, run_id: str) -> Json:
        """Take off the label of where the run stood before."""
        story = await self.writer.story(run_id)
        wanted, shown = _mirror(story), story.run.work.labels
        old = [name for name in shown if name != wanted]
        if old:
            await self._label(story, old[0], on=False)
            await self.writer.update(run_id, work={"labels": [n for n in shown if n != old[0]]})
        return _GO_ON

    async def _label(self, story: Story, name: str, *, on: bool) -> None:
        """A label is for looking only: where it cannot be set, the run goes on."""
        effect: Effect = Label(issue=story.run.issue, name=name, on=on)
        await self.writer.apply(story.run, effect)


def _mirror(story: Story) -> str | None:
    """The label that says where a run stands; none when it is done, stopped, or says nothing."""
    if story.run.publish in SILENT or story.run.work.visit is not None:
        return None
    if story.run.work.needs is not None:
        return labels.NEEDS_YOU
    return labels.OF_STATUS.get(story.run.status)


def _ended(story: Story) -> str | None:
    """How a run ended while its plan still waited."""
    run, gate = story.run, story.run.work.gate
    if not run.status.ended or gate is None or gate.passed:
        return None
    if run.status is RunStatus.DONE:
        return None
    if run.error is not None and run.error.kind == "rejected":
        return prose(line(run.error.message.removeprefix("the plan was "), 300))
    how = headline(reports.facts(story))
    return f"{how[:1].lower()}{how[1:]}"


def _notice(story: Story) -> tuple[str, str] | None:
    """What a person has to be told now: its purpose, which is its natural key, and its text."""
    run, work = story.run, story.run.work
    if run.status is RunStatus.WAITING and work.overlaps is not None:
        return f"needs-{work.overlaps.hash[:8]}", needs.overlaps(run, work.overlaps)
    if run.status is RunStatus.WAITING and work.gate is not None:
        asked = work.gate.amendment.hash if work.gate.amendment else work.gate.hash
        strict = story.config is not None and story.config.approvals.not_requester
        text = needs.plan_waits(run, work.plan_comment_url, mention=not strict)
        return f"needs-{asked[:8]}-{len(work.gate.void)}", text
    if work.waits_for is not None and _waits_unseen(run):
        return "waits", visit.waits(run, work.waits_for)
    if work.needs is not None:
        return f"needs-round-{work.rounds_made}", needs.acts(run, work.needs)
    if run.status in _NOTIFIED:
        how = headline(reports.facts(story))
        visits = definition.visits(run.pipeline)
        text = visit.stopped(run, how) if visits else needs.stopped(run, how)
        return _ended_with(run), text
    return None


def _ended_with(run: Run) -> str:
    """How it ended, and after how many rounds: the same end once more is a comment of its own."""
    work, kind = run.work, run.error.kind if run.error else ""
    return f"{ENDED}{work.again or 0}-{kind}-{work.rounds_asked}-{work.rounds_made}"


def _is_told(run: Run, purpose: str) -> bool:
    """Does the last notice say it already? So it does where rounds that nobody asked for came to
    the same end one after the other.
    """
    last = run.work.notice.purpose if run.work.notice else None
    if last is None or not purpose.startswith(ENDED):
        return last == purpose
    return last.rpartition("-")[0] == purpose.rpartition("-")[0]


def _waits_unseen(run: Run) -> bool:
    """Is it about to begin on somebody's pull request, where no check run shows that it waits?"""
    silent = run.publish in SILENT and run.work.visit is not None
    return silent and run.status is RunStatus.QUEUED


def _where(story: Story, purpose: str) -> int:
    """On the pull request where a round waits, else on the issue."""
    on_pull = purpose.startswith("needs-round")
    return story.run.pull_request or story.run.issue if on_pull else story.run.issue
