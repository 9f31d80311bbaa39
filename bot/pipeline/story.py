"""A run as people are told of it: its row, the tries of its stages, the rules it went by."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from bot.agent.runtime import Role
from bot.github.texts.players import Player, player
from bot.pipeline.configuration import RepositoryConfig
from bot.pipeline.contract import Contract, of_result
from bot.pipeline.findings import Finding
from bot.runs import (
    Budget,
    CommandResult,
    Run,
    RunEvent,
    Spend,
    StageKind,
    StageRecord,
    StageStatus,
)

BASELINE = "baseline"
REFUSALS = ("permission_decided", "refused", "network")
"""Types of events that may tell of a refusal."""
TOLD = ("tool_finished", *REFUSALS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    run: Run
    stages: Sequence[StageRecord]
    config: RepositoryConfig | None
    """None: the run ended before its configuration could be read."""
    box: str
    """The level of the box, in words."""
    agent_label: str | None
    """`SCRIPTED: no model`."""
    others: tuple[Player, ...] = ()
    """Roles that the repository gives to another agent than the run's."""
    kinds: Mapping[str, StageKind]
    """The kind of each stage of the run's pipeline, by name."""

    spend: Sequence[tuple[str, str, Spend]] = ()
    """What calls of models came to, by role and model."""
    budget: Budget = field(default_factory=Budget)
    """What binds the run as a whole."""
    again: Budget = field(default_factory=Budget)
    """What binds it since the newest retry."""
    used: float = 0.0
    """The part of it that is used; from 0.8 on people are told."""
    events: Sequence[RunEvent] = ()
    """The newest tool calls, and what was refused."""

    @property
    def plan(self) -> Contract | None:
        """The newest plan, and its hash."""
        made = [stage for stage in self.stages if self.kind(stage) is StageKind.PLAN]
        found = [plan for stage in made if (plan := of_result(stage.result))]
        return found[-1] if found else None

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What the newest review found, our own signals first."""
        last = self.on_head(StageKind.REVIEW)
        rows = last.result.get("data", {}).get("findings", ()) if last else ()
        return tuple(Finding.model_validate(row, extra="ignore") for row in rows)

    @property
    def spent(self) -> Spend:
        """All of it."""
        return sum((spend for _, _, spend in self.spend), Spend())

    def player(self, role: Role) -> Player:
        """Say who plays a role."""
        return player(role.value, self.run.agent, self.agent_label, self.others)

    def kind(self, stage: StageRecord) -> StageKind | None:
        return self.kinds.get(stage.name)

    def last_of(self, kind: StageKind) -> StageRecord | None:
        """The newest try of a stage of this kind."""
        tries = [stage for stage in self.stages if self.kind(stage) is kind]
        return tries[-1] if tries else None

    def on_head(self, kind: StageKind) -> StageRecord | None:
        """The newest try that judged what the branch holds, not work that came to nothing since."""
        if not (pushed := self._pushed):
            return self.last_of(kind)
        since = self.stages[pushed[-1] :]
        written = [n for n, s in enumerate(since) if self.kind(s) is StageKind.IMPLEMENT]
        first = written[0] if written else len(since)
        alone = [s for s in since[first:] if self._alone(s)]
        judged = [*self.stages[: pushed[-1]], *since[:first], *alone]
        tries = [stage for stage in judged if self.kind(stage) is kind]
        return tries[-1] if tries else None

    def _alone(self, stage: StageRecord) -> bool:
        """Is it a verdict on the head by itself? What a round judges is judged stage by stage."""
        return {s.name for s in self.stages if child(s) == child(stage)} == {stage.name}

    @property
    def _pushed(self) -> list[int]:
        """Where in the stages work was published."""
        good = (StageStatus.RUNNING, StageStatus.PASSED)
        own = self.publishing
        return [n for n, s in enumerate(self.stages) if s.name == own and s.status in good]

    @property
    def publishing(self) -> str:
        """The name of the stage that publishes."""
        names = [name for name, kind in self.kinds.items() if kind is StageKind.PUBLISH]
        return names[0] if names else StageKind.PUBLISH.value

    def tries(self, name: str) -> list[StageRecord]:
        return [stage for stage in self.stages if stage.name == name]

    @property
    def now(self) -> StageRecord | None:
        """The try that runs at the moment, else the newest."""
        running = [stage for stage in self.stages if stage.status is StageStatus.RUNNING]
        return running[-1] if running else (self.stages[-1] if self.stages else None)

    @property
    def asks_ci(self) -> bool:
        """Does the repository's own CI run on our work only where somebody asked for it?"""
        return self.config is None or self.config.ci == "ask"

    @property
    def skips_ci(self) -> bool:
        """Does what we push keep the repository's own CI from running?"""
        return self.asks_ci and not self.run.work.ci

    @property
    def baseline(self) -> list[CommandResult]:
        found = self.tries(BASELINE)
        return commands(found[-1]) if found else []


def commands(record: StageRecord) -> list[CommandResult]:
    """The commands that a stage ran, from its stored result."""
    return [CommandResult.model_validate(row) for row in record.result.get("commands", ())]


def is_refusal(event: RunEvent) -> bool:
    """Was something refused: by the guard, the gateway, or the proxy of `setup`?"""
    match event.type:
        case "permission_decided":
            return event.data.get("allowed") is False
        case "network":
            return event.data.get("refused") is not None
        case kind:
            return kind == "refused"


def child(stage: StageRecord) -> str:
    """The workflow in which a stage was tried, as keys of its tries begin."""
    return stage.key.rpartition("/")[0]
