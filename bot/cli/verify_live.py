"""What `coppice verify-store --live` asks GitHub: is what we wrote still there?"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from sqlalchemy import Row, select

from bot.cli.connection import open_session
from bot.errors import EffectRefused
from bot.github import reads
from bot.github.answers import Refusal
from bot.github.app import App, Registration
from bot.github.client import Client
from bot.runs import Applied, Run
from bot.settings import Settings
from bot.store import tables
from bot.store.database import Connection, Database
from bot.store.keeping.checks.finding import Finding
from bot.store.ledger import LedgerStatus

MOST = 2000
"""Objects: half of an hour's budget of one installation at the least."""
_CHECK = "github"
_GONE = "Somebody deleted it on GitHub. The run's next effect writes it anew where it needs it."
_LEFT = (
    "The App has no access there any more: the run ends by itself at its next step, or by"
    " `/coppice stop` once the App is there again. Installing it again resumes nothing by itself."
)
_PATHS = {
    "comment": "issues/comments/{id}",
    "check_run": "check-runs/{id}",
    "pull_request": "pulls/{number}",
    "review": "pulls/{pull}/reviews/{id}",
}


@dataclass(slots=True)
class Live:
    """What GitHub was asked for."""

    findings: list[Finding] = field(default_factory=list)
    objects: int = 0
    left: int = 0
    away: set[str] = field(default_factory=set)
    """Repositories that the App has left: nothing of theirs can be looked for."""


@dataclass(slots=True)
class _Asking:
    app: App
    looked: Live
    _closed: set[int] = field(default_factory=set)
    """Repositories out of reach."""

    async def objects(self, row: Row[Any]) -> None:
        """Look for what an effect came to."""
        path = _path(row)
        if path is None or row.repository_id in self._closed:
            return
        self.looked.objects += 1
        client = await self.app.client(row.installation_id, row.repository_id)
        there = await self._there(client, f"/repos/{row.repository}/{path}", row)
        if there is False:
            self._find(f"effect {row.key}", "what it wrote is not on GitHub any more", _GONE)

    async def run(self, run: Run) -> None:
        """Look for the pull request and the branch of a living run."""
        where = run.repository
        if where.id in self._closed:
            return
        client = await self.app.client(where.installation_id, where.id)
        try:
            await self._run(client, run)
        except EffectRefused as error:
            self._leave_out(where.id, where.full_name)
            self._find(f"run {run.id}", f"its repository is out of reach: {error}", _LEFT)

    async def _run(self, client: Client, run: Run) -> None:
        about, where = f"run {run.id}", run.repository
        if run.pull_request is not None and run.following:
            pull = await reads.pull_request(client, where, run.pull_request)
            if pull is None or not pull.open:
                what = "gone" if pull is None else "closed"
                mend = "A delivery was missed: `coppice sweep`, or `/coppice stop` there."
                self._find(about, f"its pull request #{run.pull_request} is {what}", mend)
        if run.work.branch is not None and run.work.pushed is not None:
            head = await reads.branch_head(client, where, run.work.branch)
            if head != run.work.pushed:
                now = head[:12] if head else "gone"
                mend = (
                    "Somebody pushed or deleted it; the run notices at its next step or delivery."
                )
                detail = f"its branch {run.work.branch} is {now}, not {run.work.pushed[:12]}"
                self._find(about, detail, mend)

    async def _there(self, client: Client, path: str, row: Row[Any]) -> bool | None:
        """Tell whether an object is there; None: the repository is out of reach."""
        try:
            await client.getitem(path)
        except Refusal as refusal:
            if refusal.status in reads.NOT_THERE:
                return False
            self._find(f"effect {row.key}", f"GitHub does not say: {refusal.reason}", "Try again.")
            return None
        except EffectRefused:
            self._leave_out(row.repository_id, row.repository)
            return None
        return True

    def _leave_out(self, repository_id: int, name: str) -> None:
        self._closed.add(repository_id)
        self.looked.away.add(name)

    def _find(self, about: str, detail: str, mend: str) -> None:
        self.looked.findings.append(Finding(check=_CHECK, about=about, detail=detail, mend=mend))


async def ask_github(settings: Settings, database: Database, alive: Mapping[str, Run]) -> Live:
    """Look for the objects of the ledger, the newest first, and for what living runs stand on."""
    looked = Live()
    rows = await database.read(_objects)
    looked.left = max(0, len(rows) - MOST)
    async with open_session(settings) as session:
        asking = _Asking(App(registration(settings), session), looked)
        for run in alive.values():
            await asking.run(run)
        for row in rows[:MOST]:
            await asking.objects(row)
    return looked


def registration(settings: Settings) -> Registration:
    return Registration(
        app_id=settings.app_id,
        private_key=settings.private_key.get_secret_value(),
        api_url=settings.github_url,
    )


def _objects(c: Connection) -> list[Row[Any]]:
    effect, run = tables.ledger.c, tables.runs.c
    query = (
        select(
            effect.key,
            effect.kind,
            effect.object,
            run.installation_id,
            run.repository_id,
            run.repository,
            run.pull_request,
        )
        .join(tables.runs, run.id == effect.run_id)
        .where(effect.status == LedgerStatus.APPLIED.value, effect.kind.in_(_PATHS))
        .order_by(effect.last_at.desc())
    )
    return list(c.execute(query))


def _path(row: Row[Any]) -> str | None:
    """Where an object is read; None: it has no place of its own."""
    made = Applied.model_validate(row.object) if row.object else Applied(wrote=False)
    named = {"id": made.id, "number": made.number, "pull": row.pull_request}
    path = _PATHS[row.kind]
    if any(f"{{{name}}}" in path and value is None for name, value in named.items()):
        return None
    return path.format(**{name: quote(str(value)) for name, value in named.items()})
