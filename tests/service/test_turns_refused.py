"""What is asked of a run that can no longer be done: answered, and nobody's work overwritten."""

import asyncio

import pytest

from tests.service.turns import following, over
from tests.service.world import World

pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="module")]


async def test_what_is_over_cannot_be_retried(town: World) -> None:
    issue, run = await following(town)
    await town.repo("PATCH", f"/pulls/{run['pull_request']}", {"state": "closed"})
    await over(town, issue)

    await town.comment(issue, "/coppice retry")

    async with asyncio.timeout(150):
        while len(said := await town.said(issue)) < 2:
            await asyncio.sleep(0.1)
    assert "`/coppice run` starts afresh" in said[-1]
