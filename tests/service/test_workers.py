"""Several workers on one PostgreSQL: whatever dies or sleeps, its runs go on elsewhere, once."""

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import aiohttp
import pytest

from bot.engine.cluster.lock import IN_USE
from bot.engine.cluster.member import FENCED
from tests.postgres import Server
from tests.service.once import everything_once
from tests.service.workers import Workers, workers
from tests.service.world import Program

pytestmark = pytest.mark.slow


@pytest.fixture
async def crew(tmp_path: Path) -> AsyncIterator[Workers]:
    async with workers(tmp_path, COPPICE_LIMIT_WORKER="2") as started:
        yield started


@pytest.fixture
async def large(tmp_path: Path) -> AsyncIterator[Workers]:
    """A worker with room for what two smaller ones leave."""
    async with workers(tmp_path, COPPICE_LIMIT_WORKER="4") as started:
        yield started


async def test_of_three_workers_one_is_killed_and_one_sleeps_and_all_runs_are_done(
    large: Workers,
) -> None:
    crew = large
    await crew.join("b", COPPICE_LIMIT_WORKER="2")
    await crew.join("c", COPPICE_LIMIT_WORKER="2")
    issues = await crew.slow_issues(8, seconds=10)  # as many as there are slots: each has some
    async with asyncio.timeout(120):
        while not all([(await crew.at_work())[name] for name in "abc"]):
            await asyncio.sleep(0.2)

    crew.signal("b", signal.SIGKILL)
    crew.signal("c", signal.SIGSTOP)

    rows = await crew.all_ended(issues, seconds=180)
    assert {row["status"] for row in rows} == {"done"}, [row["error"] for row in rows]
    before = await crew.quiet()
    crew.signal("c", signal.SIGCONT)
    async with asyncio.timeout(150):
        assert await crew.others["c"].process.wait() == FENCED
    later = (await crew.there.writes())[len(before) :]
    assert later == []
    for row in rows:
        await everything_once(crew.there, row)


async def test_a_database_that_crashes_under_two_workers_costs_no_run(
    postgresql_server: Server, tmp_path: Path
) -> None:
    url = postgresql_server.fresh(engine=True)
    async with workers(tmp_path, COPPICE_LIMIT_WORKER="2", COPPICE_DATABASE_URL=url) as crew:
        await crew.join("b")
        issues = await crew.slow_issues(4, seconds=8)
        async with asyncio.timeout(150):
            while not all([(await crew.at_work())[name] for name in "ab"]):
                await asyncio.sleep(0.2)

        await asyncio.to_thread(postgresql_server.stop, "immediate")
        await asyncio.sleep(2)
        await asyncio.to_thread(postgresql_server.start)

        rows = await crew.all_ended(issues, seconds=180)
        assert {row["status"] for row in rows} == {"done"}, [row["error"] for row in rows]
        for row in rows:
            await everything_once(crew.there, row)
        listed = await crew.there.listed("workers")
        assert [each["name"] for each in listed if each["state"] == "alive"] == ["a", "b"]


async def test_a_second_process_of_the_same_name_is_refused_and_told_who_has_it(
    crew: Workers,
) -> None:
    there = crew.there
    second = await crew.join("b", COPPICE_WORKER="a")

    async with asyncio.timeout(150):
        assert await second.process.wait() == IN_USE
    holder = there.service.process.pid if there.service else 0
    assert f"The worker name a is in use by process {holder} on " in crew.log("b")


async def test_a_worker_whom_github_keeps_waiting_at_its_start_is_not_taken_for_dead(
    crew: Workers,
) -> None:
    there = crew.there
    await there.fault(kind="slow", method="GET", path="/app", times=1, seconds=26)  # the last is 30

    second = await crew.join("b")

    async with asyncio.timeout(150):
        while not await ready(second):
            await asyncio.sleep(0.5)
    listed = await there.listed("workers")
    assert [each["name"] for each in listed if each["state"] == "alive"] == ["a", "b"]
    assert (second.process.returncode, crew.log("b")) == (None, "")


async def ready(program: Program) -> bool:
    async with aiohttp.ClientSession() as session:
        with suppress(aiohttp.ClientError):
            async with session.get(f"{program.ready['url']}/readyz") as answer:
                return answer.ok
    return False


async def test_a_worker_that_is_told_to_end_hands_its_runs_over_at_once(crew: Workers) -> None:
    await crew.join("b", COPPICE_GRACE_SECONDS="1")
    issues = await crew.slow_issues(4, seconds=6)
    async with asyncio.timeout(150):
        while len((await crew.at_work())["b"]) < 2:
            await asyncio.sleep(0.2)

    async with asyncio.timeout(150):
        assert await crew.others["b"].stop() == 0

    rows = await crew.all_ended(issues, seconds=120)
    assert {row["status"] for row in rows} == {"done"}
    listed = await crew.there.listed("workers")
    assert [each["name"] for each in listed if each["state"] == "alive"] == ["a"]


async def test_what_ends_within_its_grace_is_not_cut_short(crew: Workers) -> None:
    await crew.join("b", COPPICE_GRACE_SECONDS="300")
    issues = await crew.slow_issues(4, seconds=4)
    async with asyncio.timeout(150):
        while len((await crew.at_work())["b"]) < 2:
            await asyncio.sleep(0.2)

    assert await crew.others["b"].stop() == 0

    rows = await crew.all_ended(issues, seconds=120)
    assert {row["status"] for row in rows} == {"done"}
    stages = [stage["status"] for row in rows for stage in row["stages"]]
    assert "cancelled" not in stages
    assert "goes on elsewhere" not in crew.log("b")


async def busy(crew: Workers) -> int:
    """Have worker `a`, which has one slot, be at work for long; answer the issue."""
    (issue,) = await crew.slow_issues(1, seconds=600)
    await crew.there.at(issue, "implement")  # between two children another run may take the slot
    return issue


@pytest.fixture
async def pair(tmp_path: Path) -> AsyncIterator[Workers]:
    """Two workers with a slot each; `a` dispatches."""
    async with workers(tmp_path, COPPICE_LIMIT_WORKER="1") as started:
        yield started


async def test_a_run_on_another_worker_is_stopped_and_goes_on_again(pair: Workers) -> None:
    there = pair.there
    await busy(pair)
    await pair.join("b")
    issue = await there.issue()
    there.script(issue, [{"hang": 600}])
    await there.label(issue)
    await there.at(issue, "implement")
    assert (await pair.at_work())["b"] != []

    await there.comment(issue, "/coppice stop")

    assert (await there.ended(issue))["status"] == "cancelled"
    there.script(issue, [{"write": "NOTES.md", "text": "A note.\n"}])
    await there.comment(issue, "/coppice retry")
    await there.until(lambda rows: rows[0]["status"] == "done")


async def test_who_waits_for_a_turn_is_told_its_place_and_can_be_stopped(pair: Workers) -> None:
    there = pair.there
    await busy(pair)
    waits = await there.issue()

    await there.label(waits)

    await there.comment_that(waits, lambda body: "**Queued: 1st**" in body)
    await there.comment(waits, "/coppice stop")
    assert (await there.ended(waits))["status"] == "cancelled"


async def test_work_that_moves_goes_on_from_its_checkpoint(pair: Workers) -> None:
    there = pair.there
    slow = "verify: {test: sleep 8}\nlimits: {open_pull_requests: 100}\n"
    await busy(pair)  # so that only one of the two that take over has room
    await there.write_file(".github/coppice.yml", slow)
    await pair.join("b")
    await pair.join("c")
    issue = await there.issue()
    there.script(issue, [{"write": "NOTES.md", "text": "A note.\n"}])
    await there.label(issue)
    await there.at(issue, "verify")
    at = next(name for name, mine in (await pair.at_work()).items() if mine and name != "a")

    pair.signal(at, signal.SIGKILL)

    (row,) = await pair.all_ended([issue], seconds=180)
    assert row["status"] == "done", row["error"]
    made = [stage["attempt"] for stage in row["stages"] if stage["name"] == "implement"]
    assert made == [1]
    pull = await there.repo("GET", f"/pulls/{row['pull_request']}/files")
    assert [file["filename"] for file in pull] == ["NOTES.md"]
