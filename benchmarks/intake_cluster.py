"""Deliveries a second with two processes on one PostgreSQL, against Probot's cluster of two.

Ours are committed (fsync on) before they are acknowledged; Probot keeps nothing. Both get the same
load from two senders. What PostgreSQL itself uses is printed beside: it may be another machine.
"""

import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path

from benchmarks.figure import Figure, compare, in_turn, show
from benchmarks.intake import body, cpu, rest, started
from benchmarks.load import Load
from benchmarks.probot import probot
from tests.postgres import running

RIVAL = "Probot 14, a cluster of 2"
IN_FLIGHT = (16, 128)
LEAST_RATE = 0.8
MOST_WORK = 0.6
SECRET = "a secret for the benchmark"
DURABLE = {"fsync": "on", "synchronous_commit": "on", "max_wal_size": "1GB"}
LANES = 2
"""Processes of ours, workers of theirs, and senders."""


class Servers:
    """Processes under load, and what was seen of them."""

    def __init__(self, urls: list[str], pids: list[int], beside: int | None = None) -> None:
        self.urls, self.pids, self.beside = urls, pids, beside
        self.work: list[float] = []
        """Microseconds of processor for each delivery."""
        self.work_beside: list[float] = []
        """The same, of the database server."""

    def burst(self, load: Load, in_flight: int) -> float:
        before, before_beside = self._used()
        with ThreadPoolExecutor(LANES) as senders:
            shots = list(senders.map(lambda u: load.fire(u, in_flight // LANES), self.urls))
        used, used_beside = self._used()
        sent = sum(shot.sent for shot in shots)
        self.work.append((used - before) / sent * 1e6)
        self.work_beside.append((used_beside - before_beside) / sent * 1e6)
        for pid in (*self.pids, *children(self.beside)):
            rest(pid)
        return sum(shot.rate for shot in shots)

    def _used(self) -> tuple[float, float]:
        ours = sum(cpu(pid) for pid in self.pids)
        return ours, sum(cpu(pid) for pid in children(self.beside))


def measure(in_flight: int) -> Iterator[Figure]:
    load = Load(event="issue_comment", body=body(), secret=SECRET)
    with ExitStack() as stack:
        ours = stack.enter_context(coppice())
        pid, url = stack.enter_context(probot(SECRET, workers=LANES))
        theirs = Servers([url] * LANES, children(pid))
        rates = in_turn(lambda: ours.burst(load, in_flight), lambda: theirs.burst(load, in_flight))
    at = f"PostgreSQL, 2 processes, {in_flight} in flight"
    yield compare(f"deliveries, {at}", RIVAL, "/s", rates, least=LEAST_RATE)
    work = (ours.work[1:], theirs.work[1:])
    yield compare(f"processor, {at}", RIVAL, "us", work, most=MOST_WORK)
    beside = sorted(ours.work_beside[1:])[len(ours.work_beside) // 2]
    yield Figure(
        name=f"processor of PostgreSQL itself, {at}",
        against=None,
        unit="us",
        ours=round(beside, 1),
        theirs=None,
        ratio=None,
        goal="none: printed beside",
        ok=True,
    )


@contextmanager
def coppice() -> Iterator[Servers]:
    with ExitStack() as stack:
        server = stack.enter_context(running(**DURABLE))
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        settings = {
            "WEBHOOK_SECRET": SECRET,
            "DATABASE_URL": server.fresh(),
            "DATA_DIR": folder,
            "PORT": 0,
        }
        found = [
            stack.enter_context(started("serve", "--role", "web", settings=settings))
            for _ in range(LANES)
        ]
        urls = [str(ready["webhook_url"]) for _, ready in found]
        yield Servers(urls, [pid for pid, _ in found], beside=server.pid)


def children(pid: int | None) -> list[int]:
    """List a process and those that it has started."""
    found = [int(path.name) for path in Path("/proc").iterdir() if path.name.isdigit()]
    return [child for child in found if pid and pid in (_parent(child), child)]


def _parent(pid: int) -> int | None:
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    except (FileNotFoundError, ProcessLookupError):
        return None


if __name__ == "__main__":
    for in_flight in IN_FLIGHT:
        show(*measure(in_flight))
