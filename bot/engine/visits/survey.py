"""Look what there is to mend on somebody's pull request before it costs anything. Knows no dbos."""

from collections.abc import Sequence
from dataclasses import dataclass

from bot.engine.outcome import GO_ON, Outcome, refused
from bot.engine.rounds import material
from bot.engine.rounds.material import Material
from bot.engine.rounds.reading import Reading
from bot.engine.sayings import SILENT
from bot.engine.source import Source
from bot.engine.writer import PUBLISH, Writer
from bot.errors import EffectRefused
from bot.runs import Json, Kept, Round, Run
from bot.worktree import Merged


class Survey(Kept):
    """What there is to mend."""

    outcome: Outcome = GO_ON
    wanted: bool = False
    """An agent has something to do."""


@dataclass(frozen=True, slots=True)
class Surveyor:
    writer: Writer
    source: Source
    reading: Reading

    async def survey(self, run_id: str) -> Json:
        """Look what fails and what conflicts, and write the agent's brief."""
        run = (await self.writer.story(run_id)).run
        try:
            await self._check_branch(run)
        except EffectRefused as error:
            return Survey(outcome=refused(PUBLISH, error.kind, error.reason)).model_dump(
                mode="json"
            )
        found, merged = await self._found(run)
        begun = Round(
            number=1,
            onto=await self._onto(run, merged) if merged is not None else None,
            base=run.work.base_sha if merged is not None else None,
            checks=tuple(failing.name for failing in found.failing),
            conflicts=found.conflicts,
            dropped=await self._dropped(run, found.conflicts),
            by=run.trigger.by.login,
        )
        changes: dict[str, Json] = {"round": begun.model_dump(mode="json")}
        if begun.onto is not None:
            tree = await self.writer.shop.objects(run).tree(begun.onto)
            changes |= {"checkpoint": begun.onto, "tree": tree}
        material.write(self.writer.shop.files(run_id), found)
        await self.writer.update(run_id, work=changes)
        return Survey(wanted=found.for_agent).model_dump(mode="json")

    async def _check_branch(self, run: Run) -> None:
        """Refuse a branch that is not to be pushed to before anything is spent."""
        there = run.work.visit
        if there is None or not there.same_repository or run.publish in SILENT:
            return
        if there.head_ref == await self.source.default_branch(run.repository):
            raise EffectRefused("default_branch", "Coppice never pushes to the default branch")
        if await self.source.protected(run.repository, there.head_ref):
            reason = f"the branch `{there.head_ref}` is protected; Coppice pushes to none of these"
            raise EffectRefused("protected_branch", reason)

    async def _found(self, run: Run) -> tuple[Material, Merged | None]:
        """Failing checks and conflicts, as far as they were asked for."""
        what, work = run.trigger.options.mend, run.work
        head, base = work.pushed or "", work.base_sha or ""
        failing = (await self.reading.ci(run, head)).failing if what != "conflicts" else ()
        merged = None
        if what != "checks" and not await self.writer.shop.objects(run).is_ancestor(base, head):
            merged = await self.writer.shop.objects(run).merge(head, base)
        conflicts = merged.conflicts if merged else ()
        found = Material(
            failing=await self.reading.logs(run, failing) if failing else (),
            conflicts=conflicts,
            base=work.base_ref,
        )
        return found, merged if conflicts else None

    async def _dropped(self, run: Run, conflicts: Sequence[str]) -> tuple[str, ...]:
        """Those that their branch deleted, or never had."""
        if not conflicts:
            return ()
        there = set(await self.writer.shop.objects(run).paths(run.work.pushed or ""))
        return tuple(path for path in conflicts if path not in there)

    async def _onto(self, run: Run, merged: Merged) -> str:
        parents = (run.work.pushed or "", run.work.base_sha or "")
        shop = self.writer.shop
        return await shop.objects(run).commit(
            merged.tree, parents, "The base", author=shop.identity, at=int(run.created_at)
        )
