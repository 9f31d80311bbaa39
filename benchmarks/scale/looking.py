"""What is timed: each command as people type it, and the questions that the service asks itself."""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from benchmarks.scale.filling import FIRST, REPOSITORIES, Size
from bot.store import calls, costs, figures, runs
from bot.store.database import Database
from bot.store.journal import deliveries

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True)
class Place:
    """A filled store."""

    database: Database
    url: str
    folder: Path
    size: Size

    @property
    def run_id(self) -> str:
        """A run from the middle."""
        return str(FIRST + self.size.runs // 2)

    @property
    def guid(self) -> str:
        return f"guid-{self.size.deliveries // 2}"


def commands(place: Place) -> dict[str, Callable[[], float]]:
    """Commands by what people type, each as a process; answer seconds."""
    lines = {
        "coppice runs": ("runs", "--json"),
        "coppice runs ID": ("runs", place.run_id, "--json"),
        "coppice runs ID --events": ("runs", place.run_id, "--events", "--json"),
        "coppice deliveries": ("deliveries", "--json"),
        "coppice deliveries GUID": ("deliveries", place.guid, "--json"),
        "coppice costs --since 24h": ("costs", "--since", "24h", "--json"),
    }
    return {name: partial(_command, place, words) for name, words in lines.items()}


def _command(place: Place, words: tuple[str, ...]) -> float:
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(place.folder),
        "COPPICE_DATA_DIR": str(place.folder),
        "COPPICE_DATABASE_URL": place.url,
    }
    began = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", "bot", *words],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"coppice {' '.join(words)}: {done.stderr.decode()[-2000:]}")
    return time.perf_counter() - began


def questions(place: Place) -> dict[str, Callable[[Connection], Any]]:
    """What the service itself asks, by name."""
    size, month = place.size, 1700000000.0 + place.size.runs * 60 - 3600
    repository = size.runs // 2 % REPOSITORIES
    issue = size.runs // 2 // REPOSITORIES
    some = [f"guid-{n}" for n in range(1, 101)]
    return {
        "list 50 runs": lambda c: runs.listing(c, 50),
        "one run": lambda c: runs.get(c, place.run_id),
        "stages of a run": lambda c: runs.stages(c, place.run_id),
        "the run that lives on an issue": lambda c: runs.living(c, repository, issue),
        "all runs of an issue": lambda c: runs.of_issue(c, repository, issue),
        "the run of a pull request": lambda c: runs.of_pull_request(c, repository, size.runs // 2),
        "list 50 deliveries": lambda c: deliveries.listing(c, 50),
        "one delivery": lambda c: deliveries.get(c, place.guid),
        "what the dispatcher owes": deliveries.waiting,
        "which of 100 deliveries never came": lambda c: deliveries.unknown(c, some),
        "what was put back": deliveries.any_requeued,
        "money of a run": lambda c: calls.spend(c, place.run_id),
        "money of the last hour": lambda c: costs.spend_by(c, costs.By.REPOSITORY, month),
        "figures of /metrics": figures.read,
    }
