"""The work of a round: one child, and the amendment that it may need beside the approved plan."""

from collections.abc import Awaitable, Callable
from functools import lru_cache

from bot.engine.gates.at_gate import AtGate
from bot.engine.gates.plans import Answer
from bot.engine.outcome import Opening, Outcome, Part
from bot.engine.parent import Parent

OUTSIDE_PLAN = "rules:outside_plan"


@lru_cache(maxsize=64)
def parts(opening: Opening, first_stage: str | None) -> tuple[Part | None, Part | None]:
    """The children of a first round that begins at ``first_stage``: what prepares, what works.

    Equal ones are one object: thousands of runs wait with them.
    """
    working = [stage.name for stage in opening.working]
    if first_stage in working:
        return None, opening.part(working.index(first_stage))
    if first_stage is not None and first_stage == opening.publishing:
        return None, None
    preparing = [stage.name for stage in opening.preparing]
    start = preparing.index(first_stage) if first_stage in preparing else 0
    return opening.part(start, preparing=True), opening.part() if working else None


async def work(parent: Parent, part: Part, replan: Callable[[], Awaitable[Outcome]]) -> Outcome:
    """Do a child; where it insists on files beside the plan, a person is asked for them."""
    while True:
        outcome = await parent.child(part)
        if outcome.error is None or outcome.error.kind != OUTSIDE_PLAN:
            return outcome
        asked = Answer.model_validate(await parent.do("amend", parent.acts.plans.amend))
        if not asked.done:
            return outcome
        gate = AtGate(parent, replan)
        allowed = await gate.pass_through()
        if allowed.ended:
            return allowed
        names = [stage.name for stage in part.stages]
        position = 0 if gate.works_again else names.index(outcome.error.stage or "")
        part = part.model_copy(update={"position": position, "baseline": False})
