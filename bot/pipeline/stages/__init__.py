"""The stages of a pipeline, by kind: one module each, one public function."""

from collections.abc import Awaitable, Callable

from bot.pipeline.ports import Attempt, Ports, StageResult
from bot.pipeline.stages.implement import implement
from bot.pipeline.stages.plan import plan
from bot.pipeline.stages.review import review
from bot.pipeline.stages.rules import rules
from bot.pipeline.stages.snapshot import snapshot
from bot.pipeline.stages.verify import verify
from bot.runs import StageKind

STAGES: dict[StageKind, Callable[[Attempt, Ports], Awaitable[StageResult]]] = {
    StageKind.SNAPSHOT: snapshot,
    StageKind.PLAN: plan,
    StageKind.IMPLEMENT: implement,
    StageKind.VERIFY: verify,
    StageKind.REVIEW: review,
    StageKind.RULES: rules,
}
