"""How many deliveries a second are acknowledged, how late, with how much memory.

Ours are on disk before they are acknowledged; Probot 14 keeps nothing. Payload: the 12.7 KB
issue_comment.created of npm @octokit/webhooks-examples.
"""

import json
import os
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any

from benchmarks.figure import Figure, alone, compare, in_turn, show
from benchmarks.load import Load, Shot
from benchmarks.probot import cache, probot
from tests.intake.examples import payloads

COPPICE = [sys.executable, "-m", "bot"]
RIVAL = "Probot 14"
SETTLING_SECONDS = 60  # at most, between two rounds: a backlog has to be worked off
GOALS = {"web": {16: 1.4, 128: 1.8}, "all": {16: 1.0, 128: 1.3}}
MOST_WORK = 0.8
MOST_MEMORY = {"web": 0.6, "all": 1.2}


class Server:
    """A process under load, and what was seen of it."""

    def __init__(self, pid: int, url: str, load: Load, database: Path | None = None) -> None:
        self.pid, self.url, self.load, self.database = pid, url, load, database
        self.shots: list[Shot] = []
        self.memory: list[float] = []
        self.work: list[float] = []
        """Microseconds of processor for each delivery, which other work hardly moves."""

    def burst(self, in_flight: int) -> float:
        """Put load on it; afterwards let it come to rest, so that the rival has the machine."""
        before = cpu(self.pid)
        shot = self.load.fire(self.url, in_flight)
        self.work.append((cpu(self.pid) - before) / shot.sent * 1e6)
        self.shots.append(shot)
        self.memory.append(resident(self.pid))
        if self.database:
            settle(self.database)
        rest(self.pid)
        return shot.rate

    def p99(self) -> list[float]:
        return [shot.p99 for shot in self.shots[1:]]  # the first round does not count


def measure(role: str, in_flight: int) -> list[Figure]:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(dir=cache())))
        ours = stack.enter_context(coppice(role, folder))
        rival = Server(*stack.enter_context(probot(ours.load.secret)), ours.load)
        series = in_turn(lambda: ours.burst(in_flight), lambda: rival.burst(in_flight))
        return list(figures(role, in_flight, (ours, rival), series))


def figures(
    role: str,
    in_flight: int,
    servers: tuple[Server, Server],
    series: tuple[list[float], list[float]],
) -> Iterator[Figure]:
    ours, rival = servers
    what = "`--role web`" if role == "web" else "all in one"
    at = f"{what}, {in_flight} in flight"
    yield compare(f"deliveries, {at}", RIVAL, "/s", series, least=GOALS[role][in_flight])
    if role == "web":
        yield compare(f"p99, {at}", RIVAL, "ms", (ours.p99(), rival.p99()), most=1.0)
        work = (ours.work[1:], rival.work[1:])
        yield compare(f"processor, {at}", RIVAL, "us", work, most=MOST_WORK)
    memory = (ours.memory[1:], rival.memory[1:])
    yield compare(f"memory, {at}", RIVAL, "MB", memory, most=MOST_MEMORY[role])
    if role == "all":
        left = unhandled(ours.database) if ours.database else 0
        yield alone(f"backlog after the rounds, {at}", "deliveries", left, most=0)


@contextmanager
def coppice(role: str, folder: Path) -> Iterator[Server]:
    """Run the service and the forge that it is registered with."""
    with started("forge", "--state", str(folder / "forge"), "--json", settings={}) as (_, forge):
        settings = {
            "GITHUB_URL": forge["api_url"],
            "APP_ID": forge["app_id"],
            "PRIVATE_KEY_FILE": forge["private_key_file"],
            "WEBHOOK_SECRET": forge["webhook_secret"],
            "DATA_DIR": folder / "coppice",
            "PORT": 0,
        }
        load = Load(event="issue_comment", body=body(), secret=forge["webhook_secret"])
        with started("serve", "--role", role, settings=settings) as (pid, ready):
            database = folder / "coppice" / "coppice.sqlite"
            yield Server(pid, ready["webhook_url"], load, database if role == "all" else None)


@contextmanager
def started(*arguments: str, settings: dict[str, Any]) -> Iterator[tuple[int, dict[str, Any]]]:
    """Run `coppice …` until the block is left; give its process id and its ready line."""
    named = {f"COPPICE_{name}": str(value) for name, value in settings.items()}
    environment = {"PATH": os.environ["PATH"], "HOME": "/nonexistent", **named}
    with subprocess.Popen(
        [*COPPICE, *arguments], env=environment, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            line = process.stdout.readline() if process.stdout else ""
            yield process.pid, json.loads(line)
        finally:
            process.terminate()


def body() -> bytes:
    found = (p for event, p in payloads() if event == "issue_comment" and p["action"] == "created")
    return json.dumps(next(found), separators=(",", ":")).encode()


def resident(pid: int) -> float:
    """Read the resident memory of a process, in MB."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0]) / 1024


def rest(pid: int) -> None:
    """Wait until a process has nothing left to do, such as moving its log."""
    deadline = time.monotonic() + SETTLING_SECONDS
    before, used = -1.0, cpu(pid)
    while used - before > 0.01 and time.monotonic() < deadline:
        time.sleep(0.5)
        before, used = used, cpu(pid)


def cpu(pid: int) -> float:
    """Read how many seconds of processor a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def unhandled(database: Path) -> int:
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        query = "SELECT count(*) FROM deliveries WHERE decision IN ('pending', 'error')"
        return int(connection.execute(query).fetchone()[0])


def settle(database: Path) -> None:
    """Wait until the backlog is worked off."""
    deadline = time.monotonic() + SETTLING_SECONDS
    while unhandled(database) and time.monotonic() < deadline:
        time.sleep(0.2)


if __name__ == "__main__":
    for role in GOALS:
        for in_flight in GOALS[role]:
            show(*measure(role, in_flight))
