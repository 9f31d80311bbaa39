"""Commands that stand in a review: carried out, and nothing that an agent is asked about."""

import asyncio

import pytest

from tests.service.test_rounds import QUICK, answers, head, opened, review
from tests.service.world import PATIENCE, World

pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="module")]


@pytest.fixture(scope="module")
def rules() -> str:
    return QUICK


async def signs(town: World, comment: int) -> list[str]:
    found = await town.repo("GET", f"/pulls/comments/{comment}/reactions")
    return [r["content"] for r in found if r["user"]["type"] == "Bot"]


async def test_a_review_commands_and_only_its_other_words_are_worked_on(town: World) -> None:
    issue, run = await opened(town, [{"say": "1: declined because it is public"}])
    before, number, path = await head(town, run), run["pull_request"], f"NOTES-{issue}.md"
    ready = {"path": path, "line": 1, "body": "/coppice ready"}
    wanted = {"path": path, "line": 1, "body": "Rename it.\n\n/coppice why"}

    await review(town, run, ready, wanted, body="/coppice ci")

    (answer,) = await answers(town, run, 1)
    assert answer["body"] == "Declined because it is public."
    listed = await town.repo("GET", f"/pulls/{number}/comments")
    commanded, asked = [c["id"] for c in listed if c["user"]["type"] == "User"]
    assert answer["in_reply_to_id"] == asked
    async with asyncio.timeout(PATIENCE):
        while "rocket" not in await signs(town, commanded):
            await asyncio.sleep(0.1)
    assert (await town.repo("GET", f"/pulls/{number}"))["draft"] is False
    await town.head_after(number, before)  # the commit for CI
    await town.comment_that(number, lambda body: "asked for by `marta`" in body)
    (brief,) = town.folder.glob(f"coppice/**/{run['id']}/round.md")
    assert "> Rename it." in brief.read_text()
    assert "/coppice" not in brief.read_text()
