"""A paused repository: nothing begins there on people's pull requests either, and it says so."""

import asyncio

import pytest

from tests.service.proposals import LINES, commit, finding, proposed, reviewed, reviewer, reviews
from tests.service.world import PATIENCE, Json, World

pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="module")]

PAUSED = "the repository was paused by `marta`; `/coppice resume` lets it begin"


async def steered(town: World, number: int, verb: str) -> None:
    """Have the maintainer pause or resume the repository."""
    asked = await town.comment(number, f"/coppice {verb}")
    await town.reacted(asked, "rocket")


async def shown(town: World, sha: str, name: str, title: str) -> Json:
    """Wait until a check run on a commit has a title; answer it."""
    async with asyncio.timeout(PATIENCE):
        while True:
            check = (await town.checks(sha)).get(name)
            if check is not None and check["output"]["title"] == title:
                return check
            await asyncio.sleep(0.2)


async def head(town: World, number: int) -> str:
    return str((await town.repo("GET", f"/pulls/{number}"))["head"]["sha"])


@pytest.mark.parametrize("by", ["command", "label"])
async def test_a_review_waits_and_then_reads_what_is_there(town: World, by: str) -> None:
    path = f"docs/{by}.txt"
    number = await proposed(town, f"paused-{by}", {path: LINES})
    reviewer(town, number, [finding(path, 1, "Of the newest commit", "must")])
    await steered(town, number, "pause")

    if by == "label":
        await town.label(number, name="coppice:review")
    else:
        await town.comment(number, "/coppice review")

    check = await shown(town, await head(town, number), "Coppice / review", "Waiting")
    assert PAUSED in check["output"]["summary"]
    newest = await commit(town, f"paused-{by}", path, f"Another beginning.\n{LINES}")
    assert await reviews(town, number) == []

    await steered(town, number, "resume")

    review = await reviewed(town, number)
    assert review["commit_id"] == newest
    assert "pushed on top meanwhile" not in review["body"]


async def test_mending_waits_too_and_can_be_stopped(town: World) -> None:
    number = await proposed(town, "paused-fix", {"docs/fix.txt": LINES})
    before = await head(town, number)
    job = {"name": f"unit-{number}", "conclusion": "failure", "log": "E   AssertionError\n"}
    await town.call("POST", f"{town.control}/ci", {"pull_request": number, "runs": [job]})
    town.script(number, [{"write": "docs/fix.txt", "text": f"mended\n{LINES}"}])
    await steered(town, number, "pause")

    await town.comment(number, "/coppice fix")

    await shown(town, before, "Coppice / fix", "Waiting")
    await town.comment(number, "/coppice stop")
    assert (await town.ended(number))["status"] == "cancelled"
    assert await head(town, number) == before

    await steered(town, number, "resume")
