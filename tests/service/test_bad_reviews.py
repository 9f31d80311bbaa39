"""Reviews as they should not be: too many, of what is gone, by nobody, twice, on a locked issue."""

import asyncio

import pytest

from tests.service.proposals import commit
from tests.service.test_rounds import QUICK, answers, head, opened, review, settled
from tests.service.turns import branch, note
from tests.service.world import Json, World

pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="module")]


@pytest.fixture(scope="module")
def rules() -> str:
    return QUICK


async def reviews(town: World, run: Json) -> list[Json]:
    listed = await town.repo("GET", f"/pulls/{run['pull_request']}/reviews?per_page=100")
    return [r for r in listed if r["user"] and r["user"]["type"] == "Bot"]


async def test_two_hundred_threads_of_one_review_are_answered_in_one(town: World) -> None:
    fix = [{"write": "MORE.md", "text": "More.\n"}]
    issue, run = await opened(town, fix)
    before = await head(town, run)
    lines = [{"path": f"NOTES-{issue}.md", "line": 1, "body": f"Why {n}?"} for n in range(200)]

    await review(town, run, *lines, body="All of it.")

    await town.head_after(run["pull_request"], before)
    async with asyncio.timeout(150):
        while not (given := await reviews(town, run)):
            await asyncio.sleep(0.5)
    pages = [
        await town.repo("GET", f"/pulls/{run['pull_request']}/comments?per_page=100&page={n}")
        for n in range(1, 6)
    ]
    ours = [c for page in pages for c in page if c["user"]["type"] == "Bot"]
    assert (len(given), len(ours)) == (1, 200)
    assert {c["pull_request_review_id"] for c in ours} == {given[0]["id"]}
    await settled(town, issue)


async def test_a_thread_on_a_file_that_somebody_deleted_meanwhile_is_answered(town: World) -> None:
    issue, run = await opened(town, [{"write": "MORE.md", "text": "More.\n"}])
    path = f"NOTES-{issue}.md"
    there = await town.repo("GET", f"/contents/{path}?ref={branch(run)}")
    await review(town, run, {"path": path, "line": 1, "body": "Not here, please."})
    gone = {"message": "Mine", "sha": there["sha"], "branch": branch(run)}
    await town.repo("DELETE", f"/contents/{path}", gone)

    (answer,) = await answers(town, run, 1)

    assert answer["body"]
    assert (await settled(town, issue))["status"] == "done"


async def test_a_thread_on_a_commit_that_was_force_pushed_away_is_answered(town: World) -> None:
    issue, run = await opened(town, [{"write": "MORE.md", "text": "More.\n"}])
    path, number = f"NOTES-{issue}.md", run["pull_request"]
    old = await head(town, run)
    parent = (await town.repo("GET", f"/commits/{old}"))["parents"][0]["sha"]
    line = {"path": path, "line": 1, "body": "Before it was replaced."}
    drafted = await town.repo("POST", f"/pulls/{number}/reviews", {"comments": [line]})

    moved = {"sha": parent, "force": True}
    await town.repo("PATCH", f"/git/refs/heads/{branch(run)}", moved)
    theirs = await commit(town, branch(run), "THEIRS.md", "Another work.\n")
    submitted = {"event": "COMMENT", "body": "See the thread."}
    await town.repo("POST", f"/pulls/{number}/reviews/{drafted['id']}/events", submitted)

    (answer,) = await answers(town, run, 1)
    assert answer["body"]
    assert (await settled(town, issue))["status"] == "done"
    compared = await town.repo("GET", f"/compare/{theirs}...{await head(town, run)}")
    assert compared["status"] in ("ahead", "identical")


async def test_the_same_review_delivered_five_times_is_answered_once(town: World) -> None:
    issue, run = await opened(town, [{"write": "MORE.md", "text": "More.\n"}])
    for kind in ("duplicate", "reorder"):
        await town.fault(kind=kind, event="pull_request_review", times=5)
        await town.fault(kind=kind, event="pull_request_review_comment", times=5)

    await review(town, run, {"path": f"NOTES-{issue}.md", "line": 1, "body": "More."}, body="So.")

    await answers(town, run, 1)
    await asyncio.sleep(5)
    assert len(await answers(town, run, 1)) == 1
    assert len(await reviews(town, run)) == 1
    await settled(town, issue)


async def test_a_reviewer_whose_account_is_gone_starts_nothing(town: World) -> None:
    await town.person("gus", "write")
    issue, run = await opened(town, [{"write": "MORE.md", "text": "More.\n"}])
    before = await head(town, run)
    line = {"path": f"NOTES-{issue}.md", "line": 1, "body": "Mine?"}
    wanted = {"event": "COMMENT", "comments": [line]}
    await town.repo("POST", f"/pulls/{run['pull_request']}/reviews", wanted, who="gus")

    await town.switch("ghost", login="gus")

    await asyncio.sleep(3)
    assert await head(town, run) == before
    assert (await settled(town, issue))["status"] == "done"


async def test_a_locked_conversation_ends_the_run_with_its_reason(town: World) -> None:
    issue = await town.issue()
    town.script(issue, [note(issue)])
    await town.repo("PUT", f"/issues/{issue}/lock", {"lock_reason": "resolved"})

    await town.label(issue)

    run = await town.ended(issue)
    assert run["status"] in ("blocked", "done")
    assert run["status"] == "done" or run["error"]["class"] == "locked"
    assert len(await town.said(issue)) <= 1
