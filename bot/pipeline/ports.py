"""What a stage is given: the facts of the run, and the few things that it may act on."""

import re
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol, Self

from bot.agent.runtime import AgentRuntime, ModelSocket, Role
from bot.box import Box
from bot.box.destination import Allowed
from bot.pipeline.configuration import RepositoryConfig
from bot.pipeline.contract import Contract
from bot.pipeline.errors import ErrorClass
from bot.runs import CommandResult, Json, Record, Run, RunError, RunEvent, StageStatus
from bot.worktree import Identity, Objects, Worktree

_HALVES = re.compile(r"[\ud800-\udfff]")


class StageResult(Record):
    """How one try of a stage ended; stored before any effect of it is applied."""

    status: StageStatus
    summary: str
    """One sentence that people read."""
    error: RunError | None = None
    blocked: bool = False
    """A rule or a person is in the way: another attempt would change nothing."""
    final: bool = False
    """It failed in a way that no further attempt mends."""
    commands: tuple[CommandResult, ...] = ()
    tree: str | None = None
    checkpoint: str | None = None
    fingerprint: str | None = None
    """Equal for two failures of the same kind: the second ends the run."""
    data: Mapping[str, Json] = {}

    def readable(self) -> Self:
        """Give the same as text that every store takes: git's paths may be any bytes."""
        return type(self).model_validate(_readable(self.model_dump(by_alias=True)))


def _readable(value: Json) -> Json:
    if isinstance(value, str):
        return _HALVES.sub("\N{REPLACEMENT CHARACTER}", value)
    if isinstance(value, Mapping):
        return {_readable(key): _readable(each) for key, each in value.items()}
    return [_readable(each) for each in value] if isinstance(value, list | tuple) else value


class IssueComment(Record):
    """A comment as it stands on GitHub now."""

    id: int
    author: str
    may_write: bool
    body: str
    created_at: str
    updated_at: str


class Thread(Protocol):
    """The part of GitHub that the snapshot reads."""

    async def comments(self, run: Run) -> list[IssueComment]:
        """List the issue's comments, oldest first, with what their authors may do now."""
        ...


RecordEvents = Callable[[Sequence[RunEvent]], Awaitable[None]]
SaveWork = Callable[[str, str], Awaitable[None]]
"""Takes tree and checkpoint: what a killed attempt goes on from."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seat:
    """An agent at its place: with a way to its model, and what is left of the run's time."""

    runtime: AgentRuntime
    model: ModelSocket | None
    """None: the agent needs no model (scripted)."""
    seconds: float
    """What its attempt may take."""
    used_up: str | None = None
    """`budget reached: 3 of 3 minutes used`, where a budget ends with its seconds."""
    opened: float = field(default_factory=time.monotonic)

    @property
    def left(self) -> float:
        """Seconds for a question that is asked now; minutes of a budget are those of the clock,
        less what it waited for the model's host."""
        past = time.monotonic() - self.opened if self.used_up is not None else 0.0
        waited = self.model.waited if self.model is not None else 0.0
        return max(0.0, self.seconds - max(0.0, past - waited))


class Agents(Protocol):
    """The agents that the operator allows, as the repository's configuration casts them."""

    def runtime(self, role: Role) -> AgentRuntime:
        """Say who plays a role; raises StageFailed (`no_agent`)."""
        ...

    def open(self, role: Role, turn: int) -> AbstractAsyncContextManager[Seat]:
        """Open the way to the model for one attempt, the ``turn``-th from 1.

        Waits for a free place at the model's endpoint. Raises StageFailed: `no_agent`, `no_model`,
        `budget` where nothing is left to spend.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Ports:
    """Everything outside of itself that a stage may use."""

    box: Box
    agents: Agents
    thread: Thread
    objects: Objects
    worktree: Worktree
    files: Path
    """The run's own directory: snapshot, logs, kept work."""
    identity: Identity
    """The App, as git names authors."""
    record: RecordEvents
    """Write lines of the run's timeline."""
    errors: Sequence[ErrorClass]
    """What a failing command may have died of."""
    egress: Allowed | None
    """What `setup` may reach; None: nothing."""
    save: SaveWork
    """Remember work in the middle of an attempt."""
    secrets: Callable[[], Sequence[str]] = tuple
    """The operator's own, which nothing that leaves may hold."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One try of one stage."""

    run: Run
    name: str
    key: str
    """The same again for the same try after a crash."""
    number: int
    """From 1, counted anew at every retry of the run."""
    overall: int
    """From 1, counted over the whole life of the run."""
    config: RepositoryConfig
    feedback: str | None = None
    """Why the work was sent back, for the agent."""
    baseline: tuple[CommandResult, ...] = ()
    start: int = 0
    """Unix time at which the engine recorded the start of this run: the date of its commits."""
    plan: Contract | None = None
    """What the work is held against."""
    seen: frozenset[str] = frozenset()
    """Fingerprints of the failures before this try."""
    last: bool = False
    """Nothing can go back to the agent after this: its attempts are used up."""
