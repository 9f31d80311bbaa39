"""Killed from outside at any moment, the service goes on: everything once, nothing lost."""

import asyncio
import json
import os
import random
import time

import pytest

from tests.service.once import everything_once
from tests.service.world import Json, World

pytestmark = pytest.mark.slow

FIX = [{"write": "NOTES.md", "text": "A note.\n"}]
CONFIG = "verify:\n  test: sleep 2; test -f NOTES.md\n"


async def begun_again(there: World, run: Json) -> list[tuple[str, int]]:
    """The stages that began again after a death, and how many deaths there were."""
    lines = (await there.output("runs", run["id"], "--events", "--json")).splitlines()
    events = [json.loads(line) for line in lines]
    return [(e["stage"], e["data"]["deaths"]) for e in events if e["type"] == "begun_again"]


async def kill_and_go_on(there: World) -> Json:
    await there.kill()
    there.script(1, FIX)
    await there.serve()
    run = await there.ended(1)
    assert run["status"] == "done", run["error"]
    return run


async def test_killed_inside_implement(there: World) -> None:
    await there.write_file(".github/coppice.yml", CONFIG)
    there.script(1, [*FIX, {"hang": 600}])
    await there.label(1)
    await there.at(1, "implement")

    run = await kill_and_go_on(there)

    await everything_once(there, run)
    assert await begun_again(there, run) == [("implement", 1)]


async def test_told_to_end_inside_implement_it_was_no_death(there: World) -> None:
    await there.write_file(".github/coppice.yml", CONFIG)
    there.script(1, [{"hang": 600}])
    await there.label(1)
    await there.at(1, "implement")

    assert there.service is not None
    assert await there.service.stop() == 0
    there.script(1, FIX)
    await there.serve()

    run = await there.ended(1)
    assert run["status"] == "done", run["error"]
    assert await begun_again(there, run) == []


async def test_killed_inside_verify(there: World) -> None:
    flag = there.folder / "not-there"
    await there.write_file(".github/coppice.yml", "verify:\n  test: test -f NOTES.md && sleep 3\n")
    assert not flag.exists()
    there.script(1, FIX)
    await there.label(1)
    await there.at(1, "verify")

    run = await kill_and_go_on(there)

    await everything_once(there, run)


async def test_killed_inside_a_round_and_its_answer_each_thread_is_answered_once(
    there: World,
) -> None:
    rules = "verify: {test: 'test -f NOTES.md'}\nlimits: {settle: 0}\n"
    await there.write_file(".github/coppice.yml", rules)
    more = [{"write": "MORE.md", "text": "More.\n"}, {"say": "1: fixed it"}]
    there.script(1, FIX, [*more, {"hang": 600}])
    await there.label(1)
    run = await there.ended(1)
    number, head = run["pull_request"], (await there.checks(f"coppice/1-{run['id'][:6]}"))
    comment = {"path": "NOTES.md", "line": 1, "body": "Why?"}
    review = {"event": "COMMENT", "body": "One remark.", "comments": [comment]}
    await there.repo("POST", f"/pulls/{number}/reviews", review)
    await there.until(lambda rows: rows[0]["status"] == "running")
    await there.kill()
    there.script(1, FIX, more)
    await there.fault(
        kind="slow", method="POST", path="/graphql#addPullRequestReview", times=1, seconds=3
    )
    await there.serve()
    await there.head_after(number, head["Coppice"]["head_sha"])
    await there.kill()
    await there.serve()

    async with asyncio.timeout(150):
        while not (mine := await answered(there, number)):
            await asyncio.sleep(0.2)
    await there.until(lambda rows: rows[0]["status"] == "done")
    assert [c["body"] for c in mine] == [f"Fixed in {mine[0]['commit_id'][:7]}: it."]
    reviews = await there.repo("GET", f"/pulls/{number}/reviews")
    assert len([r for r in reviews if r["user"]["type"] == "Bot"]) == 1


async def answered(there: World, number: int) -> list[Json]:
    """Our comments in review threads."""
    listed = await there.repo("GET", f"/pulls/{number}/comments")
    return [c for c in listed if c["user"]["type"] == "Bot"]


async def test_killed_while_the_pull_request_is_being_opened(there: World) -> None:
    await there.write_file(".github/coppice.yml", CONFIG)
    there.script(1, FIX)
    await there.fault(
        kind="slow", method="POST", path=f"/repos/{there.repository}/pulls", times=1, seconds=3
    )
    await there.label(1)
    await there.at(1, "publish")
    await asyncio.sleep(0.5)

    run = await kill_and_go_on(there)

    await everything_once(there, run)


async def test_killed_thirty_times_at_random(there: World) -> None:
    seed = int(os.environ.get("SEED", time.time_ns() % 10**9))
    print(f"seed {seed}")  # noqa: T201 - to repeat a failure
    dice = random.Random(seed)
    issues = [1, 2, 3]
    await there.write_file(".github/coppice.yml", CONFIG)
    for issue in issues:
        there.script(issue, [{"run": "sleep 0.3"}, *FIX])
        await there.label(issue)

    for _ in range(30):
        await asyncio.sleep(dice.uniform(0.05, 1.2))
        await there.kill()
        await there.serve()

    for issue in issues:
        run = await there.ended(issue, seconds=150)
        assert run["status"] == "done", (seed, run["error"])
        await everything_once(there, run)


async def test_told_to_end_at_random_no_step_finds_what_it_uses_closed(there: World) -> None:
    seed = int(os.environ.get("SEED", time.time_ns() % 10**9))
    print(f"seed {seed}")  # noqa: T201 - to repeat a failure
    dice = random.Random(seed)
    await there.write_file(".github/coppice.yml", "verify:\n  test: test -f NOTES.md\n")
    issues = [1, 2, 3]
    for issue in issues:
        there.script(issue, FIX)
        await there.label(issue)

    for _ in range(8):
        await asyncio.sleep(dice.uniform(0.05, 0.4))
        assert there.service is not None
        assert await there.service.stop() == 0
        await there.serve()

    for issue in issues:
        run = await there.ended(issue, seconds=150)
        assert run["status"] == "done", (seed, run["error"])
        await everything_once(there, run)
