"""What a process holds, sample by sample, and whether that grows."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

from benchmarks.chaos.arena import Server
from benchmarks.chaos.killer import below

WARM_UP = 1 / 3
"""The first part of the time does not count: caches and pools fill."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    at: float
    memory_mb: float
    handles: float
    threads: float
    processes: float
    temporary_files: float


LIMITS = {
    "memory_mb": (0.15, 20.0),
    "handles": (0.15, 15.0),
    "threads": (0.15, 6.0),
    "processes": (0.5, 6.0),
    "temporary_files": (0.15, 20.0),
}
"""Growth over the time that counts: a part of the median, or so much, whichever is more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Growth:
    what: str
    median: float
    slope_per_hour: float
    growth: float
    """Over the time that counts."""
    allowed: float

    @property
    def flat(self) -> bool:
        return self.growth <= self.allowed


def take(server: Server, at: float) -> Sample:
    """Look at a process of the service and at all below it."""
    if server.process is None:
        raise RuntimeError("it was not started")
    proc = Path("/proc") / str(server.process.pid)
    status = dict(line.split(":", 1) for line in (proc / "status").read_text().splitlines())
    scratch = Path(server.environment["TMPDIR"])
    return Sample(
        at=at,
        memory_mb=int(status["VmRSS"].split()[0]) / 1024,
        handles=len(list((proc / "fd").iterdir())),
        threads=int(status["Threads"]),
        processes=len(below({server.process.pid})),
        temporary_files=sum(1 for _ in scratch.rglob("*")),
    )


def growths(samples: Sequence[Sample]) -> list[Growth]:
    """Fit a line through each series (Theil and Sen: the median of all slopes)."""
    began, ended = samples[0].at, samples[-1].at
    kept = [s for s in samples if s.at >= began + WARM_UP * (ended - began)]
    return [_growth(what, kept, *limits) for what, limits in LIMITS.items()]


def _growth(what: str, samples: Sequence[Sample], part: float, least: float) -> Growth:
    points = [(s.at, float(getattr(s, what))) for s in samples]
    slopes = [(b[1] - a[1]) / (b[0] - a[0]) for a, b in combinations(points, 2) if b[0] > a[0]]
    slope = statistics.median(slopes) if slopes else 0.0
    median = statistics.median(value for _, value in points)
    return Growth(
        what=what,
        median=round(median, 1),
        slope_per_hour=round(slope * 3600, 2),
        growth=round(slope * (points[-1][0] - points[0][0]), 2),
        allowed=round(max(part * median, least), 2),
    )
