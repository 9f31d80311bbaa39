"""Begin a run: what GitHub has now, the repository's rules, and the run's first commit."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from bot.engine.outcome import Opening, Outcome, refused
from bot.engine.patience import Patience
from bot.engine.shop import CONFIG, Shop
from bot.engine.source import Source
from bot.engine.visits.opening import arrive
from bot.errors import EffectRefused, GitError, StageFailed, UserError
from bot.github.texts import commits
from bot.pipeline import customs, definition, instructions
from bot.pipeline.configuration import RepositoryConfig
from bot.pipeline.definition import StageSpec
from bot.pipeline.values import branch
from bot.runs import Publish, Run, RunError, RunStatus, branch_name
from bot.store import runs
from bot.worktree.history import Tip

STAGE = "open"
PLAN_ONLY = "plan-only"


@dataclass(frozen=True, slots=True, kw_only=True)
class Opener:
    """Makes the run's base, configuration, branch name and start commit, each once."""

    shop: Shop
    source: Source

    async def open(self, run: Run) -> Opening:
        """Find or make what the run stands on; a run that goes on keeps what it has."""
        opening = await self._try(run)
        return opening.model_copy(update={"visits": definition.visits(run.pipeline)})

    async def _try(self, run: Run) -> Opening:
        try:
            return await Patience(self.shop.database).ask(run, partial(self._open, run))
        except EffectRefused as error:
            return Opening(outcome=refused(STAGE, error.kind, error.reason))
        except UserError as error:
            return _blocked("configuration", str(error))
        except StageFailed as error:
            return _blocked(error.kind, error.reason)
        except GitError as error:
            return _blocked("fetch", str(error))

    async def _open(self, run: Run) -> Opening:
        config = await self._config(run)
        self.shop.staff.require(run, config)
        if not run.following:
            await self._look_whether_open(run)
        options = run.trigger.options
        pipeline = definition.load(PLAN_ONLY if options.plan_only else run.pipeline)
        if pipeline.about == "pull_request":
            await arrive(self.shop, self.source, run)
        elif run.work.start_sha is None:
            default = await self.source.default_branch(run.repository)
            base_ref = branch(options.base) if options.base else config.base.branch or default
            base = await self.source.fetch(run.repository, base_ref)
            if base is None:
                return _blocked("no_base", f"there is no branch `{base_ref}` to work on")
            await self._house(run, config, base if base_ref == default else None, default)
            await self._ground(run, base_ref, base)
        return Opening(
            preparing=pipeline.preparing,
            working=pipeline.working,
            publishing=pipeline.publishing.name if pipeline.publishing else None,
            publish=run.publish if pipeline.publishing else Publish.COMMENT,
            attempts=config.limits.attempts,
            settle=float(config.limits.settle),
            judging=_judging(pipeline.working),
            ready=config.ready == "auto",
        )

    async def _look_whether_open(self, run: Run) -> None:
        """Nothing is spent on a pull request that is over: raises EffectRefused."""
        pull = await self.source.pull_request(run)
        if pull is not None and not pull.open:
            how = "merged" if pull.merged else "closed"
            reason = f"Pull request #{pull.number} was {how}; `/coppice run` starts anew."
            raise EffectRefused("pull_request_closed", reason)

    async def _config(self, run: Run) -> RepositoryConfig:
        """Freeze the repository's configuration; a retry goes by the one of the run's start."""
        path = self.shop.files(run.id) / CONFIG
        if not path.exists():
            config = await self.source.configuration(run.repository)
            path.parent.mkdir(parents=True, exist_ok=True)
            part = path.with_suffix(".part")
            part.write_text(config.model_dump_json())
            part.replace(path)
        return self.shop.config(run.id)

    async def _house(
        self, run: Run, config: RepositoryConfig, head: str | None, default: str
    ) -> None:
        """Freeze what the default branch tells agents, and how its pull requests look.

        ``head`` is its commit where it is known.
        """
        commit = head or await self.source.fetch(run.repository, default)
        if commit is not None:
            tip = Tip(self.shop.objects(run), commit)
            await instructions.freeze(self.shop.files(run.id), tip.file)
            await customs.freeze(self.shop.files(run.id), tip, config)

    async def _ground(self, run: Run, base_ref: str, base: str) -> None:
        objects = self.shop.objects(run)
        start = await objects.commit(
            await objects.tree(base),
            (base,),
            commits.start(run, self.shop.markers.trailer(run.id)),
            author=self.shop.identity,
            at=int(run.created_at),
        )
        work = {
            "base_ref": base_ref,
            "base_sha": base,
            "branch": branch_name(run.issue, run.id),
            "start_sha": start,
        }
        await self.shop.database.write(lambda c: runs.update(c, run.id, work=work))


def _judging(working: Sequence[StageSpec]) -> int:
    """The position behind the last stage in which an agent writes."""
    writing = [n for n, stage in enumerate(working) if stage.kind in definition.WRITING]
    return writing[-1] + 1 if writing else 0


def _blocked(kind: str, message: str) -> Opening:
    error = RunError(stage=STAGE, kind=kind, message=message)
    return Opening(outcome=Outcome(status=RunStatus.BLOCKED, error=error))
