"""How long `coppice --help` takes, and what a service costs that has nothing to do."""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import urlopen

from benchmarks.figure import Figure, alone, compare, in_turn, show

COPPICE = Path(sys.executable).with_name("coppice")
TIMES = 10
SETTLING_SECONDS = 5
IDLE_SECONDS = 20


def help_time() -> Figure:
    series = in_turn(
        lambda: seconds(COPPICE, "--help"), lambda: seconds(sys.executable, "-c", "pass")
    )
    return compare("time of `coppice --help`", "`python -c pass`", "s", series, most=8)


def seconds(*command: str | Path) -> float:
    """Time a command, run ten times: one alone is shorter than the noise."""
    began = time.perf_counter()
    for _ in range(TIMES):
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return (time.perf_counter() - began) / TIMES


def idle_cost() -> Figure:
    """Measure the processor time of a service beside a forge on which nothing happens."""
    with (
        tempfile.TemporaryDirectory() as state,
        started(["forge", "--state", state, "--json"], {}) as (_, forge),
    ):
        settings = {
            "GITHUB_URL": forge["api_url"],
            "APP_ID": forge["app_id"],
            "PRIVATE_KEY_FILE": forge["private_key_file"],
            "WEBHOOK_SECRET": forge["webhook_secret"],
            "DATA_DIR": f"{state}/coppice",
            "PORT": 0,
        }
        with started(["serve"], settings) as (process, service):
            wait_until_it_works(service["url"])
            time.sleep(SETTLING_SECONDS)
            before, began = processor_seconds(process.pid), time.monotonic()
            time.sleep(IDLE_SECONDS)
            used = processor_seconds(process.pid) - before
    share = 100 * used / (time.monotonic() - began)
    return alone("idle `coppice serve`", "% of a core", share, most=3)


@contextmanager
def started(
    arguments: list[str], settings: dict[str, Any]
) -> Iterator[tuple[subprocess.Popen[str], dict[str, Any]]]:
    """Run `coppice …` until the block is left; give the process and its ready line."""
    named = {f"COPPICE_{name}": str(value) for name, value in settings.items()}
    environment = {"PATH": os.environ["PATH"], "HOME": "/nonexistent", **named}
    with subprocess.Popen(
        [COPPICE, *arguments], env=environment, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            line = process.stdout.readline() if process.stdout else ""
            yield process, json.loads(line)
        finally:
            process.terminate()


def wait_until_it_works(url: str) -> None:
    while True:
        try:
            with urlopen(f"{url}/readyz"):
                return
        except HTTPError:
            time.sleep(0.1)


def processor_seconds(pid: int) -> float:
    """Read the user and system time of a process, all its threads together."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    show(help_time())
    show(idle_cost())
