"""What a run may spend, what it has spent and what is left. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from bot.agent.runtime import Role
from bot.runs import OF_ATTEMPT, REACHED, SHARED, Budget, Run, Spend, StageRecord
from bot.store.calls import TOKENS_PER_USD
from bot.store.limits import Used, dollars

WAITED, WAITS_SINCE = "waited", "waits_since"
"""In the result of a try: seconds that it waited for its model, and since when it does so now."""
_FIELDS = tuple(Budget.model_fields)
_AGENTS = frozenset(role.value for role in Role)


@dataclass(frozen=True, slots=True, kw_only=True)
class Purse:
    budget: Budget
    """What binds the run as a whole; after a retry with money, what was spent before too."""
    spent: Spend
    """By the whole life of the run, whatever was granted anew since."""
    left: Budget
    bound: Budget
    """What binds it since the newest grant."""
    used: float
    """The largest part of any kind that is used, 1.0: all of it."""
    empty: str | None
    """What is used up (`$2.00 of $2.00`), else None."""


def lowest(*budgets: Budget) -> Budget:
    """Each kind by the tightest of several budgets; None bounds nothing."""
    given = {
        name: [value for each in budgets if (value := getattr(each, name)) is not None]
        for name in _FIELDS
    }
    return Budget(**{name: min(values) for name, values in given.items() if values})


def purse(
    run: Run, allowed: Budget, spent: Spend, stages: Sequence[StageRecord], now: float
) -> Purse:
    """Hold what was spent against what was allowed.

    A person's ``budget=`` at the start can only lower it. That of a retry counts from the retry on
    and stands in its place, kind by kind: of what it does not name, as much is allowed anew.
    """
    grant = run.work.grant
    budget = lowest(allowed, run.trigger.options.budget or Budget())
    if grant:
        budget = budget.model_copy(update=grant.budget.model_dump(exclude_none=True))
    begun = grant.at if grant else 0.0
    counted = _used(spent, _minutes(stages, begun, now))
    before = _used(grant.spent, 0.0) if grant else dict.fromkeys(_FIELDS, 0.0)
    used = {name: max(0.0, counted[name] - before[name]) for name in _FIELDS}
    bounds = {name: float(value) for name, value in budget if value is not None}
    left = {name: max(0.0, bound - used[name]) for name, bound in bounds.items()}
    over = [name for name, bound in bounds.items() if used[name] >= bound]
    parts = [used[name] / bound if bound else 1.0 for name, bound in bounds.items()]
    return Purse(
        budget=_on_top(budget, before),
        spent=spent,
        bound=budget,
        left=Budget.model_validate({name: _whole(name, value) for name, value in left.items()}),
        used=max(parts, default=0.0),
        empty=_said(over[0], used[over[0]], bounds[over[0]]) if over else None,
    )


def all_minutes(run: Purse, attempt: Budget) -> str:
    """Say that the minutes of an attempt are over, by the budget that ends first."""
    left, own = run.left.minutes, attempt.minutes
    if own is not None and (left is None or own < left):
        return f"{SHARED}{OF_ATTEMPT}): {_said('minutes', own, own)} used"
    bound = run.budget.minutes or 0.0
    return f"{REACHED}: {_said('minutes', bound, bound)} used"


def used_before(run: Purse) -> Used:
    """What a run has used of its budget before an attempt begins, as the gateway counts on."""
    spent, left = run.spent, run.left.minutes
    return Used(
        calls=spent.calls,
        tokens=spent.tokens,
        usd=spent.usd,
        unpriced_tokens=spent.unpriced_tokens,
        seconds=0.0 if left is None else ((run.budget.minutes or 0.0) - left) * 60,
    )


def part_used(run: Purse, more: Used) -> float:
    """The largest part of any kind that is used once an attempt has used so much."""
    extra = {
        "usd": more.usd + more.unpriced_tokens / TOKENS_PER_USD,
        "tokens": more.tokens,
        "turns": more.calls,
    }
    bounds = {name: value for name in extra if (value := getattr(run.bound, name)) is not None}
    parts = (
        1.0 - (getattr(run.left, name) - extra[name]) / bound if bound else 1.0
        for name, bound in bounds.items()
    )
    return max(parts, default=0.0)


def _used(spent: Spend, minutes: float) -> dict[str, float]:
    """Dollars of an unknown price are bounded by tokens."""
    return {
        "usd": spent.usd + spent.unpriced_tokens / TOKENS_PER_USD,
        "tokens": float(spent.tokens),
        "turns": float(spent.calls),
        "minutes": minutes,
    }


def _minutes(stages: Sequence[StageRecord], begun: float, now: float) -> float:
    """How long agents have worked since a moment: what they waited for their models is not work."""
    times = [
        max(0.0, _end(stage, now) - stage.started_at - float(stage.result.get(WAITED, 0.0)))
        for stage in stages
        if stage.name in _AGENTS and stage.started_at is not None and stage.started_at >= begun
    ]
    return sum(times) / 60


def _end(stage: StageRecord, now: float) -> float:
    return stage.ended_at or float(stage.result.get(WAITS_SINCE, now))


def _on_top(budget: Budget, before: dict[str, float]) -> Budget:
    total = {n: _whole(n, value + before[n]) for n, value in budget if value is not None}
    return Budget.model_validate(total)


def _whole(kind: str, value: float) -> float:
    return value if kind in ("usd", "minutes") else int(value)


def _said(kind: str, used: float, bound: float) -> str:
    if kind == "usd":
        return f"{dollars(used, bound)} of {dollars(bound, bound)}"
    if kind == "minutes":
        return f"{round(used, 1):g} of {round(bound, 1):g} minutes"
    return f"{used:,.0f} of {bound:,.0f} {kind}"
