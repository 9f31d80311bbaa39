"""What GitHub sent and never came in is brought back, in order, once."""

import random
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import Any

import pytest

from bot.intake.jitter import about
from bot.intake.sweep import KEPT_SECONDS, Sweep
from bot.store import marks
from tests.intake.door import Door


@dataclass
class Log:
    """GitHub's delivery log, newest first, as its API gives it."""

    entries: list[dict[str, Any]] = field(default_factory=list)
    read: list[int] = field(default_factory=list)

    def sent(self, guid: str, ago: float, status: str = "failed to connect") -> None:
        at = datetime.fromtimestamp(time.time() - ago, UTC).isoformat().replace("+00:00", "Z")
        entry = {
            "id": len(self.entries) + 1,
            "guid": guid,
            "event": "issues",
            "action": "labeled",
            "repository_id": 77,
            "delivered_at": at,
            "status": status,
        }
        self.entries.append(entry)
        self.entries.sort(key=lambda each: str(each["delivered_at"]), reverse=True)

    async def getiter(self, url: str) -> AsyncIterator[Any]:
        assert url.startswith("/app/hook/deliveries")
        for entry in self.entries:
            yield entry

    async def getitem(self, url: str) -> Any:
        self.read.append(int(url.rpartition("/")[2]))
        payload = {"action": "labeled", "repository": {"id": 77, "full_name": "a/b"}}
        return {"request": {"payload": payload}}


@pytest.fixture
def log() -> Log:
    return Log()


async def swept(door: Door, log: Log) -> list[str]:
    await Sweep(log, door.database).once(door.journal)
    return [row.guid for row in await door.rows() if row.source == "sweep"]


async def since(door: Door, ago: float) -> None:
    for name in ("sweep", "sweep-first"):
        await door.database.write(partial(marks.put, name=name, at=time.time() - ago))


async def test_what_was_missed_comes_back_in_order(door: Door, log: Log) -> None:
    await since(door, 3600)
    for n, ago in enumerate((900, 700, 800)):
        log.sent(f"guid-{n}", ago)

    assert await swept(door, log) == ["guid-0", "guid-2", "guid-1"]
    (row, *_) = await door.rows()
    assert (row.event, row.action, row.repository) == ("issues", "labeled", "a/b")


async def test_an_hour_of_them_comes_back_with_a_call_each_inside_an_hours_limit(
    door: Door, log: Log
) -> None:
    await since(door, 7200)
    sent = [f"guid-{n}" for n in range(1000)]
    for n, guid in enumerate(sent):
        log.sent(guid, 3660 - 3 * n)

    assert await swept(door, log) == sent
    assert sorted(log.read) == list(range(1, 1001))


async def test_what_came_in_is_not_read_again(door: Door, log: Log) -> None:
    await since(door, 3600)
    log.sent("guid-1", 900)
    await swept(door, log)

    assert await swept(door, log) == ["guid-1"]
    assert log.read == [1]


async def test_a_delivery_tried_often_comes_back_once(door: Door, log: Log) -> None:
    await since(door, 3600)
    log.sent("guid-1", 900)
    log.sent("guid-1", 700)

    assert await swept(door, log) == ["guid-1"]


async def test_a_first_start_looks_at_nothing_from_before(door: Door, log: Log) -> None:
    log.sent("guid-1", 60)

    assert await swept(door, log) == []
    assert await swept(door, log) == []


async def test_what_is_older_than_the_log_is_kept_does_not_come_back(door: Door, log: Log) -> None:
    await since(door, KEPT_SECONDS * 2)
    log.sent("guid-1", KEPT_SECONDS + 60)

    assert await swept(door, log) == []


async def test_what_may_still_be_coming_in_is_left_for_the_next_time(door: Door, log: Log) -> None:
    await since(door, 3600)
    log.sent("guid-1", 5, status="OK")

    assert await swept(door, log) == []


def test_the_pauses_between_sweeps_are_spread_by_a_tenth() -> None:
    chance = random.Random(4).uniform
    pauses = [about(300.0, chance) for _ in range(200)]

    assert all(270 <= pause <= 330 for pause in pauses)
    assert len({int(pause) for pause in pauses}) > 40
