"""A paused repository: nothing begins there on people's pull requests either, and it says so."""

import asyncio

import pytest

from tests.service.conftest import QUICK
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


async def folded(town: World, node: str) -> bool:
    """Is a comment folded away?"""
    query = "query($id: ID!) { node(id: $id) { ... on IssueComment { isMinimized } } }"
    answer = await town.call("POST", "/graphql", {"query": query, "variables": {"id": node}})
    return bool(answer["data"]["node"]["isMinimized"])


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


@pytest.mark.parametrize("publish", ["comment", "patch"])
async def test_where_comments_are_all_that_is_written_one_says_it(
    town: World, publish: str
) -> None:
    path = f"docs/{publish}.txt"
    number = await proposed(town, f"paused-{publish}", {path: LINES})
    reviewer(town, number, [finding(path, 1, "Seen afterwards", "must")])
    await town.write_file(".github/coppice.yml", f"{QUICK}publish: {publish}\n")
    await steered(town, number, "pause")

    await town.comment(number, "/coppice review")

    said = await town.comment_that(number, lambda body: PAUSED in body)
    assert said["body"].startswith("The review for `marta` waits: the repository was paused")
    assert "write `/coppice stop`" in said["body"]
    await steered(town, number, "resume")
    await reviewed(town, number)
    assert len(await town.said(number)) == 1
    assert await folded(town, said["node_id"])


async def test_mending_that_is_stopped_before_it_began_leaves_nothing_that_waits(
    town: World,
) -> None:
    number = await proposed(town, "paused-careful", {"docs/careful.txt": LINES})
    await town.write_file(".github/coppice.yml", f"{QUICK}publish: patch\n")
    await steered(town, number, "pause")
    await town.comment(number, "/coppice fix")
    said = await town.comment_that(number, lambda body: PAUSED in body)

    await town.comment(number, "/coppice stop")

    assert (await town.ended(number))["status"] == "cancelled"
    assert await folded(town, said["node_id"])
    await steered(town, number, "resume")


@pytest.mark.parametrize("publish", ["comment", "patch"])
async def test_a_run_that_writes_comments_alone_says_that_it_waits(
    town: World, publish: str
) -> None:
    issue = await town.issue()
    await steered(town, issue, "pause")

    await town.comment(issue, f"/coppice run publish={publish}")

    said = await town.comment_that(issue, lambda body: PAUSED[1:] in body)
    assert said["body"].startswith("**Queued")
    await town.comment(issue, "/coppice stop")
    assert (await town.ended(issue))["status"] == "cancelled"
    await steered(town, issue, "resume")
