"""A worker of another release, and one whose clock is wrong, work beside others like any other."""

import asyncio
import signal
from pathlib import Path

import pytest

from tests.service.once import everything_once
from tests.service.workers import Workers, workers
from tests.service.world import ROOT

pytestmark = pytest.mark.slow

LATER = "Metadata-Version: 2.1\nName: coppice-bot\nVersion: 9.9.9\n"
OFF = "import time\nours = time.time\ntime.time = lambda: ours() + {seconds}\n"


def release(folder: Path) -> Path:
    """What Python finds first where a later release of Coppice is installed."""
    made = folder / "release" / "coppice_bot-9.9.9.dist-info"
    made.mkdir(parents=True)
    (made / "METADATA").write_text(LATER)
    return made.parent


def clock(folder: Path, seconds: int) -> Path:
    """What Python begins with on a machine whose clock is off."""
    made = folder / "clock"
    made.mkdir()
    (made / "sitecustomize.py").write_text(OFF.format(seconds=seconds))
    return made


async def killed_at_work(crew: Workers, issue: int) -> str:
    """Have `b` work at a run, and die of a kill; answer the run's id."""
    async with asyncio.timeout(150):
        while not (mine := (await crew.at_work())["b"]):
            await asyncio.sleep(0.2)
    await crew.there.at(issue, "implement")
    crew.signal("b", signal.SIGKILL)
    return mine[0]


@pytest.mark.parametrize("seconds", [-600, 600])
async def test_a_clock_ten_minutes_off_neither_kills_a_worker_nor_keeps_it_alive(
    tmp_path: Path, seconds: int
) -> None:
    async with workers(tmp_path, COPPICE_LIMIT_WORKER="1") as crew:
        (held,) = await crew.slow_issues(1, seconds=25)
        await crew.there.at(held, "implement")
        path = f"{clock(tmp_path, seconds)}:{ROOT}"
        await crew.join("b", PYTHONPATH=path)
        (issue,) = await crew.slow_issues(1, seconds=3)

        run = await killed_at_work(crew, issue)

        rows = await crew.all_ended([held, issue], seconds=180)
        assert {row["status"] for row in rows} == {"done"}, [row["error"] for row in rows]
        assert run in {row["id"] for row in rows}
        for row in rows:
            await everything_once(crew.there, row)


async def test_workers_of_two_releases_share_a_database_and_are_told_apart(tmp_path: Path) -> None:
    async with workers(tmp_path, COPPICE_LIMIT_WORKER="1") as crew:
        (held,) = await crew.slow_issues(1, seconds=25)
        await crew.there.at(held, "implement")
        await crew.join("b", PYTHONPATH=f"{release(tmp_path)}:{ROOT}")
        (issue,) = await crew.slow_issues(1, seconds=3)
        async with asyncio.timeout(150):
            while not (await crew.at_work())["b"]:
                await asyncio.sleep(0.2)
        listed = {each["name"]: each for each in await crew.there.listed("workers")}

        run = await killed_at_work(crew, issue)

        rows = await crew.all_ended([held, issue], seconds=180)
        assert {name: (w["version"], w["same_version"]) for name, w in listed.items()} == {
            "a": (listed["a"]["version"], True),
            "b": ("9.9.9", False),
        }
        assert {row["status"] for row in rows} == {"done"}, [row["error"] for row in rows]
        assert run in {row["id"] for row in rows}
