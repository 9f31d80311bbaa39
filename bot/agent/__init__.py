"""Coding agents: the runtimes that drive them, and what they report."""

from bot.agent.loopback import require_forge, require_loopback
from bot.agent.registry import NAMES, runtime
from bot.agent.runtime import (
    AgentContext,
    AgentEvent,
    AgentRuntime,
    AgentTask,
    Finished,
    FinishReason,
    Message,
    Role,
    Started,
    ToolFinished,
    ToolStarted,
)

__all__ = [
    "NAMES",
    "AgentContext",
    "AgentEvent",
    "AgentRuntime",
    "AgentTask",
    "FinishReason",
    "Finished",
    "Message",
    "Role",
    "Started",
    "ToolFinished",
    "ToolStarted",
    "require_forge",
    "require_loopback",
    "runtime",
]
