"""What people and pushes do to an open pull request, and the round that answers them."""

from typing import Any

import pytest

from tests.service.gate import plan
from tests.service.turns import branch, note, push
from tests.service.world import Json, World

pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="module")]

QUICK = "verify: {test: 'true'}\nlimits: {open_pull_requests: 100, settle: 1}\n"


@pytest.fixture(scope="module")
def rules() -> str:
    return QUICK


async def opened(town: World, *later: list[Json]) -> tuple[int, Json]:
    """A run whose draft is open with `NOTES-{issue}.md`; ``later`` are its further attempts."""
    issue = await town.issue()
    town.script(issue, [note(issue)], *later)
    await town.label(issue)
    run = await town.ended(issue)
    assert (run["status"], run["following"]) == ("done", True), run
    return issue, run


async def head(town: World, run: Json) -> str:
    return str((await town.repo("GET", f"/pulls/{run['pull_request']}"))["head"]["sha"])


async def review(town: World, run: Json, *comments: Json, body: str = "", **more: Any) -> Json:
    """Submit a review as the maintainer, with comments on lines."""
    wanted = {"event": "COMMENT", "comments": list(comments), **more}
    if body:
        wanted["body"] = body
    return await town.repo("POST", f"/pulls/{run['pull_request']}/reviews", wanted)


async def settled(town: World, issue: int) -> Json:
    """Wait until the run follows again."""

    def seen(rows: list[Json]) -> bool:
        row = next(r for r in rows if r["issue"] == issue)
        return row["following"] and row["status"] in ("done", "blocked", "failed")

    rows = await town.until(seen)
    return next(row for row in rows if row["issue"] == issue)


async def answers(town: World, run: Json, count: int) -> list[Json]:
    """Wait for so many comments of ours in review threads."""
    import asyncio

    async with asyncio.timeout(150):
        while True:
            listed = await town.repo("GET", f"/pulls/{run['pull_request']}/comments")
            ours = [c for c in listed if c["user"]["type"] == "Bot"]
            if len(ours) >= count:
                return ours
            await asyncio.sleep(0.2)


async def test_every_thread_of_a_review_is_answered_in_one_review(town: World) -> None:
    fix = {"write": "MORE.md", "text": "More.\n"}
    words = "1: fixed the wording\n2: declined because the name is public\n3: question which one"
    issue = len(await town.repo("GET", "/issues?state=all")) + 1
    path = f"NOTES-{issue}.md"
    six = {"write": path, "text": "one\ntwo\nthree\nfour\nfive\nsix\n"}
    town.script(
        issue, [six], [{**six, "text": "ONE\ntwo\nthree\nfour\nfive\nsix\n"}, fix, {"say": words}]
    )
    assert await town.issue() == issue
    await town.label(issue)
    run = await town.ended(issue)
    before = await head(town, run)

    lines = [{"path": path, "line": n, "body": f"Line {n}?"} for n in (1, 2, 3)]
    suggested = {"path": path, "line": 5, "body": "```suggestion\nFIVE\n```"}
    await review(town, run, *lines, suggested, body="Some remarks.")

    after = await town.head_after(run["pull_request"], before)
    ours = await answers(town, run, 4)
    texts = [c["body"] for c in ours]
    assert f"Fixed in {after[:7]}: the wording." in texts
    assert "Declined because the name is public." in texts
    assert "which one" in texts
    assert f"Fixed in {after[:7]}, as suggested." in texts
    assert len({c["pull_request_review_id"] for c in ours}) == 1
    reviews = await town.repo("GET", f"/pulls/{run['pull_request']}/reviews")
    (mine,) = [r for r in reviews if r["user"]["type"] == "Bot"]
    assert mine["state"] == "COMMENTED"
    assert "4 threads: 2 fixed, 1 declined, 1 question." in mine["body"]
    await settled(town, issue)


async def test_a_round_waits_for_a_github_that_does_not_answer_a_question(town: World) -> None:
    issue, run = await opened(town, [{"say": "1: declined because it is fine"}])
    await town.fault(kind="error", method="POST", path="/graphql", times=1)

    await review(town, run, {"path": f"NOTES-{issue}.md", "line": 1, "body": "Why?"})

    (answer,) = await answers(town, run, 1)
    assert answer["body"] == "Declined because it is fine."
    assert (await settled(town, issue))["status"] == "done"


async def test_somebodys_push_is_kept_and_judged(town: World) -> None:
    issue, run = await opened(town)
    before = await head(town, run)

    await push(town, branch(run))

    theirs = await town.head_after(run["pull_request"], before)
    await town.until(lambda rows: True)
    import asyncio

    async with asyncio.timeout(150):
        while "Coppice / verify" not in await town.checks(theirs):
            await asyncio.sleep(0.2)
    assert await head(town, run) == theirs
    assert (await settled(town, issue))["status"] == "done"


async def test_ours_goes_on_top_of_what_somebody_pushed_during_the_round(town: World) -> None:
    more = {"write": "MORE.md", "text": "More.\n"}
    issue, run = await opened(town, [more, {"hang": 3}])
    before = await head(town, run)
    await town.comment(run["pull_request"], "/coppice and add MORE.md")
    await town.until(lambda rows: rows[0]["issue"] == issue and rows[0]["status"] == "running")

    await push(town, branch(run))

    theirs = await town.head_after(run["pull_request"], before)
    ours = await town.head_after(run["pull_request"], theirs)
    files = await town.repo("GET", f"/pulls/{run['pull_request']}/files")
    names = sorted(file["filename"] for file in files)
    assert names == ["MINE.md", "MORE.md", f"NOTES-{issue}.md"]
    compared = await town.repo("GET", f"/compare/{theirs}...{ours}")
    assert compared["status"] == "ahead"


async def test_ci_goes_on_top_of_what_somebody_pushed(town: World) -> None:
    issue, run = await opened(town)
    await push(town, branch(run))
    await settled(town, issue)

    asked = await town.comment(run["pull_request"], "/coppice ci")

    await town.reacted(asked, "rocket")
    commits = await town.repo("GET", f"/pulls/{run['pull_request']}/commits")
    assert [c["commit"]["message"].splitlines()[0] for c in commits][-2:] == [
        "Mine",
        f"Run CI for Coppice run {run['id'][:6]}",
    ]


async def test_once_ci_runs_the_status_comment_offers_it_no_more(town: World) -> None:
    issue, run = await opened(town)
    await town.comment_that(issue, lambda body: "CI was left out so far" in body)

    asked = await town.comment(run["pull_request"], "/coppice ci")

    await town.reacted(asked, "rocket")
    (comment,) = await town.said(issue)
    assert "Done: draft" in comment
    assert "CI was left out" not in comment


async def test_where_ci_runs_already_no_commit_is_made_for_it(town: World) -> None:
    await town.write_file(".github/coppice.yml", f"{QUICK}ci: auto\n")
    _, run = await opened(town)
    before, number = await head(town, run), run["pull_request"]

    asked = await town.comment(number, "/coppice ci")

    await town.reacted(asked, "rocket")
    said = await town.comment_that(number, lambda body: "nothing was pushed" in body)
    assert said["body"].startswith(
        f"`/coppice ci` by `marta`: nothing was pushed. CI runs on {before[:7]} already, because"
        " `ci: auto` leaves it out of nothing."
    )
    assert await head(town, run) == before


async def test_a_conflict_with_the_base_is_merged_and_resolved(town: World) -> None:
    issue = await town.issue()
    path = f"NOTES-{issue}.md"
    await town.write_file(path, "old\n")
    both = {"write": path, "text": "ours and theirs\n"}
    town.script(issue, [note(issue)], [both])
    await town.label(issue)
    run = await town.ended(issue)
    before = await head(town, run)

    await town.write_file(path, "theirs\n")

    after = await town.head_after(run["pull_request"], before)
    pull = await town.repo("GET", f"/pulls/{run['pull_request']}")
    commit = await town.repo("GET", f"/commits/{after}")
    assert len(commit["parents"]) == 2
    assert pull["mergeable"] in (True, None)
    await settled(town, issue)


async def test_a_conflict_that_stays_is_said(town: World) -> None:
    issue = await town.issue()
    path = f"NOTES-{issue}.md"
    await town.write_file(path, "old\n")
    town.script(issue, [note(issue)], [{"write": "MORE.md", "text": "no\n"}])
    await town.label(issue)
    run = await town.ended(issue)
    before = await head(town, run)

    await town.write_file(path, "theirs\n")

    def seen(rows: list[Json]) -> bool:
        return bool(rows[0]["issue"] == issue and rows[0]["status"] == "blocked")

    (blocked, *_) = await town.until(seen)
    assert blocked["error"]["class"] == "conflicts"
    assert await head(town, run) == before


async def test_a_round_that_fails_again_is_told_again_and_the_old_word_is_folded(
    town: World,
) -> None:
    strict = "verify: {test: 'test ! -f BAD.md'}\nlimits: {open_pull_requests: 100, attempts: 1}\n"
    await town.write_file(".github/coppice.yml", strict)
    bad = [{"write": "BAD.md", "text": "bad\n"}]
    issue, run = await opened(town, bad, bad)
    number = run["pull_request"]

    for turn in (1, 2):
        asked = await town.comment(number, f"/coppice write something, turn {turn}")
        await town.reacted(asked, "confused")
        await settled(town, issue)

    listed = await town.repo("GET", f"/issues/{issue}/comments")
    told = [c for c in listed if "coppice:ended-" in c["body"]]
    assert len(told) == 2
    query = "query($id: ID!) { node(id: $id) { ... on IssueComment { isMinimized } } }"
    folded = [
        (await town.call("POST", "/graphql", {"query": query, "variables": {"id": c["node_id"]}}))
        for c in told
    ]
    assert [answer["data"]["node"]["isMinimized"] for answer in folded] == [True, False]


async def test_a_draft_becomes_ready_when_somebody_says_so(town: World) -> None:
    _, run = await opened(town)

    asked = await town.comment(run["pull_request"], "/coppice ready")

    await town.reacted(asked, "rocket")
    assert (await town.repo("GET", f"/pulls/{run['pull_request']}"))["draft"] is False


async def test_an_approval_is_asked_about_before_a_push_may_dismiss_it(town: World) -> None:
    fix = {"write": "FIX.md", "text": "fixed\n"}
    issue, run = await opened(town, [fix])
    before = await head(town, run)
    path, number = f"NOTES-{issue}.md", run["pull_request"]
    await review(town, run, event="APPROVE", body="Good.")

    await review(town, run, {"path": path, "line": 1, "body": "One more thing."})

    notice = await town.comment_that(number, lambda body: f"#{number} is approved" in body)
    assert "@marta" in notice["body"]
    assert "It would take up 1 review thread." in notice["body"]
    assert await head(town, run) == before
    await town.comment(number, "/coppice approve")
    await town.head_after(number, before)
    await answers(town, run, 1)


async def test_the_approval_of_a_stranger_keeps_nothing_from_being_pushed(town: World) -> None:
    issue, run = await opened(town, [{"write": "FIX.md", "text": "fixed\n"}])
    before, number = await head(town, run), run["pull_request"]
    praise = {"event": "APPROVE", "body": "Good."}
    await town.repo("POST", f"/pulls/{number}/reviews", praise, who="stranger")

    await review(town, run, {"path": f"NOTES-{issue}.md", "line": 1, "body": "One more thing."})

    await town.head_after(number, before)


async def test_what_an_approving_review_asks_for_is_taken_in(town: World) -> None:
    fix = {"write": "FIX.md", "text": "fixed\n"}
    issue, run = await opened(town, [fix])
    before, number = await head(town, run), run["pull_request"]
    asked = {"path": f"NOTES-{issue}.md", "line": 1, "body": "And this."}

    await review(town, run, asked, event="APPROVE", body="LGTM, but please rename x.")

    notice = await town.comment_that(number, lambda body: f"#{number} is approved" in body)
    assert "It would take up 1 review thread, what reviewers wrote." in notice["body"]
    assert await head(town, run) == before
    await town.comment(number, "/coppice approve")
    await town.head_after(number, before)
    await answers(town, run, 1)
    (brief,) = town.folder.glob(f"coppice/**/{run['id']}/round.md")
    assert "> marta: LGTM, but please rename x." in brief.read_text()


async def test_a_rebase_puts_one_commit_of_ours_on_the_base_as_it_is(town: World) -> None:
    _, run = await opened(town)
    before = await head(town, run)
    await town.write_file("MOVED.md", "The base moved.\n")
    base = (await town.repo("GET", "/git/ref/heads/main"))["object"]["sha"]

    asked = await town.comment(run["pull_request"], "/coppice rebase")

    after = await town.head_after(run["pull_request"], before)
    await town.reacted(asked, "rocket")
    commit = await town.repo("GET", f"/commits/{after}")
    assert [parent["sha"] for parent in commit["parents"]] == [base]


async def test_a_branch_with_somebodys_commit_is_never_rebased(town: World) -> None:
    issue, run = await opened(town)
    await push(town, branch(run))
    await settled(town, issue)
    theirs = await head(town, run)
    await town.write_file("MOVED-2.md", "The base moved.\n")

    asked = await town.comment(run["pull_request"], "/coppice rebase")

    await town.reacted(asked, "confused")
    number = run["pull_request"]
    await town.comment_that(number, lambda body: f"#{number} holds somebody else's commit" in body)
    assert await head(town, run) == theirs


async def test_where_nothing_is_to_do_it_is_said(town: World) -> None:
    _, run = await opened(town)
    before, number = await head(town, run), run["pull_request"]

    rebase = await town.comment(number, "/coppice rebase")

    await town.reacted(rebase, "rocket")
    await town.comment(number, "/coppice fix")
    said = await town.comment_that(number, lambda body: "nothing to mend" in body)
    assert said["body"].startswith("`/coppice fix` by `marta`: there was nothing to mend on #")
    assert await head(town, run) == before


async def test_what_was_declined_is_not_raised_again(town: World) -> None:
    issue, run = await opened(town, [{"say": "1: declined because it is public"}])
    before = await head(town, run)
    path = f"NOTES-{issue}.md"

    await review(town, run, {"path": path, "line": 1, "body": "Rename it."})

    (declined,) = await answers(town, run, 1)
    assert declined["body"] == "Declined because it is public."
    assert await head(town, run) == before
    asked = await town.comment(run["pull_request"], "/coppice fix")
    await town.reacted(asked, "confused")
    assert len(await answers(town, run, 1)) == 1


async def test_a_round_shows_the_range_diff_of_its_push(town: World) -> None:
    issue, run = await opened(town, [{"write": "MORE.md", "text": "More.\n"}, {"say": "1: fixed"}])
    before = await head(town, run)
    path = f"NOTES-{issue}.md"

    await review(town, run, {"path": path, "line": 1, "body": "More, please."})

    after = await town.head_after(run["pull_request"], before)
    await answers(town, run, 1)
    reviews = await town.repo("GET", f"/pulls/{run['pull_request']}/reviews")
    (mine,) = [r for r in reviews if r["user"]["type"] == "Bot"]
    assert "<details><summary>Range-diff of this push</summary>" in mine["body"]
    assert f"-:  ------- > 2:  {after[:7]}" in mine["body"]
    await settled(town, issue)
    assert "Range-diff" not in (await town.said(issue))[0]
    asked = f"/pulls/{run['pull_request']}/requested_reviewers"
    assert len([w for w in await town.writes() if w["path"].endswith(asked)]) == 1


async def test_a_rebase_shows_its_range_diff_in_the_status_comment(town: World) -> None:
    issue, run = await opened(town)
    before = await head(town, run)
    await town.write_file("MOVED-3.md", "The base moved.\n")

    await town.comment(run["pull_request"], "/coppice rebase")

    after = await town.head_after(run["pull_request"], before)
    status = await town.comment_that(issue, lambda body: "Range-diff of this push" in body)
    assert f"1:  {before[:7]} = 1:  {after[:7]}" in status["body"]


async def test_a_base_that_is_followed_is_merged_in_without_a_conflict(town: World) -> None:
    await town.write_file(".github/coppice.yml", QUICK + "base: follow\n")
    issue, run = await opened(town)
    before = await head(town, run)

    await town.write_file("FOLLOWED.md", "The base moved.\n")

    after = await town.head_after(run["pull_request"], before)
    base = (await town.repo("GET", "/git/ref/heads/main"))["object"]["sha"]
    commit = await town.repo("GET", f"/commits/{after}")
    assert [parent["sha"] for parent in commit["parents"]] == [before, base]
    rounds = [s for s in (await settled(town, issue))["stages"] if s["name"] == "implement"]
    assert len(rounds) == 1
    await town.write_file(".github/coppice.yml", QUICK)


async def test_title_and_body_tell_of_the_whole_difference_after_a_round(town: World) -> None:
    issue, run = await opened(town, [{"write": "MORE.md", "text": "More.\n"}])
    before = await town.repo("GET", f"/pulls/{run['pull_request']}")

    await town.comment(run["pull_request"], "/coppice add MORE.md")

    after = await town.head_after(run["pull_request"], before["head"]["sha"])
    await settled(town, issue)
    pull = await town.repo("GET", f"/pulls/{run['pull_request']}")
    assert pull["title"] == before["title"]
    assert f"Closes #{issue}" in pull["body"]
    assert f"here {after[:7]}" in pull["body"]
    assert "MORE.md" not in pull["title"]


async def test_a_follow_up_is_no_new_plan(town: World) -> None:
    issue = await town.issue()
    wanted = plan(f"NOTES-{issue}.md")
    town.script(issue, [note(issue)], [{"write": "MORE.md", "text": "More.\n"}], plan=[wanted])
    await town.label(issue)
    run = await town.ended(issue)
    before = await head(town, run)

    await town.comment(run["pull_request"], "/coppice add MORE.md")

    await town.head_after(run["pull_request"], before)
    stages = [stage["name"] for stage in (await settled(town, issue))["stages"]]
    assert stages.count("plan") == 1
    assert stages.count("implement") >= 2
