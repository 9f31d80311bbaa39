"""What every run of this process shares: database, worktrees, box, agents, and who we are."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bot.agent.runtime import AgentRuntime
from bot.box import Box
from bot.github.marker import Markers
from bot.pipeline import definition
from bot.pipeline.configuration import RepositoryConfig
from bot.pipeline.ports import Thread
from bot.pipeline.story import Story
from bot.runs import Run, StageRecord
from bot.store.database import Database
from bot.worktree import Identity, Objects, Works, Worktrees

CONFIG = "config.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Shop:
    """What a run works with; one for the process."""

    database: Database
    worktrees: Worktrees
    box: Box
    runtimes: dict[str, AgentRuntime]
    thread: Thread
    identity: Identity
    works: Works
    markers: Markers
    cache: Path
    """What can be made anew at any time: compiled rules."""

    def files(self, run_id: str) -> Path:
        return self.works.root / run_id

    def config(self, run_id: str) -> RepositoryConfig:
        """The repository's configuration as it was frozen when the run began."""
        return RepositoryConfig.model_validate_json((self.files(run_id) / CONFIG).read_bytes())

    def objects(self, run: Run) -> Objects:
        return self.works.open(run.repository.id, run.id)

    def story(self, run: Run, stages: Sequence[StageRecord]) -> Story:
        """Put together what people may be told of a run."""
        runtime = self.runtimes.get(run.agent)
        known = (self.files(run.id) / CONFIG).exists()
        return Story(
            run=run,
            stages=stages,
            config=self.config(run.id) if known else None,
            box=self.box.level.label,
            agent_label=runtime.label if runtime else None,
            kinds=definition.kinds(run.pipeline),
        )
