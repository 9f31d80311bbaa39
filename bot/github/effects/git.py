"""git for the effects that push: the composition root's pusher, with a token for each call."""

from typing import Protocol

from bot.github.app import App
from bot.github.tokens import PUSH, Scope
from bot.runs import Push, RepositoryRef


class Pusher(Protocol):
    """git, as the worktree room does it; the composition root hands it in."""

    async def remote_sha(
        self, repository: RepositoryRef, branch: str, *, url: str, token: str
    ) -> str | None:
        """Name the commit that GitHub's branch is at; raises GitError."""
        ...

    async def push(
        self, repository: RepositoryRef, push: Push, *, run_id: str, url: str, token: str
    ) -> bool:
        """Push with a lease on ``push.expected``; False: the branch was at its commit already.

        Raises GitError with git's own words.
        """
        ...


class GitWithToken:
    """The pusher, for the one repository of an effect."""

    def __init__(self, app: App, pusher: Pusher, repository: RepositoryRef, owner: str) -> None:
        self._app = app
        self._pusher = pusher
        self._repository = repository
        self._owner = owner
        self._scope = Scope(repository.installation_id, repository.id, PUSH)

    async def remote_sha(self, branch: str, url: str) -> str | None:
        """Name the commit that the branch is at; raises GitError."""
        return await self._app.with_git(
            self._scope,
            lambda token: self._pusher.remote_sha(self._repository, branch, url=url, token=token),
        )

    async def push(self, push: Push, url: str) -> bool:
        """Push with a lease; False: the branch was at its commit already. Raises GitError."""
        return await self._app.with_git(
            self._scope,
            lambda token: self._pusher.push(
                self._repository, push, run_id=self._owner, url=url, token=token
            ),
        )
