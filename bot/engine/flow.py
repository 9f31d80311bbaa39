"""The way through the stages of one child: pure decisions on verdicts, no I/O."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from bot.engine.outcome import Outcome, Verdict, failed
from bot.pipeline.definition import StageSpec
from bot.runs import StageKind


@dataclass(slots=True, kw_only=True)
class Flow:
    """Where a child stands: which stage is next, how often each was tried, what failed before."""

    stages: Sequence[StageSpec]
    attempts: int
    """`limits.attempts`: tries of implement."""
    position: int = 0
    tries: dict[str, int] = field(default_factory=dict)
    returns: dict[str, int] = field(default_factory=dict)
    seen: set[str] = field(default_factory=set)
    feedback: str | None = None

    @property
    def next(self) -> StageSpec | None:
        return self.stages[self.position] if self.position < len(self.stages) else None

    def begin(self, spec: StageSpec) -> int:
        """Count one more try of the stage; answer its number, from 1."""
        self.tries[spec.name] = self.tries.get(spec.name, 0) + 1
        return self.tries[spec.name]

    def take(self, spec: StageSpec, verdict: Verdict) -> Outcome | None:
        """Move on, go back, or answer how the run ends."""
        if verdict.passed:
            self.position += 1
            return None
        target = self._target(spec, verdict)
        if target is None:
            return failed(verdict)
        self.feedback = verdict.summary
        self.returns[spec.name] = self.returns.get(spec.name, 0) + 1
        self.position = target
        return None

    def _target(self, spec: StageSpec, verdict: Verdict) -> int | None:
        """The stage to go back to; None where one more attempt is too many or changes nothing."""
        again = spec.name if spec.kind is StageKind.IMPLEMENT else spec.back_to
        if verdict.blocked or verdict.final or again is None or self._seen_before(verdict):
            return None
        if spec.at_most is not None and self.returns.get(spec.name, 0) >= spec.at_most:
            return None
        if self.tries.get(again, 0) >= self.attempts:
            return None
        return [stage.name for stage in self.stages].index(again)

    def _seen_before(self, verdict: Verdict) -> bool:
        if verdict.fingerprint is None:
            return False
        if verdict.fingerprint in self.seen:
            return True
        self.seen.add(verdict.fingerprint)
        return False
