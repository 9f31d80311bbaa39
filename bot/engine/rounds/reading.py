"""What a round reads of GitHub: the head and the base as they are, threads, CI."""

from collections.abc import Iterable
from dataclasses import dataclass

from bot.engine.rounds import ci
from bot.engine.rounds.ci import TIMED_OUT, Failing, Judged, Verdict
from bot.engine.source import Source
from bot.github import ci as github_ci
from bot.github import conversations
from bot.github.ci import Check, Key
from bot.github.client import Client
from bot.github.conversations import Conversation, ReviewThread, Writer
from bot.github.tokens import CI
from bot.runs import Permission, Person, RepositoryRef, Run

_NOBODY = 0  # no App has this number: ours may be required too
_LONGEST_NOTE = 1000
_NOTHING = "(It shows nothing, and its log is gone.)"


@dataclass(frozen=True, slots=True, kw_only=True)
class CiState:
    """What the CI says of one commit."""

    judged: tuple[Judged, ...]

    @property
    def pending(self) -> bool:
        return bool(self.told(Verdict.PENDING))

    @property
    def failing(self) -> tuple[Check, ...]:
        """Those that fail because of the work."""
        return tuple(each.check for each in self.told(Verdict.REAL))

    @property
    def ripe(self) -> "CiState":
        """Without what is under way, and without what fails in a suite that is."""
        busy = {each.check.suite for each in self.told(Verdict.PENDING)} - {None}
        return CiState(
            judged=tuple(
                each
                for each in self.judged
                if each.verdict is not Verdict.PENDING
                and (each.check.suite not in busy or not each.worth_a_rerun)
            )
        )

    @property
    def suites(self) -> set[int]:
        """The check suites of what may end otherwise when it runs once more."""
        found = (each.check.suite for each in self.judged if each.worth_a_rerun)
        return {suite for suite in found if suite is not None}

    @property
    def twice(self) -> bool:
        """Has all that fails failed twice or more on this commit?"""
        return all(each.tries > 1 for each in self.told(Verdict.REAL))

    def told(self, verdict: Verdict) -> list[Judged]:
        found = [each for each in self.judged if each.verdict is verdict]
        return sorted(found, key=lambda each: each.check.name)


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

    async def writers(self, repository: RepositoryRef, people: Iterable[Writer]) -> set[str]:
        """The logins of those who may write at this moment; programs never."""
        known = {Person(id=who.id, login=who.login) for who in people if who.id is not None}
        held = {who.login: await self.source.permission(repository, who) for who in known}
        return {login for login, now in held.items() if Permission(now).may_write}

    async def ci(self, run: Run, sha: str) -> CiState:
        """Judge the newest try of each check of a commit, beside the same checks on the base."""
        app = await self.source.app.me()
        client = await self.source.app.client(run.repository.installation_id, run.repository.id, CI)
        found = await github_ci.checks(client, run.repository, sha, ours=app.app_id)
        red: set[Key] = set()
        if any(check.failed for check in found) and run.work.base_sha:
            base = await github_ci.checks(
                client, run.repository, run.work.base_sha, ours=app.app_id
            )
            newest = {(check.key, check.suite): check for check in base}
            red = {check.key for check in newest.values() if check.failed}
        return CiState(judged=tuple(ci.judge(found, red)))

    async def missing(self, run: Run, sha: str) -> tuple[str, ...]:
        """The checks that the base requires and that have not begun on a commit."""
        client = await self.source.app.client(run.repository.installation_id, run.repository.id, CI)
        wanted = await github_ci.required(client, run.repository, run.work.base_ref or "")
        if not wanted:
            return ()
        begun = await github_ci.checks(client, run.repository, sha, ours=_NOBODY)
        return tuple(sorted(wanted - {check.name for check in begun}))

    async def logs(self, run: Run, checks: tuple[Check, ...]) -> tuple[Failing, ...]:
        """The relevant part of each failing check's log."""
        client = await self.source.app.client(run.repository.installation_id, run.repository.id, CI)
        return tuple(
            [
                Failing(name=check.name, log=await self._said(client, run, check), url=check.url)
                for check in checks
            ]
        )

    async def _said(self, client: Client, run: Run, check: Check) -> str:
        """What it says at lines, and the end of its log."""
        notes = await github_ci.notes(client, run.repository, check)
        log = ci.excerpt(await github_ci.log(client, run.repository, check))
        how = ["It timed out, twice on this commit."] if check.conclusion == TIMED_OUT else []
        said = "\n".join([*how, *(note[:_LONGEST_NOTE] for note in notes), *([log] if log else [])])
        return said or _NOTHING
