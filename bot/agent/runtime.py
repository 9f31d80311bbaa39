"""What drives a coding agent, what it is given and what it reports."""

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from bot.box import Box, Mount


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentTask:
    """One attempt."""

    prompt: str
    attempt: int
    """From 1, counted over the run."""
    seconds: float
    """After that the agent is killed, whatever it does."""
    repository: str
    """Full name."""
    issue: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentContext:
    """Where it works."""

    box: Box
    mounts: tuple[Mount, ...]
    log: Path
    """Gets what the agent and its tools print beside their events."""


class FinishReason(StrEnum):
    """How an attempt ended as far as the runtime can tell; the diff says what it is worth."""

    DONE = "done"
    NO_CHANGES = "no_changes"  # nothing differs; told by the stage, from the diff
    DENIED = "denied"  # the guard refused something that it needed
    CANCELLED = "cancelled"
    LIMIT = "limit"  # time, money or output ran out
    ERROR = "error"


@dataclass(frozen=True, slots=True, kw_only=True)
class Started:
    """It is running in its box."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """Words of the agent: data, not trusted."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolStarted:
    title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolFinished:
    title: str
    ok: bool
    detail: str = ""
    """What went wrong, or an exit code."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """Always the last event."""

    reason: FinishReason
    message: str = ""


AgentEvent = Started | Message | ToolStarted | ToolFinished | Finished


class AgentRuntime(Protocol):
    @property
    def name(self) -> str:
        """The word of `COPPICE_AGENT`."""
        ...

    @property
    def label(self) -> str | None:
        """What comment, pull request and trailer have to say of it; None: nothing special."""
        ...

    @property
    def fresh(self) -> bool:
        """Does each attempt begin at the base, not at the work of the attempt before?"""
        ...

    def run(self, task: AgentTask, context: AgentContext) -> AsyncGenerator[AgentEvent]:
        """Make one attempt in the box and report it; the last event is Finished.

        Iterate it inside ``contextlib.aclosing``: closing it, or cancelling the task that waits for
        the next event, kills the agent with all that it started. Raises StageFailed where no
        attempt can be made at all.
        """
        ...
