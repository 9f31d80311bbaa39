"""What a new plan waits for, and what the work needs beside it: pure, from the story of a run."""

import time

from bot.pipeline import risk
from bot.pipeline.configuration import RepositoryConfig
from bot.pipeline.contract import Contract
from bot.pipeline.story import Story
from bot.runs import Gate, Person, Run, StageKind


def gate(run: Run, made: Contract, why: tuple[str, ...]) -> Gate:
    """The gate of a new plan."""
    before = run.work.gate
    return Gate(
        hash=made.hash,
        base_sha=run.work.base_sha or "",
        reasons=why,
        asked_at=time.time(),
        void=before.void if before else (),
        changed=before.changed if before else None,
        passed=not why,
    )


def reasons(run: Run, config: RepositoryConfig, made: Contract) -> tuple[str, ...]:
    """Why a plan has to be approved, in words that end "it …"; empty: it need not."""
    options = run.trigger.options
    if options.gate or options.plan_only:
        return (f"`{run.trigger.by.login}` asked for the plan first",)
    if config.gate == "always":
        return ("every plan is approved here",)
    return risk.reasons(made.plan) if config.gate == "risky" else ()


def outside(story: Story, what: str = "outside") -> tuple[str, ...]:
    """The paths that the newest work changes and the plan does not name; ``gone`` those without
    anything left.
    """
    last = story.last_of(StageKind.RULES)
    found = last.result.get("data", {}).get(what, ()) if last else ()
    return tuple(sorted(found))


def not_counting(run: Run, config: RepositoryConfig) -> Person | None:
    """Whoever asked for the run, where that person's approval is none."""
    return run.trigger.by if config.approvals.not_requester else None
