"""What is cleared away when nobody has come back for it: idle branches, untouched drafts."""

import time
from dataclasses import dataclass
from datetime import datetime

from bot.engine.outcome import GO_ON, Outcome, cancelled
from bot.engine.source import Source
from bot.engine.writer import Writer
from bot.errors import EffectRefused
from bot.github.texts import needs
from bot.pipeline.configuration import RepositoryConfig
from bot.runs import ClosePullRequest, Comment, DeleteBranch, Json, Kept

DAY = 24 * 3600.0
FOLLOW_SECONDS = 30 * DAY
_GO_ON: Json = GO_ON.model_dump(mode="json")


class Idle(Kept):
    """How long an open draft may still lie untouched."""

    seconds: float
    """Until the next look; the draft's time is over where this is not positive."""
    outcome: Outcome = GO_ON
    """How the run ends then."""
    checks: bool = False
    """They are for the CI: then somebody looks whether all that is required has begun."""


@dataclass(frozen=True, slots=True)
class Tidying:
    writer: Writer
    source: Source

    async def left(self, run_id: str) -> Json:
        """Seconds after which the branch of an ended run goes; None: it has left none."""
        story = await self.writer.story(run_id)
        config = story.config or RepositoryConfig()
        return config.limits.idle_seconds if story.run.work.idle_branch else None

    async def drop_branch(self, run_id: str) -> Json:
        """Delete the branch of an ended run, if it is still our start commit."""
        run = (await self.writer.story(run_id)).run
        if run.status.ended and not run.following and run.work.idle_branch:
            effect = DeleteBranch(branch=run.work.branch or "", expected=run.work.pushed or "")
            # Somebody's push to it, or a rule that keeps it, leaves it where it is.
            await self.writer.apply(run, effect)
            await self.writer.update(run_id, work={"pushed": None})
        return _GO_ON

    async def idle(self, run_id: str) -> Json:
        """Look how long nobody has touched the open draft; answers an ``Idle``."""
        story = await self.writer.story(run_id)
        config, run = story.config or RepositoryConfig(), story.run
        try:
            found = await self.source.pull_request(run)
        except EffectRefused as error:
            if error.kind != "no_access":
                raise
            return Idle(seconds=DAY).model_dump(mode="json")  # who may grant it does so meanwhile
        awaits = not story.skips_ci and run.work.checks_awaited != run.work.pushed
        if found is not None and found.open and awaits:
            settle = float(config.limits.settle)
            return Idle(seconds=settle, checks=True).model_dump(mode="json")
        if found is None or not found.open or not found.draft:
            return Idle(seconds=FOLLOW_SECONDS).model_dump(mode="json")
        touched = datetime.fromisoformat(found.updated_at).timestamp()
        left = touched + config.limits.idle_seconds - time.time()
        why = f"nobody touched its draft for {config.limits.idle}"
        over = cancelled("untouched", why) if left <= 0 else GO_ON
        return Idle(seconds=min(left, FOLLOW_SECONDS), outcome=over).model_dump(mode="json")

    async def say_goodbye(self, run_id: str) -> Json:
        """One word on the pull request before it is closed."""
        story = await self.writer.story(run_id)
        run, config = story.run, story.config or RepositoryConfig()
        text = needs.untouched(run, config.limits.idle)
        comment = Comment(issue=run.pull_request or run.issue, purpose="untouched", body=text)
        return (await self.writer.apply(run, comment))[1].model_dump(mode="json")

    async def close(self, run_id: str) -> Json:
        """Close the draft that nobody touched."""
        run = (await self.writer.story(run_id)).run
        effect = ClosePullRequest(number=run.pull_request or 0)
        return (await self.writer.apply(run, effect))[1].model_dump(mode="json")

    async def delete_branch(self, run_id: str) -> Json:
        """Delete the branch of a closed draft while it is at our last commit."""
        run = (await self.writer.story(run_id)).run
        if run.work.pushed is not None:
            effect = DeleteBranch(branch=run.work.branch or "", expected=run.work.pushed)
            await self.writer.apply(run, effect)
        return _GO_ON
