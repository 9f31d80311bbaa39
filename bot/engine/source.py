"""What a run reads of GitHub: its repository, its base as it is now, the issue's comments."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from bot.engine.gates import codeowners
from bot.engine.patience import Patience
from bot.errors import EffectDelayed, EffectRefused
from bot.github import reads
from bot.github.app import App
from bot.github.client import Client
from bot.github.people import in_team
from bot.github.tokens import FETCH, TEAMS, Scope
from bot.pipeline.configuration import RepositoryConfig
from bot.pipeline.ports import IssueComment
from bot.pipeline.rulebook import Rulebook
from bot.runs import Permission, Person, RepositoryRef, Run
from bot.worktree import Mirrors, RefMissing, Unreachable

UNREACHABLE_SECONDS = 5.0
"""From a fetch that GitHub did not answer to the next try."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Reads only; every answer is GitHub's of this moment."""

    app: App
    rulebook: Rulebook
    mirrors: Mirrors
    patience: Patience

    async def default_branch(self, repository: RepositoryRef) -> str:
        return (await self._facts(repository)).default_branch

    async def configuration(self, repository: RepositoryRef) -> RepositoryConfig:
        return await self.rulebook.read(repository)

    async def fetch(self, repository: RepositoryRef, branch: str) -> str | None:
        """Bring a branch into the mirror; answer its commit, None where there is no such branch."""
        return await self._fetch(repository, f"refs/heads/{branch}")

    async def fetch_pull(self, repository: RepositoryRef, number: int) -> str | None:
        """Bring the head of a pull request into the mirror, from wherever it comes."""
        return await self._fetch(repository, f"refs/pull/{number}/head")

    async def bring(self, run: Run) -> None:
        """Bring what a run stands on into the mirror of a machine that it was not on before.

        Waits for a GitHub that does not answer; raises EffectRefused.
        """
        await self.patience.ask(run, partial(self._bring, run))

    async def _bring(self, run: Run) -> None:
        work = run.work
        if work.base_ref is not None:
            await self.fetch(run.repository, work.base_ref)
        if work.visit is not None:
            await self.fetch(run.repository, await self.default_branch(run.repository))
            await self.fetch_pull(run.repository, work.visit.number)

    async def _fetch(self, repository: RepositoryRef, ref: str) -> str | None:
        facts = await self._facts(repository)

        async def fetch(token: str) -> dict[str, str]:
            return await self.mirrors.fetch(repository.id, facts.clone_url, token, (ref,))

        try:
            scope = Scope(repository.installation_id, repository.id, FETCH)
            fetched = await self.app.with_git(scope, fetch)
        except RefMissing:
            return None
        except Unreachable as error:
            raise EffectDelayed(
                f"GitHub did not answer git: {error}", UNREACHABLE_SECONDS
            ) from error
        return fetched[ref]

    async def head(self, repository: RepositoryRef, branch: str) -> str | None:
        """Name the commit that a branch is at now; None: there is no such branch."""
        return await reads.branch_head(await self.client(repository), repository, branch)

    async def protected(self, repository: RepositoryRef, branch: str) -> bool:
        """Ask whether a rule protects a branch; one that is gone needs none."""
        client = await self.client(repository)
        return bool(await reads.branch_protected(client, repository, branch))

    async def author(self, repository: RepositoryRef, sha: str) -> str:
        """Name who made a commit, for people to read."""
        found = await reads.commit_author(await self.client(repository), repository, sha)
        return found or "somebody"

    async def permission(self, repository: RepositoryRef, person: Person) -> Permission:
        """Ask what a person may do at this moment."""
        return await reads.permission(await self.client(repository), repository, person)

    async def issue(self, run: Run) -> reads.IssueFacts | None:
        """Read the issue as it is now; None: it was deleted or transferred."""
        return await reads.issue(await self.client(run.repository), run.repository, run.issue)

    async def pull_request(self, run: Run) -> reads.PullRequestFacts | None:
        """Read the run's pull request as it is now; None: there is none."""
        if run.pull_request is None:
            return None
        return await self.pull(run.repository, run.pull_request)

    async def pull(self, repository: RepositoryRef, number: int) -> reads.PullRequestFacts | None:
        """Read any pull request as it is now; None: there is none."""
        return await reads.pull_request(await self.client(repository), repository, number)

    async def remarks(self, run: Run) -> list[str]:
        """List what we said so far in reviews of the pull request that the run is about."""
        client = await self.client(run.repository)
        me = (await self.app.me(client)).user_id
        return await reads.remarks_of(client, run.repository, run.issue, me)

    async def owners(self, repository: RepositoryRef, paths: Sequence[str]) -> dict[str, set[str]]:
        """Name the owners of each of these paths that has any; raises UserError (CODEOWNERS)."""
        client = await self.client(repository)
        texts = [await reads.file_text(client, repository, path) for path in codeowners.PLACES]
        return codeowners.owners(next((t for t in texts if t is not None), ""), paths)

    async def meant(self, repository: RepositoryRef, login: str, owners: set[str]) -> set[str]:
        """Tell which of these owners are somebody: by name, or a team of the repository's owner."""
        reader = await self.app.client(repository.installation_id, repository.id, TEAMS)
        house = repository.full_name.partition("/")[0].lower()
        found = set()
        for owner in sorted(owners):
            org, _, team = owner.removeprefix("@").partition("/")
            alone = not team and owner.lower() == f"@{login}".lower()
            if alone or (
                team and org.lower() == house and await in_team(reader, repository, team, login)
            ):
                found.add(owner)
        return found

    async def client(self, repository: RepositoryRef) -> Client:
        return await self.app.client(repository.installation_id, repository.id)

    async def comments(self, run: Run) -> list[IssueComment]:
        """List what others than we wrote, and what its authors may do at this moment."""
        return await self.patience.ask(run, partial(self._comments, run))

    async def _comments(self, run: Run) -> list[IssueComment]:
        client = await self.app.client(run.repository.installation_id, run.repository.id)
        me = (await self.app.me(client)).user_id
        listed = await reads.comments(client, run.repository, run.issue)
        found = [each for each in listed if each.author is None or each.author.id != me]
        may: dict[Person, bool] = {}
        for author in {comment.author for comment in found if comment.author}:
            held = await reads.permission(client, run.repository, author)
            may[author] = Permission(held).may_write
        return [
            IssueComment(
                id=comment.id,
                author=comment.author.login if comment.author else "ghost",
                may_write=bool(comment.author and may[comment.author]),
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
