"""What is particular about each agent program, as data; a new one is a new file and a test."""

from collections.abc import Mapping

from bot.agent.profiles import claude, codex, gemini, opencode
from bot.agent.profiles.profile import AgentProtocol, Package, Parser, Profile, filled

BUILT_IN: Mapping[str, Profile] = {
    **codex.PROFILES,
    **claude.PROFILES,
    **opencode.PROFILES,
    **gemini.PROFILES,
}

__all__ = ["BUILT_IN", "AgentProtocol", "Package", "Parser", "Profile", "filled"]
