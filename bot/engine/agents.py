"""Cast the agents of a run: who plays a role, by which model, and with what is left to spend."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Protocol

from bot.agent.gateway.job import Job, Listener, TurnedAway
from bot.agent.runtime import AgentRuntime, ModelSocket, Role
from bot.engine.budget import Purse, all_minutes, lowest, part_used, purse, used_before
from bot.errors import StageFailed
from bot.github.texts.players import Player
from bot.github.texts.status import WARNING
from bot.pipeline.configuration import RepositoryConfig
from bot.pipeline.ports import Attempt, RecordEvents, Seat
from bot.runs import Budgets, Run, RunEvent
from bot.store import calls, runs
from bot.store.database import Connection, Database
from bot.store.limits import Used

Wait = Callable[[str, float], Awaitable[None]]
MOST_TURNS = 10
"""As many models as a role may list."""


class Gateway(Protocol):
    """The metering way to models (`bot/agent/gateway`)."""

    def open(
        self, job: Job, endpoint: str, *, listener: Listener
    ) -> AbstractAsyncContextManager[ModelSocket]:
        """Open it for one attempt; ``listener`` hears what happens there.

        Raises StageFailed (`no_model`).
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Staff:
    """All agents of this process, and how they reach their models."""

    runtimes: Mapping[str, AgentRuntime]
    gateway: Gateway | None = None
    """None: there is no model; only agents that need none can work."""
    models: Sequence[str] = ()
    """The names of the endpoints; the first is taken where nobody chose."""
    budgets: Budgets = field(default_factory=Budgets)
    secrets: Callable[[], Sequence[str]] = tuple
    """Keys and tokens of this Coppice, as they are now."""

    def agent(self, run: Run, config: RepositoryConfig, role: Role) -> str:
        """The name of the agent that plays a role in a run."""
        return config.roles.of(role).agent or run.agent

    def model(self, run: Run, config: RepositoryConfig, role: Role, turn: int) -> str | None:
        """The endpoint of the ``turn``-th attempt: what a person chose, else as configured."""
        chosen = run.trigger.options.model
        listed = (chosen,) if chosen else config.roles.of(role).models or self.models[:1]
        return listed[min(turn, len(listed)) - 1] if listed else None

    def others(self, run: Run, config: RepositoryConfig) -> tuple[Player, ...]:
        """List the roles that are not the run's own agent's."""
        names = {role: self.agent(run, config, role) for role in Role}
        return tuple(
            Player(role=role.value, agent=name, label=self._label(name))
            for role, name in names.items()
            if name != run.agent
        )

    def _label(self, name: str) -> str | None:
        return self.runtimes[name].label if name in self.runtimes else None

    def require(self, run: Run, config: RepositoryConfig) -> None:
        """Raise StageFailed (`no_agent`, `no_model`) where a run asks for what is not there."""
        for role in Role:
            runtime = self.runtime(self.agent(run, config, role))
            if not runtime.capabilities.apis:
                continue
            wanted = [self.model(run, config, role, turn) for turn in range(1, MOST_TURNS + 1)]
            unknown = next((name for name in wanted if name not in self.models), "")
            if unknown != "":
                raise _no("model", unknown, self.models)

    def runtime(self, name: str) -> AgentRuntime:
        """Find an agent by its name; raises StageFailed (`no_agent`)."""
        if name not in self.runtimes:
            raise _no("agent", name, sorted(self.runtimes))
        return self.runtimes[name]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cast:
    """The agents as one try of a stage gets them (`bot.pipeline.ports.Agents`)."""

    staff: Staff
    database: Database
    attempt: Attempt
    record: RecordEvents
    wait: Wait
    """Hears what the model keeps us waiting for, "" when it goes on, and how many seconds the
    attempt has waited so far."""
    show: Callable[[], Awaitable[None]]
    """Has people see how far the run is."""

    def runtime(self, role: Role) -> AgentRuntime:
        return self.staff.runtime(self.staff.agent(self.attempt.run, self.attempt.config, role))

    @asynccontextmanager
    async def open(self, role: Role, turn: int) -> AsyncIterator[Seat]:
        runtime, seconds = self.runtime(role), float(self.attempt.config.limits.agent_seconds)
        if not runtime.capabilities.apis:
            yield Seat(runtime=runtime, model=None, seconds=seconds)
            return
        before = await self._purse()
        if before.empty:
            raise StageFailed("budget", f"budget reached: {before.empty} used", blocked=True)
        limits = lowest(before.left, self.staff.budgets.attempt)
        used_up = None
        if limits.minutes is not None and limits.minutes * 60 <= seconds:
            seconds = limits.minutes * 60
            used_up = all_minutes(before, self.staff.budgets.attempt)
        hearing = _Hearing(self, before)
        try:
            async with self._way(role, turn, before, hearing.listener) as socket:
                hearing.sits(socket)
                yield Seat(runtime=runtime, model=socket, seconds=seconds, used_up=used_up)
        finally:
            await hearing.settle()
            await self._tell(role, hearing)

    def _way(
        self, role: Role, turn: int, before: Purse, listener: Listener
    ) -> AbstractAsyncContextManager[ModelSocket]:
        run, attempt = self.attempt.run, self.attempt
        endpoint = self.staff.model(run, attempt.config, role, turn)
        if self.staff.gateway is None or endpoint is None:
            raise _no("model", endpoint, self.staff.models)
        job = Job(
            run_id=run.id,
            stage=attempt.name,
            role=role,
            attempt=attempt.overall,
            repository_id=run.repository.id,
            repository=run.repository.full_name,
            installation_id=run.repository.installation_id,
            person=run.trigger.by.login,
            limits=before.budget,
            before=used_before(before),
            own=self.staff.budgets.attempt,
        )
        return self.staff.gateway.open(job, endpoint, listener=listener)

    async def _purse(self) -> Purse:
        run, config = self.attempt.run, self.attempt.config
        return await self.database.read(lambda c: read_purse(c, run, config, self.staff.budgets))

    async def heard(self, text: str, waited: float) -> None:
        """Write down what the model keeps us waiting for."""
        if text:
            await self.record([self._event("waiting", text=text)])
        await self.wait(text, waited)

    async def turned_away(self, what: TurnedAway) -> None:
        """Write down what an agent asked of the gateway that it serves nobody."""
        event = self._event("refused", why=what.kind, asked=what.asked, reason=what.reason)
        await self.record([event])

    async def nearly(self, used: float) -> None:
        """Say once that most of the budget is used, while there is something left of it."""
        await self.record([self._event("budget_warning", used=round(used, 3))])
        await self.show()

    async def _tell(self, role: Role, hearing: "_Hearing") -> None:
        """Write down what the attempt came to; minutes may have been used besides."""
        after = await self._purse()
        spent = after.spent.model_dump(exclude_defaults=True)
        told = {"role": role.value, "run": spent, "budget": str(after.budget)}
        events = [self._event("spent", **told, waited=round(hearing.waited, 1))]
        if not hearing.warned and after.used >= WARNING:
            events.append(self._event("budget_warning", used=round(after.used, 3)))
        await self.record(events)

    def _event(self, kind: str, **data: object) -> RunEvent:
        return RunEvent(stage=self.attempt.name, attempt=self.attempt.number, type=kind, data=data)


class _Hearing:
    """Takes the gateway's words as they come, and has them written down one after the other."""

    def __init__(self, cast: Cast, before: Purse) -> None:
        self._cast = cast
        self._before = before
        self.warned = before.used >= WARNING
        self._last = ""
        self._spoke = False
        self._began = time.monotonic()
        self._sat = 0.0
        """Seconds until it had a seat."""
        self._socket: ModelSocket | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._turn = asyncio.Lock()

    @property
    def listener(self) -> Listener:
        return Listener(tell=self._waits, turned_away=self._turned_away, used=self._used)

    def sits(self, socket: ModelSocket) -> None:
        """It has its seat: from now on its time is its own, but for what its calls wait."""
        self._sat, self._socket = time.monotonic() - self._began, socket

    async def settle(self) -> None:
        if self._spoke:
            self._begin(partial(self._cast.heard, "", self.waited))
        await asyncio.gather(*self._tasks)

    @property
    def waited(self) -> float:
        """Seconds that the attempt waited for its model so far."""
        if self._socket is None:
            return time.monotonic() - self._began
        return self._sat + self._socket.waited

    def _waits(self, text: str) -> None:
        self._spoke |= bool(text)
        if text != self._last:
            self._last = text
            self._begin(partial(self._cast.heard, text, self.waited))

    def _used(self, so_far: Used) -> None:
        used = part_used(self._before, so_far)
        if used >= WARNING and not self.warned:
            self.warned = True
            self._begin(partial(self._cast.nearly, used))

    def _turned_away(self, what: TurnedAway) -> None:
        self._begin(partial(self._cast.turned_away, what))

    def _begin(self, write: Callable[[], Awaitable[None]]) -> None:
        self._tasks.add(asyncio.create_task(self._in_turn(write)))

    async def _in_turn(self, write: Callable[[], Awaitable[None]]) -> None:
        async with self._turn:
            await write()


def _no(what: str, name: str | None, known: Sequence[str]) -> StageFailed:
    there = ", ".join(f"`{each}`" for each in known) or "none"
    named = f" `{name}`" if name else ""
    message = f"there is no {what}{named} here; there is: {there}"
    return StageFailed(f"no_{what}", message, blocked=True)


def read_purse(c: Connection, run: Run, config: RepositoryConfig, budgets: Budgets) -> Purse:
    """Say what a run may spend, what it has spent, and what is left."""
    return purse(
        run,
        allowed=lowest(budgets.run, config.budget.budget),
        spent=calls.spend(c, run.id),
        stages=runs.stages(c, run.id),
        now=time.time(),
    )
