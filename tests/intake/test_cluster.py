"""Several processes on one PostgreSQL: all take deliveries in, one acts on them, none is lost."""

import asyncio
import contextlib
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import psycopg
import pytest

from bot.intake.delivery import Delivery
from bot.intake.dispatcher import Dispatcher
from bot.runs import Decision, DecisionKind, React
from bot.store.cluster.leader import Leader
from bot.store.cluster.term import Term
from tests.intake.door import Door, about, open_door
from tests.intake.office import Office, until
from tests.postgres import Server


@asynccontextmanager
async def candidate(door: Door) -> AsyncIterator[Office]:
    """A dispatcher that works whenever its process leads."""
    office = Office(door)

    async def work(term: Term) -> None:
        dispatcher = Dispatcher(
            door.database,
            door.journal,
            handle=office.decide,
            act=office,
            term=term,
            backoff=(0.01,),
        )
        await dispatcher.run()

    running = asyncio.create_task(Leader(door.database.url, "dispatcher").lead(work))
    try:
        yield office
    finally:
        running.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await running


@pytest.fixture
def url(postgresql_url: str) -> str:
    return postgresql_url


@pytest.fixture
async def other(url: str) -> AsyncIterator[Door]:
    async with open_door(url) as other:
        yield other


async def test_what_comes_in_twice_at_two_doors_is_kept_once(door: Door, other: Door) -> None:
    sent = [
        (door, other)[n % 2].deliver(payload=about(10), guid=f"guid-{n // 2}") for n in range(40)
    ]

    statuses = await asyncio.gather(*sent)

    assert Counter(statuses) == {202: 20, 200: 20}
    assert len(await door.rows()) == 20


async def greet(delivery: Delivery) -> Decision:
    return Decision(effects=(React(issue=delivery.number or 0, content="eyes"),))


async def test_what_another_process_takes_in_is_acted_on_at_once_and_in_order(
    door: Door, other: Door
) -> None:
    async with candidate(door) as office:
        office.handle = greet
        await door.deliver(payload=about(10, 1))
        await office.settled()
        for n in range(2, 14):
            await (other if n % 3 else door).deliver(payload=about(10, n), guid=f"g{n}")
        await office.settled()
        began = time.monotonic()

        for n in range(14, 24):
            await other.deliver(payload=about(10, n), guid=f"g{n}")
            await office.settled()

        assert time.monotonic() - began < 5  # looking each second would take longer
        assert [act.issue for act in office.done if isinstance(act, React)] == [*range(1, 24)]


def enter(connection: psycopg.Connection, guid: str) -> None:
    connection.execute(
        "WITH d AS (INSERT INTO deliveries(guid, event, repository_id, received_at, source)"
        " VALUES (%s, 'issues', 10, 1, 'webhook') RETURNING seq)"
        " INSERT INTO payloads SELECT seq, '{}' FROM d",
        [guid],
    )


async def test_what_is_committed_late_and_without_a_word_is_found(door: Door) -> None:
    async with candidate(door) as office:
        await door.deliver(payload=about(10), guid="before")
        await office.settled()
        with psycopg.connect(door.database.url) as late:
            enter(late, "late")
            await door.deliver(payload=about(10), guid="after")
            await office.settled()
            late.commit()

        await until(lambda: _has(office, "late"))

        assert [*dict.fromkeys(office.handled)] == ["before", "after", "late"]


async def _has(office: Office, guid: str) -> bool:
    return guid in office.handled


async def test_of_two_candidates_one_acts_and_the_other_goes_on_when_it_is_gone(
    door: Door, other: Door
) -> None:
    async with candidate(other) as second:
        async with candidate(door) as first:
            for n in range(10):
                await door.deliver(payload=about(n), guid=f"g{n}")
            await first.settled()
            assert not (first.handled and second.handled)
        await door.deliver(payload=about(1), guid="last")

        await second.settled()

        # a decision may be made again, where it was not kept before the lead was lost
        assert {*first.handled, *second.handled} == {*(f"g{n}" for n in range(10)), "last"}


def spoil(url: str, statement: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("SET default_transaction_read_only = off")
        connection.execute(statement.encode())


CUT = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"


async def deliver_for(door: Door, seconds: float, prefix: str) -> dict[str, int]:
    """Send one after the other; answer the status of each."""
    ends, found = time.monotonic() + seconds, dict[str, int]()
    while time.monotonic() < ends:
        guid = f"{prefix}-{len(found)}"
        found[guid] = await door.deliver(payload=about(10), guid=guid)
        await asyncio.sleep(0.02)
    return found


async def test_connections_that_are_cut_lose_nothing(door: Door) -> None:
    async with candidate(door) as office:
        sending = asyncio.create_task(deliver_for(door, 3, "g"))
        for _ in range(5):
            await asyncio.sleep(0.5)
            spoil(door.database.url, f"{CUT} AND datname = current_database()")
        statuses = await sending
        await until(lambda: _came_back(door))

        rows = await office.settled()

        acknowledged = {guid for guid, status in statuses.items() if status == 202}
        assert set(statuses.values()) <= {202, 500}
        assert acknowledged
        assert acknowledged <= {row.guid for row in rows if row.decision is DecisionKind.IGNORE}


async def _came_back(door: Door) -> bool:
    return await door.deliver(payload=about(10)) == 202


@pytest.mark.parametrize("mode", ["fast", "immediate"])
async def test_a_server_that_is_restarted_loses_nothing(
    postgresql_server: Server, mode: str
) -> None:
    async with open_door(postgresql_server.fresh()) as door, candidate(door) as office:
        sending = asyncio.create_task(deliver_for(door, 6, "g"))
        await asyncio.sleep(1)
        await asyncio.to_thread(postgresql_server.stop, mode)
        refused = await door.deliver(payload=about(10), guid="refused")
        await asyncio.to_thread(postgresql_server.start)
        statuses = await sending
        await until(lambda: _came_back(door))

        rows = await office.settled()

        acknowledged = {guid for guid, status in statuses.items() if status == 202}
        assert refused == 500
        assert set(statuses.values()) <= {202, 500}
        assert acknowledged <= {row.guid for row in rows if row.decision is DecisionKind.IGNORE}


async def test_a_database_that_may_only_be_read_is_said_and_healed(
    postgresql_server: Server,
) -> None:
    async with open_door(postgresql_server.fresh()) as door, candidate(door) as office:
        await door.deliver(payload=about(10), guid="before")
        url = door.database.url
        spoil(url, "ALTER SYSTEM SET default_transaction_read_only = on")
        spoil(url, "SELECT pg_reload_conf()")
        await until(lambda: _is_refused(door))
        spoil(url, "ALTER SYSTEM RESET default_transaction_read_only")
        spoil(url, "SELECT pg_reload_conf()")
        await until(lambda: _came_back(door))

        rows = await office.settled()

        assert {row.decision for row in rows} == {DecisionKind.IGNORE}
        assert len(rows) >= 2


async def _is_refused(door: Door) -> bool:
    return await door.deliver(payload=about(10)) == 500


async def test_a_database_that_is_too_slow_is_no_reason_to_say_it_was_kept(
    door: Door, other: Door
) -> None:
    with door.held():
        began = time.monotonic()
        status = await other.deliver(payload=about(10), guid="slow")
        took = time.monotonic() - began
    again = await other.deliver(payload=about(10), guid="slow")

    assert status == 500
    assert took < 10  # then GitHub hangs up
    assert again == 202
