"""How an ended run goes on: where it begins, and what it is told at once. Pure."""

from collections.abc import Sequence

from bot.engine.revival import FOLLOWING, at_work, no_further
from bot.pipeline import definition
from bot.pipeline.definition import JUDGING
from bot.runs import Again, Message, MessageKind, Run, StageKind, StageRecord, StageStatus


def onward(
    run: Run, stages: Sequence[StageRecord], again: Again
) -> tuple[str | None, Message | None]:
    """Say at what stage a retry begins (None: at the first), and what the run is told."""
    if again.follow:
        return FOLLOWING, None
    if _is_delivered(run, stages, again):
        return FOLLOWING, _round(run, again)
    return no_further(run, list(stages), _where(again, run)), _said(again)


def _is_delivered(run: Run, stages: Sequence[StageRecord], again: Again) -> bool:
    """Did it follow its pull request before it ended? A retry is one more round on that."""
    if run.pull_request is None or again.hash is not None or definition.visits(run.pipeline):
        return False
    kinds = definition.kinds(run.pipeline)
    published = (s for s in stages if kinds.get(s.name) is StageKind.PUBLISH)
    return any(stage.status is StageStatus.PASSED for stage in published)


def _said(again: Again) -> Message | None:
    """What a retry has to say to the run: an approval of the plan that it ended with."""
    if again.hash is None:
        return None
    return Message(kind=MessageKind.APPROVE, by=again.by, by_id=again.by_id, hash=again.hash)


def _round(run: Run, again: Again) -> Message:
    return Message(
        kind=MessageKind.RETRY,
        by=again.by,
        by_id=again.by_id,
        reason="`/coppice retry`",
        stage=again.stage,
        verdicts=definition.kinds(run.pipeline).get(again.stage or "") in JUDGING,
    )


def _where(again: Again, run: Run) -> str | None:
    """The stage to go on at: the named one, else the one that ended the run."""
    if again.hash is not None:
        return definition.load(run.pipeline).working[0].name
    if run.work.checkpoint is None:
        return None
    ended = run.error.stage if run.error else None
    told = again.note is not None or run.work.unheard
    return again.stage or (at_work(run, ended) if told else ended)
