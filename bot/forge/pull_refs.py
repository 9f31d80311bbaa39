"""`refs/pull/N/head`: how a pull request's commits are fetched, from forks too."""

from bot.forge.git import update_ref
from bot.forge.git.process import git
from bot.forge.records import PullRequest, Repository


async def fetch_objects(repository: Repository, source: Repository, sha: str) -> None:
    """Bring a fork's commits here, as GitHub's forks share their objects."""
    if source is not repository:
        await git(repository.path, "fetch", "-q", "--no-tags", str(source.path), sha)


async def publish_ref(pull: PullRequest) -> None:
    repository = pull.issue.repository
    if pull.head_repository:
        await fetch_objects(repository, pull.head_repository, pull.head_sha)
    await update_ref(repository.path, f"refs/pull/{pull.number}/head", pull.head_sha)
