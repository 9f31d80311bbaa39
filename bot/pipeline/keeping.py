"""Keep the work of an attempt: as a commit of the run's own, and as a bundle that outlives it."""

from bot.guard.paths import junk
from bot.pipeline.ports import Attempt, Ports


async def keep(attempt: Attempt, ports: Ports) -> tuple[str, str]:
    """Write what lies in the worktree as a commit and a bundle; answer its tree and the commit."""
    work = attempt.run.work
    ground = work.ground or ""
    tree = await ports.worktree.capture(drop=junk)
    checkpoint = await ports.objects.commit(
        tree,
        (ground,),
        f"Checkpoint of {attempt.name} {attempt.number}",
        author=ports.identity,
        at=attempt.start,
    )
    await ports.objects.bundle(work.base_sha or ground, checkpoint)
    return tree, checkpoint
