"""A disk without room, and a process that dies: nothing is acknowledged that is not kept."""

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import aiohttp
import pytest

from bot.store.database import Database
from bot.store.journal import deliveries
from tests.intake.door import Door, about, open_door, signed
from tests.intake.office import open_office, until

pytestmark = pytest.mark.slow

BIG = b'{"action":"' + b"x" * 200_000 + b'"}'


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """Mount four megabytes of memory as a disk, as root can; a CI that is not root must say so."""
    if os.geteuid() != 0:
        pytest.skip("mounting a small disk needs root")
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(folder)]
    if subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("this container may not mount a tmpfs")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


async def fill(door: Door) -> list[str]:
    """Send until the disk has no room; answer what was acknowledged."""
    acknowledged: list[str] = []
    for n in range(100):
        status = await door.deliver(payload=BIG, guid=f"big-{n}")
        if status == 500:
            return acknowledged
        assert status == 202
        acknowledged.append(f"big-{n}")
    raise AssertionError


@pytest.mark.sqlite
async def test_a_full_disk_is_said_and_healed_when_there_is_room(small_disk: Path) -> None:
    ballast = small_disk / "ballast"
    ballast.write_bytes(b"x" * 2**21)
    async with open_door(f"sqlite:///{small_disk}/coppice.sqlite") as door:
        acknowledged = await fill(door)
        sent = (door.deliver(payload=BIG, guid=f"more-{n}") for n in range(8))
        statuses = await asyncio.gather(*sent)
        # a checkpoint may have made room in the log meanwhile
        acknowledged += [f"more-{n}" for n, status in enumerate(statuses) if status == 202]
        ballast.unlink()

        again = [await door.deliver(payload=about(10), guid=f"later-{n}") for n in range(20)]

        assert set(statuses) <= {202, 500}
        assert set(again) == {202}
        kept = {row.guid for row in await door.rows()}
        assert kept == {*acknowledged, *(f"later-{n}" for n in range(20))}


@pytest.mark.sqlite
async def test_a_small_delivery_fits_where_a_large_one_beside_it_does_not(
    small_disk: Path,
) -> None:
    async with open_door(f"sqlite:///{small_disk}/coppice.sqlite") as door:
        huge = b'{"action":"' + b"x" * 5_000_000 + b'"}'
        sent = [door.deliver(payload=huge if n == 3 else about(10)) for n in range(8)]

        statuses = await asyncio.gather(*sent)

        assert statuses == [202, 202, 202, 500, 202, 202, 202, 202]


@pytest.mark.sqlite
async def test_a_decision_waits_for_room(small_disk: Path) -> None:
    ballast = small_disk / "ballast"
    ballast.write_bytes(b"x" * 2**21)
    async with open_door(f"sqlite:///{small_disk}/coppice.sqlite") as door:
        await fill(door)
        room = os.statvfs(small_disk)
        (small_disk / "rest").write_bytes(b"x" * (room.f_bavail * room.f_bsize))
        async with open_office(door) as office:

            async def at_work() -> bool:
                return bool(office.handled)

            await until(at_work)
            ballast.unlink()

            rows = await office.settled()

            assert {row.attempts for row in rows} == {1}


PROGRAM = """
import asyncio, sys
from tests.intake.door import open_door

async def main():
    async with open_door(sys.argv[1]) as door:
        print(door.url, flush=True)
        await asyncio.sleep(60)

asyncio.run(main())
"""


async def test_no_acknowledged_delivery_is_lost_when_the_process_is_killed(url: str) -> None:
    acknowledged: list[str] = []
    for round_ in range(3):
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", PROGRAM, url, stdout=asyncio.subprocess.PIPE
        )
        assert process.stdout is not None
        address = (await process.stdout.readline()).decode().strip()
        async with aiohttp.ClientSession() as session, asyncio.TaskGroup() as group:
            for sender in range(8):
                prefix = f"{round_}/{sender}"
                group.create_task(send_until_it_dies(session, address, prefix, acknowledged))
            async with asyncio.timeout(150):
                while len(acknowledged) < 40 * (round_ + 1):
                    await asyncio.sleep(0.01)
            os.kill(process.pid, signal.SIGKILL)
        await process.wait()

    database = await Database.open(url)
    kept = {row.guid for row in await database.read(deliveries.listing)}
    await database.close()
    assert set(acknowledged) - kept == set()


async def send_until_it_dies(
    session: aiohttp.ClientSession, address: str, prefix: str, acknowledged: list[str]
) -> None:
    body = b'{"action": "labeled"}'
    with contextlib.suppress(aiohttp.ClientError):
        for n in range(100_000):
            guid = f"{prefix}/{n}"
            headers = {
                "X-GitHub-Event": "issues",
                "X-GitHub-Delivery": guid,
                "X-Hub-Signature-256": signed(body),
            }
            async with session.post(address, data=body, headers=headers) as response:
                if response.status == 202:
                    acknowledged.append(guid)
