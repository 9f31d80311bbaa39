"""Review threads: where they may begin, where a push leaves them, what is told of them."""

import asyncio

import pytest

from tests.forge.running import Answered, Forge, Json

TEXT = "".join(f"line {n}\n" for n in range(1, 41))


async def proposed(forge: Forge) -> tuple[str, str]:
    """Open a pull request that changes line 20 and deletes a file; return its path and head."""
    await forge.commit("main", "long.txt", TEXT)
    await forge.commit("main", "old.txt", "one\ntwo\n")
    await forge.branch("feature")
    await forge.commit("feature", "old.txt", None)
    head = await forge.commit("feature", "long.txt", TEXT.replace("line 20\n", "line twenty\n"))
    body = {"title": "x", "head": "feature", "base": "main"}
    answer = await forge.post(f"{forge.repo}/pulls", body, by="maintainer")
    return f"{forge.repo}/pulls/{answer.body['number']}", head


async def comment(forge: Forge, pull: str, head: str, /, **place: Json) -> Answered:
    body = {"path": "long.txt", "line": 20, "body": "why", "commit_id": head, **place}
    return await forge.post(f"{pull}/comments", body, by="triager")


async def read(forge: Forge, comment: Json) -> Json:
    return (await forge.get(f"{forge.repo}/pulls/comments/{comment['id']}")).body


async def test_a_thread_follows_its_line_when_lines_come_before_it(forge: Forge) -> None:
    pull, head = await proposed(forge)
    made = (await comment(forge, pull, head)).body

    text = "new\n" + TEXT.replace("line 20\n", "line twenty\n")
    pushed = await forge.commit("feature", "long.txt", text)

    now = await read(forge, made)
    assert (made["line"], now["line"], now["original_line"]) == (20, 21, 20)
    assert (now["commit_id"], now["original_commit_id"]) == (pushed, head)


async def test_a_thread_is_outdated_when_its_line_was_changed(forge: Forge) -> None:
    pull, head = await proposed(forge)
    made = (await comment(forge, pull, head)).body

    await forge.commit("feature", "long.txt", TEXT.replace("line 20\n", "line XX\n"))

    now = await read(forge, made)
    assert (now["line"], now["position"], now["original_line"]) == (None, None, 20)
    assert (now["commit_id"], now["diff_hunk"]) == (head, made["diff_hunk"])


async def test_a_thread_comes_back_with_its_line(forge: Forge) -> None:
    pull, head = await proposed(forge)
    made = (await comment(forge, pull, head)).body
    await forge.commit("feature", "long.txt", TEXT.replace("line 20\n", "line XX\n"))

    await forge.commit("feature", "long.txt", TEXT.replace("line 20\n", "line twenty\n"))

    assert (await read(forge, made))["line"] == 20


async def test_a_removed_line_is_commented_on_from_the_left(forge: Forge) -> None:
    pull, head = await proposed(forge)

    left = await comment(forge, pull, head, side="LEFT", line=20)
    deleted = await comment(forge, pull, head, side="LEFT", line=2, path="old.txt")
    right = await comment(forge, pull, head, line=2, path="old.txt")

    assert (left.status, left.body["side"]) == (201, "LEFT")
    assert left.body["diff_hunk"].endswith("-line 20")
    assert (deleted.status, deleted.body["diff_hunk"].split("\n")[-1]) == (201, "-two")
    assert right.body["errors"][0]["message"] == (
        "pull_request_review_thread.line must be part of the diff"
    )


async def test_several_lines_lie_in_one_hunk(forge: Forge) -> None:
    pull, head = await proposed(forge)

    fine = await comment(forge, pull, head, start_line=18, line=20)
    outside = await comment(forge, pull, head, start_line=3, line=20)
    backward = await comment(forge, pull, head, start_line=21, line=20)

    assert (fine.body["start_line"], fine.body["start_side"]) == (18, "RIGHT")
    assert (outside.status, backward.status) == (422, 422)
    assert "precede" in backward.body["errors"][0]["message"]


async def test_a_whole_file_has_no_line(forge: Forge) -> None:
    pull, head = await proposed(forge)
    body = {"path": "long.txt", "subject_type": "file", "body": "why", "commit_id": head}

    made = await forge.post(f"{pull}/comments", body, by="triager")

    assert (made.status, made.body["line"], made.body["subject_type"]) == (201, None, "file")


async def test_the_older_position_still_names_a_line(forge: Forge) -> None:
    pull, _ = await proposed(forge)
    body = {
        "event": "COMMENT",
        "comments": [{"path": "long.txt", "position": 5, "body": "why"}],
    }

    review = await forge.post(f"{pull}/reviews", body, by="triager")

    made = (await forge.get(f"{pull}/reviews/{review.body['id']}/comments")).body[0]
    assert (made["line"], made["position"]) == (20, 5)


async def test_a_commit_that_was_pushed_away_takes_no_comments(forge: Forge) -> None:
    """Issue 5: review comments on a force-pushed commit."""
    pull, head = await proposed(forge)
    main = await forge.get(f"{forge.repo}/git/ref/heads/main")
    body = {"sha": main.body["object"]["sha"], "force": True}
    await forge.patch(f"{forge.repo}/git/refs/heads/feature", body, by="maintainer")
    await forge.commit("feature", "long.txt", TEXT + "end\n")

    answer = await comment(forge, pull, head)

    assert answer.status == 422
    assert "commit_id is not part of the pull request" in answer.body["errors"][0]["message"]


async def test_a_comment_by_itself_is_a_review(forge: Forge) -> None:
    pull, head = await proposed(forge)
    made = (await comment(forge, pull, head)).body

    reply = await forge.post(
        f"{pull}/comments/{made['id']}/replies", {"body": "so"}, by="maintainer"
    )
    again = await forge.post(
        f"{pull}/comments/{reply.body['id']}/replies", {"body": "oh"}, by="triager"
    )

    submitted = await forge.event("pull_request_review.submitted")
    assert submitted.payload["review"]["id"] == made["pull_request_review_id"]
    assert submitted.payload["review"]["body"] is None
    assert again.body["in_reply_to_id"] == reply.body["in_reply_to_id"] == made["id"]


async def test_a_deleted_comment_is_told_of(forge: Forge) -> None:
    pull, head = await proposed(forge)
    made = (await comment(forge, pull, head)).body

    await forge.delete(f"{forge.repo}/pulls/comments/{made['id']}", by="triager")

    deleted = await forge.event("pull_request_review_comment.deleted")
    assert deleted.payload["comment"]["id"] == made["id"]
    assert (await forge.get(f"{pull}/reviews")).body == []


async def test_an_edited_comment_says_what_it_said_before(forge: Forge) -> None:
    pull, head = await proposed(forge)
    made = (await comment(forge, pull, head)).body
    path = f"{forge.repo}/pulls/comments/{made['id']}"

    others = await forge.patch(path, {"body": "mine"}, by="reader")
    await forge.patch(path, {"body": "because"}, by="triager")

    edited = await forge.event("pull_request_review_comment.edited")
    assert others.status == 403
    assert edited.payload["changes"] == {"body": {"from": "why"}}


async def test_a_dismissed_review_is_told_of(forge: Forge) -> None:
    pull, _ = await proposed(forge)
    review = await forge.post(f"{pull}/reviews", {"event": "APPROVE"}, by="triager")
    path = f"{pull}/reviews/{review.body['id']}/dismissals"

    answer = await forge.put(path, {"message": "too soon"}, by="maintainer")

    dismissed = await forge.event("pull_request_review.dismissed")
    assert (answer.body["state"], dismissed.payload["review"]["state"]) == (
        "DISMISSED",
        "dismissed",
    )


@pytest.mark.parametrize("who", ["app", "reader"])
async def test_a_locked_conversation_takes_nothing_from_apps_and_strangers(
    forge: Forge, who: str
) -> None:
    """probot/stale#25, renovatebot/renovate#6215: an App's permissions do not help."""
    pull, _ = await proposed(forge)
    issue = pull.replace("/pulls/", "/issues/")
    by = await forge.installation_token() if who == "app" else who
    await forge.put(f"{issue}/lock", {"lock_reason": "resolved"}, by="maintainer")

    refused = [
        await forge.post(f"{issue}/comments", {"body": "x"}, by=by),
        await forge.post(f"{pull}/reviews", {"event": "COMMENT", "body": "x"}, by=by),
    ]
    allowed = await forge.post(f"{issue}/comments", {"body": "x"}, by="maintainer")

    assert {answer.status for answer in refused} == {403}
    assert refused[0].body["message"] == "Unable to create comment because issue is locked."
    assert allowed.status == 201


async def test_two_hundred_comments_come_as_one_review(forge: Forge) -> None:
    """Issue 5, bad input."""
    pull, _ = await proposed(forge)
    comments = [{"path": "long.txt", "line": 20, "body": str(n)} for n in range(200)]

    answer = await forge.post(
        f"{pull}/reviews", {"event": "COMMENT", "comments": comments}, by="triager"
    )

    assert answer.status == 200
    assert (await forge.settled()).count("pull_request_review_comment.created") == 200
    second = await forge.get(f"{pull}/comments?per_page=100&page=2")
    assert [one["body"] for one in second.body[-2:]] == ["198", "199"]


async def test_a_deleted_reviewer_is_nobody(forge: Forge) -> None:
    """26: `user` is null in REST."""
    pull, head = await proposed(forge)
    made = (await comment(forge, pull, head)).body

    await forge.switch("ghost", login=forge.login("triager"))

    assert (await read(forge, made))["user"] is None
    assert (await forge.get(f"{pull}/reviews")).body[0]["user"] is None


async def test_threads_stay_where_the_fork_is_gone(forge: Forge) -> None:
    """16, 26: `head.repo` is null then, and nothing of the conversation is lost."""
    fork = (await forge.post(f"{forge.repo}/forks", by="stranger")).body["full_name"]
    main = await forge.get(f"/repos/{fork}/git/ref/heads/main")
    ref = {"ref": "refs/heads/mine", "sha": main.body["object"]["sha"]}
    await forge.post(f"/repos/{fork}/git/refs", ref, by="stranger")
    content = {"message": "m", "content": "eA==", "branch": "mine"}
    made = await forge.put(f"/repos/{fork}/contents/x.txt", content, by="stranger")
    body = {"title": "x", "head": f"{forge.login('stranger')}:mine", "base": "main"}
    opened = (await forge.post(f"{forge.repo}/pulls", body, by="stranger")).body
    pull = f"{forge.repo}/pulls/{opened['number']}"
    head = made.body["commit"]["sha"]
    await comment(forge, pull, head, path="x.txt", line=1)

    await forge.switch("delete", repository=fork)

    assert (await forge.get(pull)).body["head"]["repo"] is None
    assert [one["line"] for one in (await forge.get(f"{pull}/comments")).body] == [1]
    assert (await comment(forge, pull, head, path="x.txt", line=1)).status == 201


async def test_two_reviews_at_once_leave_one_pending(forge: Forge) -> None:
    """11: github/app#3371, also where both were sent in the same moment."""
    pull, _ = await proposed(forge)
    body = {"comments": [{"path": "long.txt", "line": 20, "body": "why"}]}

    answers = await asyncio.gather(
        *(forge.post(f"{pull}/reviews", body, by="triager") for _ in range(3))
    )

    assert sorted(answer.status for answer in answers) == [200, 422, 422]


async def test_two_merges_at_once_merge_once(forge: Forge) -> None:
    pull, _ = await proposed(forge)

    answers = await asyncio.gather(
        *(forge.put(f"{pull}/merge", {}, by="maintainer") for _ in range(3))
    )

    assert sorted(answer.status for answer in answers)[0] == 200
    assert {answer.status for answer in answers[1:]} <= {200, 405, 409}
    assert [name for name in await forge.settled() if name == "pull_request.closed"] == [
        "pull_request.closed"
    ]
