"""Plan the change; an agent that makes no plans passes through, and that is said."""

from bot.pipeline.ports import Attempt, Ports, StageResult
from bot.runs import StageStatus


async def plan(attempt: Attempt, ports: Ports) -> StageResult:
    """Conclude neutral: no agent that makes plans is built yet."""
    return StageResult(
        status=StageStatus.NEUTRAL, summary=f"The agent `{attempt.run.agent}` makes no plan."
    )
