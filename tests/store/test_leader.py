"""Who leads a cluster: one at a time, another when it is gone, and none after a sleep."""

import asyncio
import contextlib
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import psycopg
import pytest

from bot.store.cluster.leader import Leader
from bot.store.cluster.term import Term
from bot.store.postgres import DELIVERIES

WAIT = 150.0


@dataclass
class Candidate:
    """One that notes when it works."""

    leader: Leader
    term: Term | None = None
    elected: int = 0
    heard: asyncio.Event = field(default_factory=asyncio.Event)

    async def work(self, term: Term) -> None:
        self.term, self.elected = term, self.elected + 1
        try:
            while True:
                await term.news.wait()
                term.news.clear()
                self.heard.set()
        finally:
            self.term = None


@asynccontextmanager
async def candidate(url: str) -> AsyncIterator[Candidate]:
    one = Candidate(Leader(url, "task"))
    running = asyncio.create_task(one.leader.lead(one.work))
    try:
        yield one
    finally:
        running.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await running


async def until_leading(*candidates: Candidate) -> Candidate:
    async with asyncio.timeout(WAIT):
        while True:
            for one in candidates:
                if one.leader.leading and one.term:
                    return one
            await asyncio.sleep(0.02)


def cut(url: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE application_name = 'coppice-task' AND datname = current_database()"
        )


async def test_one_leads_and_another_follows_when_it_has_gone(postgresql_url: str) -> None:
    async with candidate(postgresql_url) as second:
        async with candidate(postgresql_url) as first:
            leading = await until_leading(first, second)
            waiting = second if leading is first else first
            await asyncio.sleep(0.5)
            assert not waiting.leader.leading
            if leading is second:
                return
        await until_leading(second)


async def test_a_leader_whose_connection_is_cut_stops_at_once_and_is_elected_again(
    postgresql_url: str,
) -> None:
    async with candidate(postgresql_url) as one:
        await until_leading(one)
        term = one.term

        cut(postgresql_url)

        async with asyncio.timeout(WAIT):
            while one.leader.leading:
                await asyncio.sleep(0.02)
        assert term is not None
        assert not term.holds
        await until_leading(one)
        assert one.elected == 2


async def test_the_leader_hears_of_deliveries(postgresql_url: str) -> None:
    async with candidate(postgresql_url) as one:
        await until_leading(one)
        await one.heard.wait()
        one.heard.clear()

        with psycopg.connect(postgresql_url, autocommit=True) as connection:
            connection.execute(f"NOTIFY {DELIVERIES}".encode())

        async with asyncio.timeout(WAIT):
            await one.heard.wait()


PROGRAM = """
import asyncio, sys, time
from bot.store.cluster.leader import Leader

async def work(term):
    print("leads", flush=True)
    before = time.monotonic()
    try:
        while time.monotonic() - before < 5:
            before = time.monotonic()
            await asyncio.sleep(0.05)
    finally:
        print("woke", term.holds, flush=True)
    await asyncio.sleep(3600)

asyncio.run(Leader(sys.argv[1], "task").lead(work))
"""


async def test_a_leader_that_is_stopped_loses_the_lead_and_knows_it_when_it_wakes(
    postgresql_url: str,
) -> None:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", PROGRAM, postgresql_url), stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    assert await process.stdout.readline() == b"leads\n"
    async with candidate(postgresql_url) as second:
        process.send_signal(signal.SIGSTOP)
        async with asyncio.timeout(120):
            while not second.leader.leading:
                await asyncio.sleep(0.1)
        process.send_signal(signal.SIGCONT)

        async with asyncio.timeout(WAIT):
            assert await process.stdout.readline() == b"woke False\n"
        assert second.leader.leading
        process.kill()
        await process.wait()


async def test_what_the_work_raises_ends_it(postgresql_url: str) -> None:
    async def work(_term: Term) -> None:
        raise LookupError

    with pytest.raises(LookupError):
        await Leader(postgresql_url, "task").lead(work)


async def test_a_term_that_was_not_confirmed_no_longer_holds() -> None:
    term = Term()
    assert term.holds

    term.end()

    assert not term.holds
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.3):
            await term.sure()
