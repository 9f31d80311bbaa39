"""For whom a socket is opened: one attempt, and what it may use."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from bot.agent.catalogue import Endpoint
from bot.agent.runtime import Role
from bot.runs import Budget, Budgets
from bot.store.calls import Call
from bot.store.limits import Limit, Scope, Used

Tell = Callable[[str], None]
"""Hears what a call waits for: `waits for the model: 429, 40 s`; empty: it goes on."""


_ANEW = ", which begins anew at 00:00 UTC"


def _next_month(day: datetime) -> str:
    first = (day.replace(day=28) + timedelta(days=4)).replace(day=1)
    return f", which begins anew on {first:%Y-%m-%d}, 00:00 UTC"


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnedAway:
    """Something that an agent asked for and that is none of its business."""

    kind: str
    """`path`, `host`, `model_not_found`, `address`, `stored`, …"""
    asked: str
    """Method and target, cut."""
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Listener:
    """Who hears what happens at the socket of an attempt."""

    tell: Tell = lambda _: None
    turned_away: Callable[[TurnedAway], None] = lambda _: None
    used: Callable[[Used], None] = lambda _: None
    """Hears after each call what the attempt has used by then; it changes afterwards."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One attempt of a stage."""

    run_id: str
    stage: str
    role: Role
    attempt: int
    """From 1, counted over the run."""
    repository_id: int
    repository: str
    """Full name."""
    installation_id: int
    person: str
    """Login of whoever asked for the run."""
    limits: Budget
    """What its run may use in all."""
    before: Used = field(default_factory=Used)
    """What the run has used of that so far; its seconds are those of the clock."""
    own: Budget = field(default_factory=Budget)
    """What this attempt may use at most."""

    def call(self, name: str, endpoint: Endpoint, at: float) -> Call:
        """Begin the record of a call, without its size."""
        return Call(
            run_id=self.run_id,
            stage=self.stage,
            role=self.role.value,
            attempt=self.attempt,
            installation_id=self.installation_id,
            repository_id=self.repository_id,
            repository=self.repository,
            person=self.person,
            endpoint=name,
            model=endpoint.model,
            api=endpoint.api.value,
            input_tokens=0,
            output_tokens=0,
            usd=None,
            subscription=endpoint.is_subscription,
            started_at=at,
        )

    def shared_limits(self, budgets: Budgets, at: float) -> tuple[Limit, ...]:
        """List what it shares with other runs: days and months of UTC."""
        now = datetime.fromtimestamp(at, UTC)
        day = now.replace(hour=0, minute=0, second=0, microsecond=0)
        month = day.replace(day=1).timestamp()
        limits = (
            (
                Scope.PERSON,
                day.timestamp(),
                budgets.person_day,
                f"today's budget of {self.person}{_ANEW}",
            ),
            (
                Scope.REPOSITORY,
                day.timestamp(),
                budgets.repository_day,
                f"today's budget of {self.repository}{_ANEW}",
            ),
            (Scope.INSTALLATION, month, budgets.month, f"this month's budget{_next_month(day)}"),
        )
        return tuple(
            Limit(scope=scope, since=since, most=most, name=name)
            for scope, since, most, name in limits
            if most != Budget()
        )
