"""What the store has of a run, and what one try of a stage is told of it. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from bot.pipeline import definition
from bot.pipeline.configuration import RepositoryConfig
from bot.pipeline.contract import Contract, of_result
from bot.pipeline.definition import JUDGING, WRITING
from bot.pipeline.judging import told
from bot.pipeline.ports import Attempt
from bot.pipeline.story import BASELINE, commands
from bot.runs import Run, StageKind, StageRecord, StageStatus

_UNDECIDED = (StageStatus.PENDING, StageStatus.RUNNING, StageStatus.CANCELLED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    run: Run
    config: RepositoryConfig
    stages: Sequence[StageRecord]
    """All tries of the run, the oldest first."""
    flow: str
    """The workflow that works now; keys of its tries begin with it."""

    def attempt(self, name: str, number: int, feedback: str | None = None) -> Attempt:
        """Describe one try; a repeated call (after a crash) describes the same one."""
        key = f"{self.flow}/{name}-{number}"
        base = [stage for stage in self.stages if stage.name == BASELINE]
        others = [s for s in self.stages if s.name == name and s.key != key]
        return Attempt(
            run=self.run,
            name=name,
            key=key,
            number=number,
            overall=len(others) + 1,
            config=self.config,
            feedback=_told(feedback, self.stages) or self._sent_back(name, number),
            baseline=tuple(commands(base[-1])) if base else (),
            start=int(self.run.created_at),
            plan=self.plan,
            seen=frozenset(self._fingerprints(key)),
            last=self._used_up,
        )

    @property
    def plan(self) -> Contract | None:
        """The newest plan of the run."""
        kinds = definition.kinds(self.run.pipeline)
        made = [s for s in self.stages if kinds.get(s.name) is StageKind.PLAN]
        found = [plan for stage in made if (plan := of_result(stage.result))]
        return found[-1] if found else None

    def _sent_back(self, name: str, number: int) -> str | None:
        """What was wrong when an earlier child ended: the first attempt of the next is told it."""
        kinds = definition.kinds(self.run.pipeline)
        if number > 1 or kinds.get(name) not in WRITING:
            return None
        return "\n\n".join(_of(stage) for stage in self._unmended(kinds)) or None

    def _unmended(self, kinds: Mapping[str, StageKind]) -> list[StageRecord]:
        """The stages whose newest verdict is bad, since an agent has written last."""
        found: dict[str, StageRecord] = {}
        for stage in reversed(self.stages):
            kind = kinds.get(stage.name)
            if stage.status in _UNDECIDED or kind not in (*WRITING, *JUDGING):
                continue
            if kind in WRITING and stage.status is not StageStatus.FAILED:
                break
            found.setdefault(stage.name, stage)
        bad = [stage for stage in found.values() if stage.status is StageStatus.FAILED]
        return [s for s in bad if kinds[s.name] in JUDGING or not s.result.get("blocked")]

    @property
    def _here(self) -> list[StageRecord]:
        """The tries that this child has made."""
        return [stage for stage in self.stages if stage.key.startswith(f"{self.flow}/")]

    def _fingerprints(self, key: str) -> Iterator[str]:
        for stage in self._here:
            found = stage.result.get("fingerprint")
            if found and stage.key != key and stage.status is StageStatus.FAILED:
                yield str(found)

    @property
    def _used_up(self) -> bool:
        """Has the agent no attempt left in this child?"""
        kinds = definition.kinds(self.run.pipeline)
        tries = [s for s in self._here if kinds.get(s.name) is StageKind.IMPLEMENT]
        return len(tries) >= self.config.limits.attempts


def _told(summary: str | None, stages: Sequence[StageRecord]) -> str | None:
    """Why the work came back, with what the failing commands printed."""
    if summary is None:
        return None
    sent_back = [stage for stage in stages if stage.status is StageStatus.FAILED]
    details = told(commands(sent_back[-1]), _hint(sent_back[-1])) if sent_back else ""
    return f"{summary}\n\n{details}".strip()


def _of(stage: StageRecord) -> str:
    details = told(commands(stage), _hint(stage))
    return f"{stage.result.get('summary') or ''}\n\n{details}".strip()


def _hint(stage: StageRecord) -> str | None:
    hint = stage.result.get("data", {}).get("hint")
    return None if hint is None else str(hint)
