"""The agents that there are, by the name that `COPPICE_AGENT` gives."""

import sys
from collections.abc import Mapping
from pathlib import Path

from pydantic import ValidationError

from bot.agent.headless.runtime import HeadlessRuntime
from bot.agent.loop import LoopRuntime
from bot.agent.profiles import BUILT_IN, AgentProtocol, Profile
from bot.agent.profiles.installed import Installation
from bot.agent.runtime import AgentRuntime
from bot.agent.scripted import ScriptedRuntime
from bot.errors import OperatorError
from bot.runs import Json

NAMES = ("loop", *BUILT_IN, "scripted")
"""Those that Coppice knows by itself."""
AGENTS = Path(sys.prefix) / "agents"


def runtime(
    name: str,
    *,
    scripts: Path,
    agents: Path = AGENTS,
    servers: Mapping[str, tuple[str, ...]] | None = None,
    profiles: Mapping[str, Mapping[str, Json]] | None = None,
) -> AgentRuntime:
    """Make the runtime of that name; raises OperatorError that names the known ones.

    ``scripts``: of the scripted agent. ``agents``: where `make agents` puts programs
    (`COPPICE_AGENTS_DIR`). ``servers``: argument lists of the MCP servers that the operator lists.
    ``profiles``: the operator's own agents, not yet checked.
    """
    own = own_profiles(profiles or {})
    if name == "loop":
        return LoopRuntime(servers)
    if name == "scripted":
        return ScriptedRuntime(scripts)
    profile = BUILT_IN.get(name) or own.get(name)
    if profile is None:
        known = ", ".join((*NAMES, *own))
        raise OperatorError(f"COPPICE_AGENT={name}: there is no such agent; known: {known}")
    installation = Installation(directory=agents)
    if profile.protocol is AgentProtocol.ACP:
        # its protocol's types take megabytes
        from bot.agent.acp.runtime import AcpRuntime

        return AcpRuntime(name=name, profile=profile, installation=installation)
    return HeadlessRuntime(name=name, profile=profile, installation=installation)


def own_profiles(given: Mapping[str, Mapping[str, Json]]) -> dict[str, Profile]:
    """Check the operator's profiles; raises OperatorError that names what is wrong in them."""
    taken = sorted(given.keys() & set(NAMES))
    if taken:
        raise OperatorError(f"profiles.{taken[0]}: Coppice has an agent of that name; take another")
    found = {}
    for name, profile in given.items():
        try:
            found[name] = Profile.model_validate(profile)
        except ValidationError as error:
            problems = "; ".join(_said(name, one) for one in error.errors(include_url=False))
            raise OperatorError(problems) from error
    return found


def _said(name: str, error: Json) -> str:
    place = ".".join(("profiles", name, *(str(part) for part in error["loc"])))
    if error["type"] == "extra_forbidden":
        return f"{place}: there is no such key; known: {', '.join(Profile.model_fields)}"
    return f"{place}: {str(error['msg']).removeprefix('Value error, ')}"
