"""Keep the work of an attempt: as a commit of the run's own, and as a bundle that outlives it."""

from bot.guard.paths import junk
from bot.pipeline.ports import Attempt, Ports


async def keep(
    attempt: Attempt, ports: Ports, foreign: frozenset[str] = frozenset()
) -> tuple[str, str]:
    """Write what lies in the worktree as a commit and a bundle; answer its tree and the commit.

    ``foreign`` are paths of files that the attempt found there and that are not its work.
    """
    tree, commit = await checkpoint(attempt, ports, foreign)
    work = attempt.run.work
    await ports.objects.bundle(work.base_sha or work.ground or "", commit)
    return tree, commit


async def checkpoint(
    attempt: Attempt, ports: Ports, foreign: frozenset[str] = frozenset()
) -> tuple[str, str]:
    """Write what lies in the worktree as a commit; answer its tree and the commit."""
    tree = await ports.worktree.capture(drop=lambda path: junk(path) or path in foreign)
    commit = await ports.objects.commit(
        tree,
        (attempt.run.work.ground or "",),
        f"Checkpoint of {attempt.name} {attempt.number}",
        author=ports.identity,
        at=attempt.start,
    )
    return tree, commit
