"""The tools that a model gets, by role."""

from bot.agent.loop.tools.commands import COMMANDS
from bot.agent.loop.tools.files import FILES
from bot.agent.loop.tools.tool import Desk, Refused, Result, Tool, problems
from bot.agent.runtime import Role

__all__ = ["Desk", "Refused", "Result", "Tool", "for_role", "problems"]


def for_role(role: Role) -> tuple[Tool, ...]:
    return tuple(each for each in (*FILES, *COMMANDS) if role.writes or not each.writes)
