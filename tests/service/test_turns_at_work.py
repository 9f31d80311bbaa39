"""What becomes of a run at work when the world around it changes."""

import asyncio

import pytest

from tests.service.turns import at_work, branch, delete_branch, note, over, push
from tests.service.world import World

pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="module")]


async def test_closing_the_issue_ends_its_run(town: World) -> None:
    issue, run = await at_work(town)

    await town.repo("PATCH", f"/issues/{issue}", {"state": "closed"})

    ended = await over(town, issue)
    assert ended["error"]["message"] == "the issue was closed by marta"
    assert "the issue was closed by marta" in (await town.said(issue))[0]
    check = (await town.checks(branch(run)))["Coppice"]
    assert check["conclusion"] == "cancelled"


async def test_a_deleted_issue_ends_its_run(town: World) -> None:
    issue, _ = await at_work(town)

    await town.switch("delete_issue", number=issue)

    assert "the issue was deleted" in (await over(town, issue))["error"]["message"]


async def test_a_transferred_issue_ends_its_run_and_is_left_alone(town: World) -> None:
    fork = await town.repo("POST", "/forks", {"name": "elsewhere"})
    issue, _ = await at_work(town)

    await town.switch("transfer_issue", number=issue, to=fork["full_name"])

    assert "the issue was transferred" in (await over(town, issue))["error"]["message"]
    moved = await town.call("GET", f"/repos/{fork['full_name']}/issues?state=all")
    comments = await town.call("GET", f"/repos/{fork['full_name']}/issues/{moved[0]['number']}")
    assert comments["comments"] == 1  # the status as it was when the issue left


async def test_a_branch_deleted_at_work_ends_the_run(town: World) -> None:
    issue, run = await at_work(town)

    await delete_branch(town, branch(run))

    ended = await over(town, issue)
    assert ended["error"]["class"] == "branch_deleted"
    (comment,) = await town.said(issue)
    assert f"`{branch(run)}` was deleted by marta" in comment
    assert "/coppice retry" not in comment


async def test_a_push_before_the_pull_request_blocks_and_names_who(town: World) -> None:
    issue = await town.issue()
    town.script(issue, [note(issue), {"hang": 2}])
    await town.label(issue)
    run = await town.at(issue, "implement")

    await push(town, branch(run))

    ended = await town.ended(issue)
    assert (ended["status"], ended["error"]["class"]) == ("blocked", "branch_moved")
    assert "by `marta`" in ended["error"]["message"]
    (comment,) = await town.said(issue)
    assert "Somebody pushed" in comment
    files = await town.repo("GET", f"/contents/MINE.md?ref={branch(run)}")
    assert files["name"] == "MINE.md"
    assert f"NOTES-{issue}.md" in await town.output("patch", run["id"])


async def test_somebody_elses_branch_of_our_name_is_left_alone(town: World) -> None:
    main = await town.repo("GET", "/git/ref/heads/main")
    issue = await town.issue()
    town.script(issue, [note(issue)])
    await town.fault(
        kind="slow", method="GET", path=f"/repos/{town.repository}", times=1, seconds=3
    )
    await town.label(issue)
    (run, *_) = await town.until(lambda rows: rows[0]["issue"] == issue)
    theirs = {"ref": f"refs/heads/{branch(run)}", "sha": main["object"]["sha"]}
    await town.repo("POST", "/git/refs", theirs)

    ended = await town.ended(issue)

    assert ended["status"] == "done", ended["error"]
    pull = await town.repo("GET", f"/pulls/{ended['pull_request']}")
    assert pull["head"]["ref"] == f"{branch(run)}-2"
    still = await town.repo("GET", f"/git/ref/heads/{branch(run)}")
    assert still["object"]["sha"] == main["object"]["sha"]


async def test_a_stop_while_publishing_is_not_lost(town: World) -> None:
    issue = await town.issue()
    town.script(issue, [note(issue)])
    path = f"/repos/{town.repository}/pulls"
    await town.fault(kind="slow", method="POST", path=path, times=1, seconds=3)
    await town.label(issue)
    await town.at(issue, "publish")
    await asyncio.sleep(0.3)

    await town.comment(issue, "/coppice stop")

    ended = await over(town, issue)
    assert "/coppice stop" in ended["error"]["message"]
