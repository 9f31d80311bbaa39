"""Pull requests from forks: GitHub names less of them, and a fork may be gone at any moment."""

import pytest

from tests.service.proposals import (
    LINES,
    finding,
    forked,
    remarks,
    reviewed,
    reviewer,
)
from tests.service.turns import branch, note
from tests.service.world import World

pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="module")]

CONFIG = "verify: {test: 'true'}\nlimits: {open_pull_requests: 100}\n"


@pytest.fixture(scope="module")
def rules() -> str:
    return CONFIG


async def test_rerun_all_looks_once_more_at_a_fork(town: World) -> None:
    number, _ = await forked(town, "fork-again", {"docs/again.txt": LINES})
    reviewer(town, number, [], [finding("docs/again.txt", 3, "Seen later", "must")])
    await town.comment(number, "/coppice review")
    first = await reviewed(town, number)
    check = (await town.checks(first["commit_id"]))["Coppice / review"]

    await town.repo("POST", f"/check-suites/{check['check_suite']['id']}/rerequest")

    await reviewed(town, number, 2)
    (said,) = await remarks(town, number)
    assert "Seen later" in said["body"]


async def test_a_fork_that_is_gone_is_reviewed_by_what_github_keeps_of_it(town: World) -> None:
    number, where = await forked(town, "fork-gone", {"docs/gone.txt": LINES})
    reviewer(town, number, [finding("docs/gone.txt", 2, "From the past", "must")])
    await town.call("DELETE", f"/repos/{where}", who="stranger")

    await town.comment(number, "/coppice review")

    await reviewed(town, number)
    (said,) = await remarks(town, number)
    assert "From the past" in said["body"]


async def test_a_fork_that_is_gone_meanwhile_gets_its_patch(town: World) -> None:
    number, where = await forked(town, "fork-leaving", {"docs/leaving.txt": LINES})
    job = {"name": f"unit-{number}", "conclusion": "failure", "log": "E   AssertionError\n"}
    await town.call("POST", f"{town.control}/ci", {"pull_request": number, "runs": [job]})
    town.script(number, [{"write": "docs/more.txt", "text": "More.\n"}, {"hang": 3}])
    await town.comment(number, "/coppice fix")
    await town.at(number, "implement")

    await town.call("DELETE", f"/repos/{where}", who="stranger")

    run = await town.ended(number)
    assert (run["status"], run["error"]) == ("done", None)
    (said,) = await town.said(number)
    assert "Nothing was pushed; this is the patch." in said
    assert "+More." in said


async def test_a_forks_branch_of_our_name_is_none_of_ours(town: World) -> None:
    await town.repo("POST", "/forks", {}, who="stranger")  # later it would hold our branch
    issue = await town.issue()
    town.script(issue, [note(issue), {"hang": 5}])
    await town.label(issue)
    run = await town.at(issue, "implement")
    number, _ = await forked(town, branch(run), {"docs/same.txt": LINES})

    ended = await town.ended(issue)

    assert (ended["status"], ended["following"]) == ("done", True), ended["error"]
    assert ended["pull_request"] != number
    assert [r["id"] for r in await town.runs() if r["pull_request"] == number] == []
    theirs = await town.repo("PATCH", f"/pulls/{number}", {"state": "closed"})
    assert (theirs["title"], theirs["user"]["login"]) == ("From a fork", "sam")
    assert (await town.settled("pull_request.closed", number))["decision"] == "ignore"
    (mine,) = [row for row in await town.runs() if row["id"] == run["id"]]
    assert mine["following"]
