"""The check run `Coppice` on every head that a pull request of ours had: none is left working."""

import asyncio

import pytest

from bot.github.effects.apply import PROGRESS_SECONDS
from tests.service.test_rounds import QUICK, head, opened, settled
from tests.service.turns import over
from tests.service.world import Json, World

pytestmark = pytest.mark.slow


async def coppice(there: World, sha: str, status: str) -> Json:
    """Wait until the check run of the run itself is so on a commit; answer it."""
    async with asyncio.timeout(150):
        while (check := (await there.checks(sha))["Coppice"])["status"] != status:
            await asyncio.sleep(0.2)
    return check


async def in_a_round(there: World, name: str) -> tuple[int, Json, str]:
    """A run in the middle of a round, whose check run stands open on the head before it.

    In a world of its own: where much is written, what only tells of progress is left out.
    """
    await there.write_file(".github/coppice.yml", QUICK)
    issue, run = await opened(there, [{"write": name, "text": "More.\n"}, {"hang": 6}])
    before = await head(there, run)
    ready = await there.comment(run["pull_request"], "/coppice ready")
    await there.reacted(ready, "rocket")
    await asyncio.sleep(PROGRESS_SECONDS)  # what was written just now is not shown at work
    await there.comment(run["pull_request"], f"/coppice add {name}")
    await coppice(there, before, "in_progress")
    return issue, run, before


async def test_a_round_completes_the_head_that_it_began_on(there: World) -> None:
    issue, run, before = await in_a_round(there, "MORE-1.md")

    after = await there.head_after(run["pull_request"], before)

    await settled(there, issue)
    for sha in (before, after):
        assert (await coppice(there, sha, "completed"))["conclusion"] == "success"


async def test_a_merge_in_the_middle_of_a_round_completes_its_head(there: World) -> None:
    issue, run, before = await in_a_round(there, "MORE-2.md")

    await there.repo("PUT", f"/pulls/{run['pull_request']}/merge", {"sha": before})

    await over(there, issue, "done")
    assert (await coppice(there, before, "completed"))["conclusion"] == "success"
