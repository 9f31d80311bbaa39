"""How a run or a part of it ends, as the engine records it."""

import json
from collections.abc import Awaitable, Callable
from functools import lru_cache

from bot.pipeline.definition import StageSpec
from bot.runs import Json, Kept, Publish, RunError, RunStatus, StageKind, StageStatus, Stop

Act = Callable[[str], Awaitable[Json]]
"""One step of a parent: takes the run's id, applies at most one effect, answers an ``Outcome``."""


class Verdict(Kept):
    """One try of a stage, as much of it as decides what comes next."""

    status: StageStatus
    error: RunError | None = None
    blocked: bool = False
    final: bool = False
    """No further attempt mends it."""
    fingerprint: str | None = None
    summary: str = ""

    @property
    def passed(self) -> bool:
        return self.status in (StageStatus.PASSED, StageStatus.NEUTRAL, StageStatus.SKIPPED)


class Outcome(Kept):
    """How a child or a run ended; ``status`` None: go on."""

    status: RunStatus | None = None
    error: RunError | None = None
    over: bool = False
    """Nothing is followed after it, pull request or not."""
    tell: bool = False
    """It is time to tell people how far the run is."""

    @property
    def ended(self) -> bool:
        return self.status is not None


GO_ON = Outcome()


class Part(Kept):
    """What one child of a run is to do."""

    stages: tuple[StageSpec, ...]
    position: int
    """The stage that it begins at; failures may still go back to those before."""
    preparing: bool
    attempts: int
    publish: Publish
    baseline: bool = False
    """The repository's commands run on the base first."""
    may_rest: bool = False
    """An agent that changes nothing has not failed: it may have declined everything."""


class Opening(Kept):
    """What a run found when it began; recorded, so that later settings do not change its way."""

    outcome: Outcome = GO_ON
    preparing: tuple[StageSpec, ...] = ()
    working: tuple[StageSpec, ...] = ()
    publishing: str | None = None
    """The name of the stage that publishes."""
    publish: Publish = Publish.PR
    attempts: int = 1
    settle: float = 600.0
    """Seconds that single review comments wait for the next one."""
    judging: int = 0
    """Position among the working stages from which on no agent writes."""
    ready: bool = False
    """The pull request is made ready for review once everything has passed."""
    visits: bool = False
    """The run is about somebody else's pull request."""

    @classmethod
    def read(cls, answer: Json) -> "Opening":
        """Read a step's answer; equal ones are one object, with which thousands of runs wait."""
        return _opening(json.dumps(answer, sort_keys=True))

    def part(
        self, position: int = 0, *, preparing: bool = False, baseline: bool | None = None
    ) -> Part:
        """The child that prepares, or the one that works."""
        return Part(
            baseline=preparing if baseline is None else baseline,
            stages=self.preparing if preparing else self.working,
            position=position,
            preparing=preparing,
            attempts=self.attempts,
            publish=self.publish,
        )

    def verdicts(self, stage: str | None = None, *, agents: bool = False) -> tuple[Part, ...]:
        """A child for each stage that judges and changes nothing; ``stage`` alone, if it is named.

        ``agents``: those that ask one too.
        """
        judging = [
            s for s in self.working[self.judging :] if s.kind is not StageKind.REVIEW or agents
        ]
        wanted = [spec for spec in judging if spec.name == stage] or judging
        return tuple(
            self.part(baseline=False).model_copy(
                update={"stages": (spec.model_copy(update={"back_to": None}),)}
            )
            for spec in wanted
        )


@lru_cache(maxsize=64)
def _opening(document: str) -> Opening:
    return Opening.model_validate_json(document, extra="allow")


# What GitHub refused, and what becomes of the run: all others are `blocked`.
_CANCELLING = {"uninstalled", "suspended", "gone", "branch_gone", "pull_request_closed"}


def refused(stage: str | None, kind: str, reason: str) -> Outcome:
    """End a run because GitHub refuses an effect."""
    status = RunStatus.CANCELLED if kind in _CANCELLING else RunStatus.BLOCKED
    return Outcome(status=status, error=RunError(stage=stage, kind=kind, message=reason))


def failed(verdict: Verdict) -> Outcome:
    """End a run because of a stage's verdict."""
    if verdict.error and verdict.error.kind in _CANCELLING:
        return Outcome(status=RunStatus.CANCELLED, error=verdict.error)
    status = RunStatus.BLOCKED if verdict.blocked else RunStatus.FAILED
    return Outcome(status=status, error=verdict.error)


def stopped(stop: Stop) -> Outcome:
    """End a run because somebody asked for it, or because what it works on is finished."""
    if stop.merged:
        return Outcome(status=RunStatus.DONE, over=True)
    kind = "stopped" if stop.kind == "stop" else stop.kind
    error = RunError(kind=kind, message=stop.reason)
    return Outcome(status=RunStatus.CANCELLED, error=error, over=True)


def cancelled(kind: str, reason: str, *, stage: str | None = None) -> Outcome:
    """End a run because a person wants it so, or because time has run out for it."""
    error = RunError(stage=stage, kind=kind, message=reason)
    return Outcome(status=RunStatus.CANCELLED, error=error)


def blocked(kind: str, reason: str, *, stage: str | None = None) -> Outcome:
    """End a run because a rule or a person is in the way."""
    error = RunError(stage=stage, kind=kind, message=reason)
    return Outcome(status=RunStatus.BLOCKED, error=error)
