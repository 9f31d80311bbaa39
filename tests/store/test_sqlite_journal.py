"""Whom the writer of the journal has wait for the disk: senders, and nobody else."""

from pathlib import Path

import pytest

from bot.runs import DecisionKind
from bot.store.database import Database
from bot.store.journal.arrivals import Arrival, Settlement
from bot.store.journal.sqlite import Outcome, SqliteWriter

pytestmark = [pytest.mark.slow, pytest.mark.sqlite]
FULL, NORMAL = 2, 1  # SQLite's words for a commit that waits for the disk, and one that does not


def came_in(guid: str) -> Arrival:
    return Arrival(guid, "push", None, None, None, None, None, 1.0, "webhook", b"{}")


async def test_a_delivery_waits_for_the_disk_and_what_became_of_it_does_not(tmp_path: Path) -> None:
    database = await Database.open(f"sqlite:///{tmp_path}/coppice.sqlite")
    assert database.file is not None
    writer = SqliteWriter(database.file)
    settled = Settlement(1, DecisionKind.IGNORE, 1, "nothing to do")

    def waited(arrivals: list[Arrival], settlements: list[Settlement]) -> tuple[int, list[Outcome]]:
        outcomes = list(writer.write(arrivals, settlements))
        return writer._connection.execute("PRAGMA synchronous").fetchone()[0], outcomes

    assert [
        waited([came_in("guid-1")], []),
        waited([], [settled]),
        waited([came_in("guid-2")], []),
        waited([], [settled]),
        waited([came_in("guid-3")], [settled]),
    ] == [(FULL, [1]), (NORMAL, [0]), (FULL, [2]), (NORMAL, [0]), (FULL, [3, 0])]
    writer.close()
    await database.close()
