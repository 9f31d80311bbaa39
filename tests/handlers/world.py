"""What handlers read, held in memory, and the deliveries that they decide on."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from bot.errors import EffectRefused, UserError
from bot.github.marker import Markers
from bot.pipeline.configuration import RepositoryConfig, load
from bot.runs import (
    Decision,
    Permission,
    Person,
    Publish,
    RepositoryRef,
    Run,
    RunError,
    RunStatus,
    StageRecord,
    Trigger,
)
from handlers import decide
from handlers.context import Context
from handlers.refusals import Refusals

GUID = "6ba7b810-9dad-11d1-80b4-00c04fd430c8"
NOW = 1_790_000_000.0
MARKERS = Markers(bytes(32))
HELPER = 902
"""The user id of a bot that the operator lets steer."""
REPOSITORY = RepositoryRef(id=77, full_name="acme/shop", installation_id=5)


@dataclass(frozen=True, slots=True)
class Sent:
    """A delivery as far as handlers look at it."""

    event: str
    payload: bytes
    guid: str = GUID


@dataclass(frozen=True, slots=True)
class Me:
    app_id: int = 100
    user_id: int = 101


@dataclass(slots=True)
class GitHub:
    """Answers by a table; who is not in it may read."""

    permissions: dict[str, Permission] = field(
        default_factory=lambda: {"ana": Permission.WRITE, "raj": Permission.TRIAGE}
    )
    rules: str | EffectRefused = ""
    """The configuration's text, or what GitHub says in its place."""
    teams: dict[str, tuple[str, ...]] = field(default_factory=dict)
    sees_teams: bool = True
    labelled: dict[str, str] = field(default_factory=dict)
    asked_of_house: int = 0
    """How often somebody's place in the organisation was read."""
    asked: int = 0
    """How often a permission was read."""

    async def permission(self, repository: RepositoryRef, person: Person) -> Permission:
        self.asked += 1
        return self.permissions.get(person.login, Permission.READ)

    async def configuration(self, repository: RepositoryRef) -> RepositoryConfig:
        if isinstance(self.rules, EffectRefused):
            raise self.rules
        return load(self.rules)

    async def in_team(self, repository: RepositoryRef, team: str, login: str) -> bool | None:
        return login in self.teams.get(team, ()) if self.sees_teams else None

    async def in_organization(self, repository: RepositoryRef, login: str) -> bool:
        self.asked_of_house += 1
        return any(login in members for members in self.teams.values())

    async def labelled_by(self, repository: RepositoryRef, issue: int) -> dict[str, Person]:
        return {name: Person(id=1, login=by) for name, by in self.labelled.items()}


@dataclass(slots=True)
class Runs:
    """Runs in a list, newest last."""

    all: list[Run] = field(default_factory=list)
    records: dict[str, list[StageRecord]] = field(default_factory=dict)

    def _find(self, fits: Callable[[Run], bool]) -> list[Run]:
        return [run for run in reversed(self.all) if fits(run)]

    def _one(self, fits: Callable[[Run], bool]) -> Run | None:
        return next(iter(self._find(fits)), None)

    async def get(self, run_id: str) -> Run | None:
        return self._one(lambda run: run.id == run_id)

    async def living(self, repository_id: int, issue: int) -> Run | None:
        return self._one(lambda run: self._of(run, repository_id, issue) and _alive(run))

    async def latest(self, repository_id: int, issue: int) -> Run | None:
        return self._one(lambda run: self._of(run, repository_id, issue))

    async def of_pull_request(self, repository_id: int, number: int) -> Run | None:
        return self._one(lambda run: run.pull_request == number)

    async def of_branch(self, repository_id: int, branch: str) -> Run | None:
        return self._one(lambda run: run.work.branch == branch)

    async def of_visit(self, repository_id: int, sha: str) -> Run | None:
        return self._one(lambda run: run.work.visit is not None and run.work.visit.head_sha == sha)

    async def on_base(self, repository_id: int, branch: str) -> list[Run]:
        return self._find(lambda run: run.work.base_ref == branch and _alive(run))

    async def stages(self, run_id: str) -> list[StageRecord]:
        return self.records.get(run_id, [])

    async def living_of_installation(
        self, installation_id: int, repository_id: int | None
    ) -> list[Run]:
        return self._find(
            lambda run: (
                run.repository.installation_id == installation_id
                and repository_id in (None, run.repository.id)
                and _alive(run)
            )
        )

    @staticmethod
    def _of(run: Run, repository_id: int, issue: int) -> bool:
        return (run.repository.id, run.issue) == (repository_id, issue)


def _alive(run: Run) -> bool:
    return run.following or not run.status.ended


class Patches:
    async def of(self, run: Run) -> bytes:
        return b"--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+b\n"


class World:
    """Everything that a decision may depend on."""

    def __init__(self) -> None:
        self.github = GitHub()
        self.runs = Runs()
        self.time = NOW
        self.refusals = Refusals(lambda: self.time)

    async def decide(self, event: str, payload: Any, guid: str = GUID) -> Decision:
        return await self.decide_on(Sent(event, json.dumps(payload).encode(), guid))

    async def decide_on(self, delivery: Sent) -> Decision:
        context = Context(
            github=self.github,
            runs=self.runs,
            patches=Patches(),
            me=Me(),
            agent="scripted",
            clock=lambda: NOW,
            markers=MARKERS,
            refusals=self.refusals,
            bots=frozenset({HELPER}),
        )
        return await decide(delivery, context)

    def has(self, run: Run) -> Run:
        self.runs.all.append(run)
        return run


class Unreachable(GitHub):
    """GitHub for those whose word is not even asked about."""

    async def permission(self, repository: RepositoryRef, person: Person) -> Permission:
        raise AssertionError

    async def configuration(self, repository: RepositoryRef) -> RepositoryConfig:
        raise UserError("nobody should ask")


def run(
    status: RunStatus = RunStatus.RUNNING, *, following: bool = False, kind: str = "", **more: Any
) -> Run:
    """Make a run of issue 7."""
    error = RunError(stage="verify", kind=kind, message="x") if kind else None
    values = {
        "id": "a1b2c3d4e5f6",
        "repository": REPOSITORY,
        "issue": 7,
        "pipeline": "fix",
        "agent": "scripted",
        "publish": Publish.PR,
        "status": status,
        "following": following,
        "error": error,
        "trigger": TRIGGER,
        "created_at": NOW,
        "updated_at": NOW,
    }
    return Run(**{**values, **more})


TRIGGER = Trigger(
    delivery=GUID,
    by=Person(id=1, login="ana"),
    title="Parsing nothing fails",
    body="`parse('')` raises",
    at="2026-01-01T00:00:00Z",
)
