"""The agents that there are, by the name that `COPPICE_AGENT` gives."""

from collections.abc import Mapping
from pathlib import Path

from bot.agent.loop import LoopRuntime
from bot.agent.runtime import AgentRuntime
from bot.agent.scripted import ScriptedRuntime
from bot.errors import OperatorError

NAMES = ("loop", "scripted")


def runtime(
    name: str, *, scripts: Path, servers: Mapping[str, tuple[str, ...]] | None = None
) -> AgentRuntime:
    """Make the runtime of that name; raises OperatorError that names the known ones."""
    if name == "loop":
        return LoopRuntime(servers)
    if name == "scripted":
        return ScriptedRuntime(scripts)
    raise OperatorError(f"COPPICE_AGENT={name}: there is no such agent; known: {', '.join(NAMES)}")
