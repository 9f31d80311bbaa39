"""One attempt of a real agent program: a real box, the real gateway, a scripted model behind it."""

from collections.abc import Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import pytest

from bot.agent.catalogue import Catalogue, Endpoint, PriceTable
from bot.agent.gateway import Gateway, Job
from bot.agent.profiles import BUILT_IN
from bot.agent.profiles.installed import Installation
from bot.agent.registry import AGENTS, runtime
from bot.agent.runtime import AgentContext, AgentEvent, AgentTask, Api, Finished, Role
from bot.box import TREE, Box, Mount, probe
from bot.runs import Budget, Budgets, Json, Spend
from bot.scripted_model import Fault, Play, Scenario, ScriptedModel, Step
from bot.store import calls
from bot.store.database import Database
from tests import postgres

E = TypeVar("E")
SECONDS = 240.0
RUN = "run-1"
MODEL = "scripted-model"


def need(name: str) -> None:
    """Skip where the program is not installed."""
    missing = Installation(directory=AGENTS).missing(BUILT_IN[name])
    if missing is not None:
        pytest.skip(f"{missing.reason}; type: {missing.mend}")


@dataclass(kw_only=True)
class World:
    """A worktree, and what came of the attempt that was made in it."""

    root: Path
    name: str
    key: str | None = None
    """The key that the model wants; None: any."""
    box: Box | None = None
    limits: Budget = field(default_factory=lambda: Budget(usd=1))
    events: list[AgentEvent] = field(default_factory=list)
    spend: Spend = field(default_factory=Spend)
    paths: list[str] = field(default_factory=list)
    """What was asked of the model, call by call."""

    def __post_init__(self) -> None:
        self.tree.mkdir(exist_ok=True)

    @property
    def tree(self) -> Path:
        return self.root / "tree"

    @property
    def files(self) -> list[str]:
        return sorted(path.name for path in self.tree.iterdir())

    def of(self, kind: type[E]) -> list[E]:
        return [event for event in self.events if isinstance(event, kind)]

    async def play(
        self,
        steps: Sequence[Step],
        *,
        final: str = "All done.",
        faults: Sequence[Fault] = (),
        role: Role = Role.IMPLEMENT,
        answer: Mapping[str, Json] | None = None,
    ) -> Finished:
        """Let it do the steps; return how it ended."""
        play = Play(steps=tuple(steps), final=final)
        scenario = Scenario(model=MODEL, plays=(play,), faults=tuple(faults), key=self.key)
        with postgres.either(self.root / "store.sqlite") as url:
            await self._play(scenario, url, role, answer)
        end = self.events[-1]
        assert isinstance(end, Finished)
        return end

    async def _play(
        self, scenario: Scenario, url: str, role: Role, answer: Mapping[str, Json] | None
    ) -> None:
        database = await Database.open(url)
        try:
            async with ScriptedModel(scenario) as model:
                gateway = Gateway(
                    self._catalogue(model.url), database, Budgets(), folder=self.root / "s"
                )
                try:
                    async with gateway.open(self._job(role), "default") as socket:
                        await self._attempt(role, answer, socket)
                finally:
                    await gateway.close()
                self.paths = [f"{seen.method} {seen.path}" for seen in model.calls]
            self.spend = await database.read(lambda c: calls.spend(c, RUN))
        finally:
            await database.close()

    async def _attempt(self, role: Role, answer: Mapping[str, Json] | None, socket: Json) -> None:
        agent = runtime(self.name, scripts=self.root)
        task = AgentTask(
            role=role,
            prompt=f"The repository is at {TREE}. Write hello.py and run it.",
            attempt=1,
            seconds=SECONDS,
            repository="octo/shop",
            issue=7,
            answer=answer,
        )
        context = AgentContext(
            box=self.box or await probe("bubblewrap"),
            mounts=(Mount(source=self.tree, target=TREE, writable=role.writes),),
            log=self.root / "log",
            files=self.root / "files",
            model=socket,
        )
        async with aclosing(agent.run(task, context)) as events:
            async for event in events:
                self.events.append(event)

    def _catalogue(self, url: str) -> Catalogue:
        api = next(api for api in Api if api in BUILT_IN[self.name].apis)
        prefix = "/v1" if api in (Api.CHAT, Api.RESPONSES) else ""
        price = PriceTable(input=3.0, output=15.0, cached=0.3)
        endpoint = Endpoint(url=url + prefix, api=api, model=MODEL, price=price, **self._key)
        return Catalogue(endpoints={"default": endpoint})

    @property
    def _key(self) -> dict[str, Json]:
        return {"key": "sk-right"} if self.key == "sk-right" else {"key": "sk-wrong"}

    def _job(self, role: Role) -> Job:
        return Job(
            run_id=RUN,
            stage=role.value,
            role=role,
            attempt=1,
            repository_id=1,
            repository="octo/shop",
            installation_id=1,
            person="octocat",
            limits=self.limits,
        )
