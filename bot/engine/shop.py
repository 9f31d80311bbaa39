"""What every run of this process shares: database, worktrees, box, agents, and who we are."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bot.box import Box
from bot.box.destination import Allowed
from bot.engine.agents import Staff
from bot.engine.budget import Purse, lowest, purse
from bot.engine.cluster.luggage import Luggage
from bot.github.marker import Markers
from bot.pipeline import definition
from bot.pipeline.configuration import RepositoryConfig
from bot.pipeline.errors import ErrorClass
from bot.pipeline.ports import Thread
from bot.pipeline.story import Story
from bot.runs import Budget, Json, Run, RunEvent, Spend, StageRecord
from bot.store.database import Database
from bot.worktree import Identity, Objects, Works, Worktrees

CONFIG = "config.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Shop:
    """What a run works with; one for the process."""

    database: Database
    worktrees: Worktrees
    box: Box
    staff: Staff
    thread: Thread
    identity: Identity
    works: Works
    markers: Markers
    errors: Sequence[ErrorClass]
    """What a failing command may have died of."""
    egress: Allowed | None
    """What `setup` commands may reach; None: nothing."""
    luggage: Luggage | None
    """What runs take along to other machines; None: there are none."""
    cache: Path
    """What can be made anew at any time: compiled rules."""

    def files(self, run_id: str) -> Path:
        return self.works.root / run_id

    async def pack(self, run_id: str) -> None:
        """Have what changed in a run's folder go along, before anything is written of it."""
        if self.luggage is not None:
            await self.luggage.pack(run_id)

    async def keep(self, run: Run, commit: Json) -> None:
        """The same, with a commit of the run's that nothing keeps yet."""
        if self.luggage is not None:
            await self.luggage.keep(run, str(commit) if commit else None)

    async def unpack(self, run: Run) -> None:
        """Have here what the run has, wherever it was before."""
        if self.luggage is not None:
            await self.luggage.unpack(run)

    def config(self, run_id: str) -> RepositoryConfig:
        """The repository's configuration as it was frozen when the run began."""
        return RepositoryConfig.model_validate_json(
            (self.files(run_id) / CONFIG).read_bytes(), extra="ignore"
        )

    def known_config(self, run_id: str) -> RepositoryConfig | None:
        """The same; None where none was frozen."""
        return self.config(run_id) if (self.files(run_id) / CONFIG).exists() else None

    def objects(self, run: Run) -> Objects:
        return self.works.open(run.repository.id, run.id)

    def story(
        self,
        run: Run,
        stages: Sequence[StageRecord],
        spend: Sequence[tuple[str, str, Spend]] = (),
        events: Sequence[RunEvent] = (),
    ) -> Story:
        """Put together what people may be told of a run."""
        runtime = self.staff.runtimes.get(run.agent)
        config = self.known_config(run.id)
        purse = self._purse(run, stages, config, spend)
        return Story(
            run=run,
            stages=stages,
            config=config,
            box=self.box.level.label,
            agent_label=runtime.label if runtime else None,
            others=self.staff.others(run, config) if config else (),
            kinds=definition.kinds(run.pipeline),
            spend=spend,
            budget=purse.budget,
            again=purse.bound,
            used=purse.used,
            events=events,
        )

    def _purse(
        self,
        run: Run,
        stages: Sequence[StageRecord],
        config: RepositoryConfig | None,
        spend: Sequence[tuple[str, str, Spend]],
    ) -> Purse:
        chosen = config.budget.budget if config else Budget()
        spent = sum((each for _, _, each in spend), Spend())
        allowed = lowest(self.staff.budgets.run, chosen)
        return purse(run, allowed, spent, stages, run.updated_at)
