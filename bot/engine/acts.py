"""What a run's parent does, and in which order for each way of publishing. Knows nothing of dbos.

Each act applies at most one effect and answers an ``Outcome``. Every act may be called again after
a crash: it builds its effect from the store, and the effect is looked up before it is written.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from bot.engine.branch import BranchActs
from bot.engine.gates.overlap import OverlapActs
from bot.engine.gates.plans import PlanActs
from bot.engine.notices import Notices
from bot.engine.opening import Opener
from bot.engine.outcome import GO_ON, Act, Outcome, stopped
from bot.engine.pace import Pace
from bot.engine.progress import Progress
from bot.engine.queueing import QueueActs
from bot.engine.rounds.acts import RoundActs
from bot.engine.rounds.ci_acts import CiActs
from bot.engine.rounds.comparing import CompareActs
from bot.engine.rounds.replies import ReplyActs
from bot.engine.rounds.tidying import Tidying
from bot.engine.sayings import SILENT, Sayings
from bot.engine.visits.acts import VisitActs
from bot.engine.visits.mend_acts import MendActs
from bot.engine.writer import Writer
from bot.pipeline import definition
from bot.runs import Ending, Json, Publish, Run, RunStatus, StageKind, StageRecord, StageStatus
from bot.store import runs
from bot.store.database import Connection
from bot.telemetry import seen


@dataclass(frozen=True, slots=True)
class Acts:
    """Everything that a parent does; the workflows decide when."""

    writer: Writer
    opener: Opener
    branch: BranchActs
    say: Sayings
    notices: Notices
    plans: PlanActs
    overlap: OverlapActs
    tidying: Tidying
    rounds: RoundActs
    comparing: CompareActs
    replies: ReplyActs
    ci: CiActs
    queue: QueueActs
    visits: VisitActs
    mends: MendActs
    pace: Pace = field(default_factory=Pace)

    def announcing(self, publish: Publish) -> Sequence[Act]:
        if publish in SILENT:
            return (self.say.comment,)
        return (
            self.branch.drop_old_branch,
            self.branch.push_start,
            self.say.comment,
            self.say.check_run,
            *self._labels,
        )

    @property
    def progress(self) -> Progress:
        return Progress(self.writer, self.pace)

    @property
    def _labels(self) -> Sequence[Act]:
        return (self.notices.define_label, self.notices.label_off, self.notices.label_on)

    def asking_people(self, publish: Publish) -> Sequence[Act]:
        """Show the plan that waits, and tell somebody once."""
        return self.concluding(publish)

    def asked_people(self, publish: Publish) -> Sequence[Act]:
        """Show that nobody has to act any more."""
        shown = (self.notices.plan_comment, self.notices.fold_notice, *self.progressing(publish))
        return shown if publish in SILENT else (*shown, *self._labels)

    def progressing(self, publish: Publish) -> Sequence[Act]:
        return (self.say.comment,) if publish in SILENT else (self.say.comment, self.say.check_run)

    def publishing(self, publish: Publish) -> Sequence[Act]:
        if publish in SILENT:
            return ()
        opening = (self.say.pull_request, self.say.request_review)
        return (
            self.branch.prepare_publication,
            self.branch.push_work,
            *(opening if publish is Publish.PR else ()),
            *self._verdicts,
            self.say.review_verdict,
        )

    @property
    def _verdicts(self) -> Sequence[Act]:
        return (self.say.verify_verdict, self.say.rules_verdict)

    def judged(self) -> Sequence[Act]:
        """Say what came of judging a head that somebody else pushed."""
        return (self.say.pull_request, *self._verdicts, self.say.head_check_run)

    def beginning_round(self) -> Sequence[Act]:
        """Show that the open pull request is being worked on."""
        return (self.say.comment, self.say.head_check_run, *self._labels)

    def asking_ci(self) -> Sequence[Act]:
        return (
            self.branch.prepare_ci,
            self.branch.push_work,
            self.branch.note_ci,
            self.say.pull_request,
            self.say.verify_verdict,
            self.say.rules_verdict,
            self.say.review_verdict,
            self.say.head_check_run,
        )

    def concluding(self, publish: Publish) -> Sequence[Act]:
        """Say the last word of a run, or that it waits."""
        telling = (self.notices.fold_notice, self.notices.notify)
        if publish in SILENT:
            return (self.notices.plan_comment, self.say.comment, *telling)
        return (
            self.notices.plan_comment,
            self.say.comment,
            self.say.check_run,
            self.say.head_check_run,
            *self._labels,
            *telling,
        )

    async def open(self, run_id: str) -> Json:
        """Make what the run stands on; answers an ``Opening``."""
        run = (await self.writer.story(run_id)).run
        opening = await self.opener.open(run)
        await self._take_along(run_id)
        return opening.model_dump(mode="json")

    async def _take_along(self, run_id: str) -> None:
        """Have another worker find what was made, its first commit too."""
        shop = self.writer.shop
        run = await shop.database.read(lambda c: runs.get(c, run_id))
        if run is not None and run.work.pushed is None:
            await shop.keep(run, run.work.start_sha)
        else:
            await shop.pack(run_id)

    async def look(self, run_id: str) -> Json:
        """Has somebody asked the run to stop?"""
        run = (await self.writer.story(run_id)).run
        return (stopped(run.stop) if run.stop else GO_ON).model_dump(mode="json")

    async def check_in(self, run_id: str) -> Json:
        """Look, and say whether progress is to be told."""
        run = (await self.writer.story(run_id)).run
        tell = run.work.visit is None and self.pace.due(run)
        found = stopped(run.stop) if run.stop else Outcome(tell=tell)
        return found.model_dump(mode="json")

    async def announce_end(self, run_id: str, outcome: Json) -> Json:
        """Close the stages, and note how the run will be told to end."""
        end = Outcome.model_validate(outcome)
        publishing = (await self.writer.story(run_id)).publishing
        ending = Ending(status=end.status or RunStatus.FAILED, error=end.error)

        def write(c: Connection) -> None:
            for stage in runs.stages(c, run_id):
                if stage.status in (StageStatus.RUNNING, StageStatus.PENDING):
                    runs.save_stage(c, _ended(stage, end, publishing))
            runs.update(c, run_id, work={"ending": ending.model_dump(mode="json")})

        await self.writer.write(write)
        return GO_ON.model_dump(mode="json")

    async def finish(self, run_id: str, outcome: Json, following: bool) -> Json:  # noqa: FBT001
        """Write how the run ended."""
        end = Outcome.model_validate(outcome)
        before, stages = await self.writer.shop.database.read(
            lambda c: (runs.get(c, run_id), runs.stages(c, run_id))
        )
        work: dict[str, Json] = {"ending": None}
        if before is not None and end.status is RunStatus.DONE and _told(before, stages):
            work["note"] = None
        run = await self.writer.update(
            run_id,
            status=end.status or RunStatus.FAILED,
            error=end.error,
            following=following,
            work=work,
        )
        if before is None or not before.following:  # one that followed had ended before
            seen.run_ended(run, run.status)
        return GO_ON.model_dump(mode="json")


def _told(run: Run, stages: Sequence[StageRecord]) -> bool:
    """Has its agent been told what people wrote, before there is a pull request to follow?"""
    kinds = definition.kinds(run.pipeline)
    flow = f"again-{run.work.again}/" if run.work.again else ""
    mine = (stage for stage in stages if stage.key.startswith(flow))
    return not run.following and any(kinds.get(s.name) is StageKind.IMPLEMENT for s in mine)


def _ended(stage: StageRecord, end: Outcome, publishing: str) -> StageRecord:
    """How a stage that was under way ended with the run."""
    status = StageStatus.CANCELLED
    if stage.name == publishing:
        done = end.status is RunStatus.DONE
        status = StageStatus.PASSED if done else StageStatus.FAILED
    return stage.model_copy(
        update={
            "status": status,
            "ended_at": time.time(),
            "error": None if status is StageStatus.PASSED else end.error,
        }
    )
