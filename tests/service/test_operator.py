"""What an operator asks at the command line: pause, drain, isolate a run and let it go on."""

import asyncio

import pytest

from tests.service.world import Json, World

pytestmark = pytest.mark.slow
NOTE = [{"write": "NOTES.md", "text": "A note.\n"}]


async def workers(there: World) -> Json:
    return (await there.listed("workers"))[0]


async def test_nothing_begins_while_all_workers_are_paused(there: World) -> None:
    await there.write_file(".github/coppice.yml", "verify: {test: 'true'}\n")
    there.script(1, NOTE)
    await there.output("workers", "pause")
    await asyncio.sleep(6)  # the worker looks each second, a busy machine later

    await there.label(1)

    await there.comment_that(1, lambda body: "**Queued" in body)
    assert "paused by operator " in await there.output("workers")
    await there.output("workers", "resume")
    assert (await there.ended(1))["status"] == "done"


async def test_a_run_in_quarantine_is_left_alone_until_it_is_released(there: World) -> None:
    await there.write_file(".github/coppice.yml", "verify: {test: 'true'}\n")
    there.script(1, [{"hang": 600}])
    await there.label(1)
    run = await there.at(1, "implement")
    assert [each["id"] for each in (await workers(there))["runs"]] == [run["id"]]

    await there.output("workers", "quarantine", run["id"])

    ended = await there.ended(1)
    assert (ended["status"], ended["error"]["class"]) == ("cancelled", "stopped")
    listed = await there.listed("workers", "quarantine")
    assert [(each["id"], each["why"]) for each in listed] == [(run["id"], "quarantine")]
    there.script(1, NOTE)
    await there.comment(1, "/coppice retry")
    await there.settled("issue_comment", 1)
    assert (await there.runs())[0]["status"] == "cancelled"
    await there.output("workers", "release", run["id"])
    await there.until(lambda rows: rows[0]["status"] == "done")


async def test_a_worker_that_is_drained_ends_by_itself(there: World) -> None:
    await there.output("workers", "drain", (await workers(there))["name"])

    assert there.service is not None
    async with asyncio.timeout(150):
        assert await there.service.process.wait() == 0
