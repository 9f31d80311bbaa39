"""Our own agent: a loop of a model and tools; heavy libraries load at the first attempt."""

from bot.agent.loop.runtime import LoopRuntime

__all__ = ["LoopRuntime"]
