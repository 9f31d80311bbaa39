"""What becomes of a run when the world around it changes: each turn of a run, seen from outside."""

import asyncio

import pytest

from tests.service.world import Json, World

pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="module")]


def note(issue: int) -> dict[str, Json]:
    """A change of its own for each issue, because one of them is merged."""
    return {"write": f"NOTES-{issue}.md", "text": "A note.\n"}


async def at_work(town: World) -> tuple[int, Json]:
    """A run whose agent hangs; its issue and the run."""
    issue = await town.issue()
    town.script(issue, [note(issue), {"hang": 600}], [note(issue)])
    await town.label(issue)
    return issue, await town.at(issue, "implement")


async def following(town: World) -> tuple[int, Json]:
    """A run whose draft pull request is open."""
    issue = await town.issue()
    town.script(
        issue, [note(issue)], [note(issue), {"write": "MORE.md", "text": "more\n"}, {"hang": 600}]
    )
    await town.label(issue)
    run = await town.ended(issue)
    assert (run["status"], run["following"]) == ("done", True), run
    return issue, run


async def over(town: World, issue: int, status: str = "cancelled") -> Json:
    """Wait until the run neither works nor follows."""

    def seen(rows: list[Json]) -> bool:
        row = next(row for row in rows if row["issue"] == issue)
        return row["status"] == status and not row["following"]

    rows = await town.until(seen, seconds=20)
    return next(row for row in rows if row["issue"] == issue)


def branch(run: Json) -> str:
    return f"coppice/{run['issue']}-{run['id'][:6]}"


async def delete_branch(town: World, name: str) -> None:
    await town.repo("DELETE", f"/git/refs/heads/{name}")


async def push(town: World, name: str) -> None:
    """Commit to a branch as the maintainer would."""
    there = {"message": "Mine", "content": "bWluZQo=", "branch": name}
    await town.repo("PUT", "/contents/MINE.md", there)


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


async def test_a_closed_pull_request_ends_the_run_and_a_new_label_starts_afresh(
    town: World,
) -> None:
    issue, run = await following(town)

    await town.repo("PATCH", f"/pulls/{run['pull_request']}", {"state": "closed"})

    ended = await over(town, issue)
    assert ended["error"]["class"] == "closed"
    (comment,) = await town.said(issue)
    assert f"pull request no. {run['pull_request']} was closed by marta" in comment
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


async def test_a_push_to_the_open_pull_request_is_never_overwritten(town: World) -> None:
    issue, run = await following(town)
    await push(town, branch(run))
    theirs = (await town.repo("GET", f"/pulls/{run['pull_request']}"))["head"]["sha"]

    await town.comment(run["pull_request"], "/coppice ci")

    await town.settled("issue_comment.created", run["pull_request"])
    await asyncio.sleep(2)
    pull = await town.repo("GET", f"/pulls/{run['pull_request']}")
    assert pull["head"]["sha"] == theirs
    said = "\n".join([*await town.said(issue), *await town.said(run["pull_request"])])
    assert "Somebody pushed" in said
