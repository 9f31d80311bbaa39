"""Pull requests that get another base while Coppice is at work on them."""

import pytest

from tests.service.proposals import LINES, branch, commit, finding, proposed, reviewed, reviewer
from tests.service.test_rounds import QUICK, head, opened
from tests.service.turns import note
from tests.service.world import World

pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="module")]


@pytest.fixture(scope="module")
def rules() -> str:
    return QUICK


async def test_a_review_is_about_the_base_that_is_there_at_its_end(town: World) -> None:
    await branch(town, "stable")
    await commit(town, "stable", "docs/stable.txt", "Stable.\n")
    number = await proposed(town, "moving", {"docs/moving.txt": LINES})
    found = [finding("docs/moving.txt", 3, "Seen", "must")]
    reviewer(town, number, found, found, thinks=8)
    await town.comment(number, "/coppice review")
    await town.at(number, "review")

    await town.repo("PATCH", f"/pulls/{number}", {"base": "stable"})

    review = await reviewed(town, number)
    assert "against `stable`." in review["body"]
    check = (await town.checks(review["commit_id"]))["Coppice / review"]
    assert (check["status"], check["conclusion"]) == ("completed", "neutral")


async def test_a_round_takes_in_the_conflict_with_another_base(town: World) -> None:
    both = {**note(0), "text": "Theirs and ours.\n"}
    issue, run = await opened(town, [both])
    both["write"] = note(issue)["write"]
    town.script(issue, [note(issue)], [both])
    await branch(town, "other")
    theirs = await commit(town, "other", note(issue)["write"], "Theirs.\n")
    before = await head(town, run)

    await town.repo("PATCH", f"/pulls/{run['pull_request']}", {"base": "other"})

    after = await town.head_after(run["pull_request"], before)
    last = await town.repo("GET", f"/commits/{after}")
    assert [parent["sha"] for parent in last["parents"]] == [before, theirs]
