"""What a stage is given: the facts of the run, and the few things that it may act on."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from bot.agent.runtime import AgentRuntime
from bot.box import Box
from bot.pipeline.configuration import RepositoryConfig
from bot.runs import CommandResult, Json, Record, Run, RunError, RunEvent, StageStatus
from bot.worktree import Identity, Objects, Worktree


class StageResult(Record):
    """How one try of a stage ended; stored before any effect of it is applied."""

    status: StageStatus
    summary: str
    """One sentence that people read."""
    error: RunError | None = None
    blocked: bool = False
    """A rule or a person is in the way: another attempt would change nothing."""
    commands: tuple[CommandResult, ...] = ()
    tree: str | None = None
    checkpoint: str | None = None
    fingerprint: str | None = None
    """Equal for two failures of the same kind: the second ends the run."""
    data: Mapping[str, Json] = {}


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Ports:
    """Everything outside of itself that a stage may use."""

    box: Box
    runtime: AgentRuntime
    thread: Thread
    objects: Objects
    worktree: Worktree
    files: Path
    """The run's own directory: snapshot, logs, kept work."""
    identity: Identity
    """The App, as git names authors."""
    record: RecordEvents
    """Write lines of the run's timeline."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One try of one stage."""

    run: Run
    name: str
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
