"""`coppice agents`: which coding agents are there, what each can do, and how to get one."""

import asyncio
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.agent import catalogue
from bot.agent.registry import NAMES, runtime
from bot.agent.runtime import AgentRuntime, Capabilities, Probe
from bot.box import Box
from bot.cli.boxes import find_box
from bot.cli.output import emit, say, table
from bot.cli.progress import Progress
from bot.cli.staff import DEMO_SCRIPTS
from bot.errors import OperatorError
from bot.settings import BoxSettings, ModelSettings, load


class AgentSettings(BoxSettings, ModelSettings):
    """What it takes to make an agent and its box; no GitHub."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    name: str
    capabilities: Capabilities
    probe: Probe

    def plain(self) -> dict[str, Any]:
        can = self.capabilities
        return {
            "name": self.name,
            "ok": self.probe.ok,
            "version": self.probe.version,
            "detail": self.probe.detail,
            "mend": self.probe.mend,
            "asks_permission": can.asks_permission.value,
            "reports_plan": can.reports_plan,
            "reports_usage": can.reports_usage,
            "resumes": can.resumes,
            "apis": sorted(can.apis),
        }


def run(*, as_json: bool) -> int:
    """Print all of them."""
    settings = load(AgentSettings)
    level, found = asyncio.run(_look(settings))
    if as_json:
        emit([one.plain() for one in found])
    else:
        _show(level, found)
    return 0


def all_agents(settings: ModelSettings) -> Mapping[str, AgentRuntime]:
    """Make every agent that there could be: ours and the operator's."""
    known = catalogue.load(settings)
    profiles = known.profiles if known else {}
    servers = {name: server.argv for name, server in known.mcp.items()} if known else {}
    return {
        name: runtime(
            name,
            scripts=DEMO_SCRIPTS,
            agents=settings.agents_dir,
            servers=servers,
            profiles=profiles,
        )
        for name in (*NAMES, *profiles)
    }


async def _look(settings: AgentSettings) -> tuple[str, list[Found]]:
    box = await find_box(settings)
    agents = all_agents(settings)
    found = await _look_at(agents, box)
    return f"{box.level.value} ({box.level.label})", found


async def _look_at(agents: Mapping[str, AgentRuntime], box: Box) -> list[Found]:
    """Start them side by side, as many as there are processors: some take seconds."""
    room = asyncio.Semaphore(max(2, os.cpu_count() or 1))
    progress, done = Progress(), 0

    async def look(name: str, agent: AgentRuntime) -> Found:
        nonlocal done
        async with room:
            found = await _probe(name, agent, box)
        done += 1
        progress(f"looked at {done} of {len(agents)} agents; {name} is done")
        return found

    progress(f"looking at {len(agents)} agents")
    try:
        async with asyncio.TaskGroup() as group:
            looks = [group.create_task(look(name, agent)) for name, agent in agents.items()]
    finally:
        progress.close()
    return [each.result() for each in looks]


async def _probe(name: str, agent: AgentRuntime, box: Box) -> Found:
    try:
        probe = await agent.probe(box)
    except OperatorError as error:
        probe = Probe(ok=False, version=None, detail=f"the box: {error}")
    return Found(name=name, capabilities=agent.capabilities, probe=probe)


def _show(level: str, found: list[Found]) -> None:
    header = ("agent", "version", "starts", "asks", "plans", "usage", "resumes", "speaks")
    table(header, (_row(one) for one in found))
    say()
    for one in found:
        if not one.probe.ok:
            mend = f"; type: {one.probe.mend}" if one.probe.mend else ""
            say(f"{one.name}: {one.probe.detail}{mend}")
    say(
        f"The box: level {level}. Use one with COPPICE_AGENT=NAME; try it with"
        " `coppice agents try NAME`."
    )


def _row(one: Found) -> tuple[object, ...]:
    can = one.capabilities
    return (
        one.name,
        one.probe.version or "-",
        "yes" if one.probe.ok else "no",
        can.asks_permission.value,
        *("yes" if able else "no" for able in (can.reports_plan, can.reports_usage, can.resumes)),
        " ".join(sorted(can.apis)) or "no model",
    )
