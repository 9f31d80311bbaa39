"""Read a run's story, and apply effects for it until GitHub takes or refuses them."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Protocol, Unpack

from bot.engine.outcome import GO_ON, Outcome, refused
from bot.engine.patience import Patience
from bot.engine.shop import Shop
from bot.errors import EffectRefused
from bot.pipeline.story import Story
from bot.runs import Applied, Effect, RepositoryRef, Run, Spend, StageRecord
from bot.store import calls, runs
from bot.store.database import Connection

PUBLISH = "publish"
ByModel = tuple[str, str, Spend]


class Applier(Protocol):
    """Writes one effect to GitHub (`bot/github/effects`)."""

    async def apply(
        self, repository: RepositoryRef, effect: Effect, *, run_id: str | None, scope: str = ""
    ) -> Applied: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Writer:
    """What every act needs: the store, and the way to GitHub."""

    shop: Shop
    applier: Applier

    async def apply(self, run: Run, effect: Effect) -> tuple[Applied | None, Outcome]:
        """Apply an effect however long GitHub puts it off; a refusal is an outcome."""
        apply = partial(self.applier.apply, run.repository, effect, run_id=run.id)
        try:
            return await Patience(self.shop.database).ask(run, apply), GO_ON
        except EffectRefused as error:
            return None, refused(PUBLISH, error.kind, error.reason)

    async def story(self, run_id: str) -> Story:
        """Read everything that people may be told of a run; raises LookupError."""

        def read(c: Connection) -> tuple[Run | None, list[StageRecord], list[ByModel]]:
            return runs.get(c, run_id), runs.stages(c, run_id), calls.spend_by_model(c, run_id)

        run, stages, spend = await self.shop.database.read(read)
        if run is None:
            raise LookupError(f"there is no run {run_id}")
        return self.shop.story(_as_told(run), stages, spend)

    async def update(self, run_id: str, **changes: Unpack[runs.Changes]) -> Run:
        return await self.shop.database.write(lambda c: runs.update(c, run_id, **changes))

    async def write(self, change: Callable[[Connection], None]) -> None:
        await self.shop.database.write(change)


def _as_told(run: Run) -> Run:
    """A run that is ending, as it will be when everything is said."""
    ending = run.work.ending
    if ending is None:
        return run
    return run.model_copy(update={"status": ending.status, "error": ending.error})
