"""What becomes of a run that follows its pull request when people act on it."""

import pytest

from tests.service.turns import branch, delete_branch, following, note, over
from tests.service.world import World

pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="module")]


async def test_a_closed_pull_request_ends_the_run_and_a_new_label_starts_afresh(
    town: World,
) -> None:
    issue, run = await following(town)

    await town.repo("PATCH", f"/pulls/{run['pull_request']}", {"state": "closed"})

    ended = await over(town, issue)
    assert ended["error"]["class"] == "closed"
    (comment,) = await town.said(issue)
    assert f"pull request #{run['pull_request']} was closed by marta" in comment
    assert "/coppice retry" not in comment
    await town.repo("DELETE", f"/issues/{issue}/labels/coppice")
    await town.label(issue)
    await town.until(lambda rows: rows[0]["issue"] == issue and rows[0]["id"] != run["id"])


async def test_a_merged_pull_request_is_the_good_end(town: World) -> None:
    await town.switch("drafts", on=False)
    issue, run = await following(town)
    await town.switch("drafts", on=True)
    assert "Draft pull requests are not supported" in (await town.said(issue))[0]

    await town.repo("PUT", f"/pulls/{run['pull_request']}/merge")

    ended = await over(town, issue, "done")
    assert ended["error"] is None
    assert "Done: pull request" in (await town.said(issue))[0]


async def test_a_branch_deleted_while_following_ends_the_run(town: World) -> None:
    issue, run = await following(town)

    await delete_branch(town, branch(run))

    assert (await over(town, issue))["error"]["class"] in ("branch_deleted", "closed")


async def test_what_was_closed_after_the_run_had_ended_is_not_worked_on(town: World) -> None:
    issue, run = await following(town)
    await town.comment(issue, "/coppice stop")
    await over(town, issue)
    await town.repo("PATCH", f"/pulls/{run['pull_request']}", {"state": "closed"})

    await town.comment(issue, "/coppice please write more")

    await town.comment_that(issue, lambda body: "was closed; `/coppice run` starts anew" in body)
    ended = await over(town, issue)
    assert ended["error"]["class"] == "pull_request_closed"
    assert len([s for s in ended["stages"] if s["name"] == "implement"]) == 1


async def test_a_round_that_may_not_read_its_pull_request_says_so(town: World) -> None:
    issue, run = await following(town)
    town.script(issue, [note(issue)], [{"write": f"MORE-{issue}.md", "text": "more\n"}])
    await town.switch("permissions", permissions={"pull_requests": None})

    asked = await town.comment(issue, "/coppice please write more")

    await town.comment_that(issue, lambda body: "lacks the permission `pull_requests" in body)
    await town.reacted(asked, "confused")
    await town.switch("permissions", permissions={"pull_requests": "write"})
    before = (await town.repo("GET", f"/pulls/{run['pull_request']}"))["head"]["sha"]
    await town.comment(issue, "/coppice retry")
    assert await town.head_after(run["pull_request"], before)


async def test_a_review_that_may_not_be_read_is_named_and_a_retry_follows_again(
    town: World,
) -> None:
    issue, run = await following(town)
    town.script(issue, [note(issue)], [{"write": f"MORE-{issue}.md", "text": "more\n"}])
    await town.fault(kind="error", method="POST", path="/graphql", times=1, status=403)

    line = {"path": f"NOTES-{issue}.md", "line": 1, "body": "Why this word?"}
    wanted = {"event": "COMMENT", "comments": [line]}
    await town.repo("POST", f"/pulls/{run['pull_request']}/reviews", wanted)

    ended = await over(town, issue, "blocked")
    assert ended["error"]["class"] == "no_access"
    await town.comment_that(issue, lambda body: "GitHub answered 403" in body)
    await town.comment(issue, "/coppice retry")
    await town.until(lambda rows: any(r["id"] == run["id"] and r["following"] for r in rows))


async def test_stop_ends_a_round_on_the_open_pull_request(town: World) -> None:
    issue, run = await following(town)
    await town.comment(run["pull_request"], "/coppice retry")
    await town.until(lambda rows: rows[0]["status"] == "running")

    await town.comment(run["pull_request"], "/coppice stop")

    ended = await over(town, issue)
    assert "/coppice stop" in ended["error"]["message"]
    pull = await town.repo("GET", f"/pulls/{run['pull_request']}")
    assert pull["state"] == "open"


async def test_a_pull_request_closed_during_a_round_ends_the_run(town: World) -> None:
    issue, run = await following(town)
    await town.comment(run["pull_request"], "/coppice retry")
    await town.until(lambda rows: rows[0]["status"] == "running")

    await town.repo("PATCH", f"/pulls/{run['pull_request']}", {"state": "closed"})

    assert (await over(town, issue))["error"]["class"] == "closed"


async def test_a_pull_request_that_is_opened_again_is_followed_again(town: World) -> None:
    issue, run = await following(town)
    pull = f"/pulls/{run['pull_request']}"
    await town.repo("PATCH", pull, {"state": "closed"})
    await over(town, issue)

    await town.repo("PATCH", pull, {"state": "open"})

    row, *_ = await town.until(lambda rows: rows[0]["id"] == run["id"] and rows[0]["following"])
    assert (row["status"], row["error"]) == ("done", None)
    await town.comment_that(issue, lambda body: "**Done: draft #" in body)
    asked = await town.comment(run["pull_request"], "/coppice ready")
    await town.reacted(asked, "rocket")
    assert (await town.repo("GET", pull))["draft"] is False
