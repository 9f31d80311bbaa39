"""Bring a run's commit to its branch on GitHub, if the branch is where it was expected."""

from collections.abc import Awaitable, Callable

from bot.runs import Push, RepositoryRef
from bot.worktree.failures import BranchMoved
from bot.worktree.moved import following
from bot.worktree.names import checked_branch, checked_sha
from bot.worktree.objects import Works
from bot.worktree.remote import Remote

SECONDS = 600.0
Fence = Callable[[], Awaitable[None]]

PUSH = (
    "push",
    "--porcelain",
    "--no-verify",
    "--no-signed",
    "--no-follow-tags",
    "--recurse-submodules=no",
)

UP_TO_DATE = b"="  # begins the line of a ref that needed no push


class Pusher:
    def __init__(self, works: Works, fence: Fence | None = None) -> None:
        """``fence`` is asked right before each push; it returns where we may still push."""
        self._works = works
        self._fence = fence

    async def remote_sha(
        self, repository: RepositoryRef, branch: str, *, url: str, token: str
    ) -> str | None:
        """Ask where a branch is now; None: there is none."""
        return await self._works.mirrors.remote_sha(repository.id, url, token, branch)

    async def push(
        self, repository: RepositoryRef, push: Push, *, run_id: str, url: str, token: str
    ) -> bool:
        """Set the branch; False: it was at that commit already.

        Raises BranchMoved when it is elsewhere, AccessDenied, else GitError, whose ``stderr`` holds
        what the remote said (`GH013`, `protected branch …`). The lease holds for plain pushes too:
        git would grow a branch that appeared meanwhile.
        """
        objects = self._works.open(repository.id, run_id)
        ref = f"refs/heads/{checked_branch(push.branch)}"
        spec = f"{checked_sha(push.sha)}:{ref}"
        expected = checked_sha(push.expected) if push.expected else ""
        if expected and not push.force and not await objects.is_ancestor(expected, push.sha):
            raise BranchMoved("push", 1, f"{push.sha} does not grow out of {expected}")
        lease = f"--force-with-lease={ref}:{expected}"

        async def act(remote: Remote) -> bytes:
            if self._fence is not None:
                await self._fence()
            return await objects.git.run(
                *PUSH, lease, "--", remote.url, spec, remote=remote, seconds=SECONDS
            )

        told = await following(self._works.mirrors.remote(url, token), act)
        return not any(line.startswith(UP_TO_DATE) for line in told.splitlines())
