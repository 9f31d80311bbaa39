"""What a round reads of GitHub: the head and the base as they are, threads, CI."""

from dataclasses import dataclass

from bot.engine.rounds import ci
from bot.engine.rounds.ci import Failing, Verdict
from bot.engine.source import Source
from bot.github import ci as github_ci
from bot.github import conversations
from bot.github.ci import Check
from bot.github.conversations import Conversation, ReviewThread
from bot.github.tokens import CI
from bot.runs import Permission, RepositoryRef, Run


@dataclass(frozen=True, slots=True, kw_only=True)
class CiState:
    """What the CI says of one commit."""

    verdicts: dict[str, Verdict]
    suites: dict[str, int]
    """The check suite of each failing check."""
    failing: tuple[Check, ...]
    """Those whose verdict is real, the newest try of each."""
    twice: bool
    """All of those failed twice or more on this commit."""

    @property
    def pending(self) -> bool:
        return Verdict.PENDING in self.verdicts.values()

    def named(self, verdict: Verdict) -> list[str]:
        return sorted(name for name, found in self.verdicts.items() if found is verdict)


@dataclass(frozen=True, slots=True)
class Reading:
    source: Source

    async def me(self, run: Run) -> int:
        """Our bot's user id."""
        return (await self.source.app.me()).user_id

    async def threads(self, run: Run) -> list[ReviewThread]:
        client = await self.source.client(run.repository)
        return await conversations.threads(client, run.repository, run.pull_request or 0)

    async def conversation(self, run: Run) -> Conversation:
        client = await self.source.client(run.repository)
        return await conversations.conversation(client, run.repository, run.pull_request or 0)

    async def writers(self, repository: RepositoryRef, logins: set[str]) -> set[str]:
        """Those of them who may write at this moment; programs never."""
        held = {login: await self.source.permission(repository, login) for login in sorted(logins)}
        return {login for login, now in held.items() if Permission(now).may_write}

    async def ci(self, run: Run, sha: str) -> CiState:
        """Judge the newest try of each check of a commit, beside the same checks on the base."""
        app = await self.source.app.me()
        client = await self.source.app.client(run.repository.installation_id, run.repository.id, CI)
        found = await github_ci.checks(client, run.repository, sha, ours=app.app_id)
        newest = {check.name: check for check in found}
        red: set[str] = set()
        if any(check.failed for check in newest.values()) and run.work.base_sha:
            base = await github_ci.checks(
                client, run.repository, run.work.base_sha, ours=app.app_id
            )
            red = {check.name for check in {c.name: c for c in base}.values() if check.failed}
        judged = ci.verdicts(found, red)
        real = [newest[name] for name, verdict in judged.items() if verdict is Verdict.REAL]
        return CiState(
            verdicts=judged,
            suites={check.name: check.suite for check in real if check.suite is not None},
            failing=tuple(real),
            twice=all(sum(c.name == check.name for c in found) > 1 for check in real),
        )

    async def logs(self, run: Run, checks: tuple[Check, ...]) -> tuple[Failing, ...]:
        """The relevant part of each failing check's log."""
        client = await self.source.app.client(run.repository.installation_id, run.repository.id, CI)
        return tuple(
            [
                Failing(
                    name=check.name,
                    log=ci.excerpt(await github_ci.log(client, run.repository, check)),
                    url=check.url,
                )
                for check in checks
            ]
        )
