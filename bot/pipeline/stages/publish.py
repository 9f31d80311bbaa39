"""Make the commit that is delivered; what goes out after it are effects, one by one."""

from bot.agent.runtime import Role
from bot.errors import StageFailed
from bot.github.texts import commits
from bot.pipeline.ports import StageResult
from bot.pipeline.story import Story
from bot.runs import StageStatus
from bot.worktree import Identity, Objects


async def publish(story: Story, objects: Objects, identity: Identity, trailer: str) -> StageResult:
    """Commit the work on top of what the run stands on, as the App.

    The commit is the same each time it is made: its date is the run's own.
    """
    run, work = story.run, story.run.work
    if work.tree is None or not work.parents or work.base_sha is None:
        raise StageFailed("no_work", "there is no work to publish")
    message = commits.work(run, trailer, by=story.player(Role.IMPLEMENT), skip_ci=story.skips_ci)
    head = await objects.commit(
        work.tree, work.parents, message, author=identity, at=int(run.created_at)
    )
    await objects.bundle(work.base_sha, head)
    return StageResult(
        status=StageStatus.RUNNING, summary=f"Publishing {head[:7]}.", data={"head_sha": head}
    )
