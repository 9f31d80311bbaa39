"""What nobody comes back for is cleared away: drafts, and branches with nothing on them."""

import asyncio

import pytest

from tests.service.turns import branch, note
from tests.service.world import World

pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="module")]

RULES = "verify: {{test: '{test}'}}\nlimits: {{open_pull_requests: 100, idle: 4s}}\n"


async def gone(town: World, name: str) -> None:
    async with asyncio.timeout(150):
        while name in [b["name"] for b in await town.repo("GET", "/branches")]:
            await asyncio.sleep(0.2)


async def test_a_draft_that_nobody_touches_is_closed_and_its_patch_kept(town: World) -> None:
    await town.write_file(".github/coppice.yml", RULES.format(test="true"))
    issue = await town.issue()
    town.script(issue, [note(issue)])
    await town.label(issue)

    rows = await town.until(lambda rows: bool(rows) and rows[0]["status"] == "cancelled")

    run = rows[0]
    assert run["error"]["class"] == "untouched"
    pull = await town.repo("GET", f"/pulls/{run['pull_request']}")
    assert pull["state"] == "closed"
    await gone(town, branch(run))
    (word,) = await town.said(run["pull_request"])
    assert "Closed: nobody touched this draft for 4s." in word
    assert f"NOTES-{issue}.md" in await town.output("patch", run["id"])


async def test_the_start_branch_of_a_failed_run_is_deleted(town: World) -> None:
    await town.write_file(".github/coppice.yml", RULES.format(test="false"))
    issue = await town.issue()
    town.script(issue, [note(issue)])
    await town.label(issue)
    run = await town.ended(issue)
    assert run["status"] == "failed"

    await gone(town, branch(run))

    (notice,) = await town.notices(issue)
    assert "@marta: Stopped: " in notice
    assert len(await town.said(issue)) == 1
