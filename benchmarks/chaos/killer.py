"""Kill processes at random: the service itself, an agent in its box, git."""

import asyncio
import os
import random
import signal
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.chaos.arena import Arena, Server

SERVICE, AGENT, GIT = "service", "agent", "git"
SPARED_SECONDS = 120.0
LONGEST_LIFE = 10.0
LIFE = 2.0
"""Starts of the service that one life may last: a slow machine gets something done, too."""
_AGENT_PROGRAM = "/coppice/agent.py"


@dataclass(frozen=True, slots=True)
class Process:
    pid: int
    parent: int
    command: str

    @property
    def kind(self) -> str | None:
        """What it is by its command line; None: nothing that we kill by itself."""
        words = self.command.split("\0")
        name = words[0].rpartition("/")[2]
        if name == "git" or name.startswith("git-"):
            return GIT
        return AGENT if name.startswith("python") and _AGENT_PROGRAM in words else None

    @property
    def place(self) -> str:
        """The worktree that a boxed process works in, as the host names it; "": it has ended."""
        try:
            there = (Path("/proc") / str(self.pid) / "cwd").readlink()
            mounts = (Path("/proc") / str(self.pid) / "mountinfo").read_text().splitlines()
        except OSError:
            return ""
        roots = {line.split()[4]: line.split()[3] for line in mounts}
        return roots.get(str(there), "")


def processes() -> Iterator[Process]:
    """List what runs on this machine."""
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            stat = (entry / "stat").read_text()
            command = (entry / "cmdline").read_bytes().decode(errors="replace")
        except OSError:  # it has just ended
            continue
        yield Process(int(entry.name), int(stat.rpartition(")")[2].split()[1]), command)


def below(pids: set[int]) -> list[Process]:
    """List the descendants of some processes."""
    everything, known, found = list(processes()), set(pids), []
    grown = True
    while grown:
        fresh = [p for p in everything if p.parent in known and p.pid not in known]
        known |= {p.pid for p in fresh}
        found += fresh
        grown = bool(fresh)
    return found


@dataclass(slots=True)
class Killer:
    """Counts what it kills, by kind."""

    arena: Arena
    dice: random.Random
    pause: float = 5.0
    """Seconds between two kills at most, on a machine that is fast."""
    killed: Counter[str] = field(default_factory=Counter)
    _start_seconds: float = 0.0
    _spared: dict[str, float] = field(default_factory=dict)

    async def strike(self) -> None:
        """Wait a while, kill one process, and start again what does not start by itself."""
        longest = min(max(self.pause, LIFE * self._start_seconds), LONGEST_LIFE)
        await asyncio.sleep(self.dice.uniform(0.3, longest))
        wanted = self.dice.choices((SERVICE, AGENT, GIT), (60, 20, 20))[0]
        if wanted != SERVICE and await self._pick_off(wanted):
            return
        server = self.dice.choice(self.arena.servers)
        await server.end()
        self.killed[server.role] += 1
        await asyncio.sleep(self.dice.choice((0.0, 0.0, 1.0)))
        await self.arena.lead_away_from(server)
        await self._start(server)

    async def _start(self, server: Server) -> None:
        """Start it again; now and then it dies in the middle of starting."""
        await server.spawn()
        if self.dice.random() < 0.2:
            await asyncio.sleep(self.dice.uniform(0.0, 2.0))
            await server.end()
            self.killed[server.role] += 1
            await server.spawn()
        began = time.monotonic()
        await server.until_ready()
        self._start_seconds = time.monotonic() - began
        await self.arena.until_working(server)

    def _kill(self, process: Process) -> bool:
        """Kill it; an agent only where none was killed lately: two tries that end in the same way
        end a run, as they should."""
        now, place = time.monotonic(), process.place if process.kind == AGENT else None
        if place and now - self._spared.get(place, -SPARED_SECONDS) < SPARED_SECONDS:
            return False
        try:
            os.kill(process.pid, signal.SIGKILL)
        except ProcessLookupError:
            return False
        if place:
            self._spared[place] = now
        self.killed[str(process.kind)] += 1
        return True

    async def _pick_off(self, kind: str) -> bool:
        """Kill one agent or git where there is one within a second or two; they live shortly."""
        for _ in range(40):
            pids = {s.process.pid for s in self.arena.servers if s.process is not None}
            found = [process for process in below(pids) if process.kind == kind]
            if found and self._kill(self.dice.choice(found)):
                return True
            await asyncio.sleep(0.05)
        return False
