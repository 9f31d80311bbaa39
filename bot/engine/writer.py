"""Read a run's story, and apply effects for it until GitHub takes or refuses them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Protocol, Unpack

from bot.engine.outcome import GO_ON, Outcome, refused
from bot.engine.patience import Patience
from bot.engine.shop import Shop
from bot.errors import EffectRefused
from bot.pipeline.story import TOLD, Story
from bot.runs import (
    Applied,
    Effect,
    Json,
    Message,
    RepositoryRef,
    Run,
    RunEvent,
    Spend,
    StageRecord,
    Work,
)
from bot.store import calls, runs
from bot.store.database import Connection

PUBLISH = "publish"
ByModel = tuple[str, str, Spend]
Told = tuple[Run | None, list[StageRecord], list[ByModel], list[RunEvent]]
MOST_TOLD = 100
"""Events that are looked through for what is told of them."""


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

        def read(c: Connection) -> Told:
            spend = calls.spend_by_model(c, run_id)
            events = runs.recent_events(c, run_id, TOLD, MOST_TOLD)
            return runs.get(c, run_id), runs.stages(c, run_id), spend, events

        run, stages, spend, events = await self.shop.database.read(read)
        if run is None:
            raise LookupError(f"there is no run {run_id}")
        await self.shop.unpack(run)
        return self.shop.story(_as_told(run), stages, spend, events)

    async def update(self, run_id: str, **changes: Unpack[runs.Changes]) -> Run:
        made = _commit(changes.get("work") or {})
        if made is not None and self.shop.luggage is not None:
            run = await self.shop.database.read(lambda c: runs.get(c, run_id))
            if run is not None:
                await self.shop.keep(run, made)
        else:
            await self.shop.pack(run_id)
        return await self.shop.database.write(lambda c: runs.update(c, run_id, **changes))

    async def write(self, change: Callable[[Connection], None]) -> None:
        await self.shop.database.write(change)

    async def heard(self, run_id: str, message: Message) -> None:
        """Wait no more with what somebody wrote: a plan or the work takes it in now."""
        note = message.note
        await self.revise(run_id, lambda work: {"notes": work.without(note)})

    async def revise(self, run_id: str, change: Callable[[Work], Mapping[str, Json]]) -> Run:
        """Change what a run has by what it has now: nobody else changes it meanwhile."""
        return await self.shop.database.write(lambda c: runs.revise(c, run_id, change))

    async def write_of(self, run_id: str, change: Callable[[Connection], None]) -> None:
        """Write what stands on files of the run."""
        await self.shop.pack(run_id)
        await self.write(change)


def _as_told(run: Run) -> Run:
    """A run that is ending, as it will be when everything is said."""
    ending = run.work.ending
    if ending is None:
        return run
    return run.model_copy(update={"status": ending.status, "error": ending.error})


def _commit(work: Mapping[str, Json]) -> Json:
    """The newest commit of ours among what changes."""
    return work.get("head_sha") or work.get("checkpoint")
