"""What a run reads of GitHub: its repository, its base as it is now, the issue's comments."""

from dataclasses import dataclass
from functools import partial

from bot.engine.patience import patiently
from bot.errors import EffectRefused
from bot.github import reads
from bot.github.app import App
from bot.github.tokens import FETCH, Scope
from bot.pipeline.configuration import RepositoryConfig
from bot.pipeline.ports import IssueComment
from bot.pipeline.rulebook import Rulebook
from bot.runs import Permission, RepositoryRef, Run
from bot.worktree import Mirrors, RefMissing


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Reads only; every answer is GitHub's of this moment."""

    app: App
    rulebook: Rulebook
    mirrors: Mirrors

    async def default_branch(self, repository: RepositoryRef) -> str:
        return (await self._facts(repository)).default_branch

    async def configuration(self, repository: RepositoryRef) -> RepositoryConfig:
        return await self.rulebook.read(repository)

    async def fetch(self, repository: RepositoryRef, branch: str) -> str | None:
        """Bring a branch into the mirror; answer its commit, None where there is no such branch."""
        facts = await self._facts(repository)
        ref = f"refs/heads/{branch}"

        async def fetch(token: str) -> dict[str, str]:
            return await self.mirrors.fetch(repository.id, facts.clone_url, token, (ref,))

        try:
            scope = Scope(repository.installation_id, repository.id, FETCH)
            fetched = await self.app.with_git(scope, fetch)
        except RefMissing:
            return None
        return fetched[ref]

    async def comments(self, run: Run) -> list[IssueComment]:
        """List what others than we wrote, and what its authors may do at this moment."""
        return await patiently(partial(self._comments, run))

    async def _comments(self, run: Run) -> list[IssueComment]:
        client = await self.app.client(run.repository.installation_id, run.repository.id)
        me = (await self.app.me(client)).user_id
        listed = await reads.comments(client, run.repository, run.issue)
        found = [each for each in listed if each.author is None or each.author.id != me]
        may: dict[str, bool] = {}
        for login in {comment.author.login for comment in found if comment.author}:
            held = await reads.permission(client, run.repository, login)
            may[login] = Permission(held).may_write
        return [
            IssueComment(
                id=comment.id,
                author=comment.author.login if comment.author else "ghost",
                may_write=bool(comment.author and may[comment.author.login]),
                body=comment.body,
                created_at=comment.created_at,
                updated_at=comment.updated_at,
            )
            for comment in found
        ]

    async def _facts(self, repository: RepositoryRef) -> reads.RepositoryFacts:
        client = await self.app.client(repository.installation_id, repository.id)
        facts = await reads.repository(client, repository)
        if facts is None:
            raise EffectRefused("gone", "the repository is gone, or the App may not see it")
        return facts
