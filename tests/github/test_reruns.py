"""The checks of a suite on the forge are run once more, and not a third time."""

import pytest

from bot.runs import Rerun
from tests.github.world import World

JOBS = [
    {"name": "unit", "conclusion": "failure", "log": "E   AssertionError\n"},
    {"name": "lint", "conclusion": "success"},
]


@pytest.fixture
async def suite(world: World) -> Rerun:
    """A suite of two jobs that has ended."""
    sha = await world.fetch()
    await world.play_ci(sha, JOBS)
    listed = await world.call("GET", f"/commits/{sha}/check-suites")
    (found,) = [each for each in listed["check_suites"] if each["app"]["slug"] == "github-actions"]
    return Rerun(suite=found["id"], sha=sha)


async def run_twice(world: World, asked: Rerun) -> list[str]:
    """Wait until the second tries have ended too; name all."""
    while True:
        answer = await world.call("GET", f"/check-suites/{asked.suite}/check-runs?filter=all")
        done = [run["name"] for run in answer["check_runs"] if run["status"] == "completed"]
        if len(done) >= 2 * len(JOBS):
            return sorted(done)


async def test_a_suite_that_has_ended_is_run_once_more(world: World, suite: Rerun) -> None:
    applied = await world.apply(suite)

    assert applied.wrote
    assert await run_twice(world, suite) == ["lint", "lint", "unit", "unit"]
    assert len(world.writes("/rerequest")) == 1


async def test_a_suite_that_was_run_once_more_before_a_kill_is_not_asked_again(
    world: World, suite: Rerun
) -> None:
    await world.apply(suite)
    await run_twice(world, suite)
    await world.forget()

    applied = await world.apply(suite)

    assert not applied.wrote
    assert await run_twice(world, suite) == ["lint", "lint", "unit", "unit"]
    assert len(world.writes("/rerequest")) == 1


async def test_a_suite_that_a_person_ran_once_more_is_left_alone(
    world: World, suite: Rerun
) -> None:
    await world.call("POST", f"/check-suites/{suite.suite}/rerequest")
    await run_twice(world, suite)

    applied = await world.apply(suite)

    assert not applied.wrote
    assert world.writes("/rerequest") == []
