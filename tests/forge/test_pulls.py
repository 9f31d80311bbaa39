"""Pull requests and reviews (github.md, section e, 10-12, 18, 20, 26)."""

import pytest

from tests.forge.running import Forge, Json


async def propose(forge: Forge, head: str, /, **more: Json) -> Json:
    body = {"title": "x", "head": head, "base": "main", "body": "", **more}
    return await forge.post(f"{forge.repo}/pulls", body, by="maintainer")


async def test_a_second_pull_request_of_a_branch_is_refused(forge: Forge) -> None:
    """10: vsoch/pull-request-action#86, gm3dmo/the-power#175."""
    await forge.pull("feature")

    answer = await propose(forge, "feature")

    (error,) = answer.body["errors"]
    assert answer.status == 422
    assert (error["code"], error["message"]) == (
        "custom",
        "A pull request already exists for acme:feature.",
    )


async def test_a_branch_without_commits_is_refused(forge: Forge) -> None:
    """10."""
    head = await forge.get(f"{forge.repo}/git/ref/heads/main")
    body = {"ref": "refs/heads/same", "sha": head.body["object"]["sha"]}
    await forge.post(f"{forge.repo}/git/refs", body, by="maintainer")

    answer = await propose(forge, "same")

    assert answer.status == 422
    assert answer.body["errors"][0]["message"] == "No commits between main and same"


@pytest.mark.parametrize("field", ["head", "base"])
async def test_an_unknown_branch_is_named(forge: Forge, field: str) -> None:
    """10: shepherd#51."""
    await forge.branch("feature")

    answer = await propose(forge, "feature", **{field: "nowhere"})

    (error,) = answer.body["errors"]
    assert answer.status == 422
    assert (error["resource"], error["field"], error["code"]) == ("PullRequest", field, "invalid")


async def test_drafts_are_refused_where_there_are_none(forge: Forge) -> None:
    """SWE-agent/SWE-agent#179: the message stands alone, without `errors`."""
    await forge.switch("drafts", on=False)
    await forge.branch("feature")

    draft = await propose(forge, "feature", draft=True)
    ordinary = await propose(forge, "feature")

    assert draft.status == 422
    assert draft.body["message"] == "Draft pull requests are not supported in this repository."
    assert (ordinary.status, ordinary.body["draft"]) == (201, False)


async def test_a_refused_pull_request_uses_up_no_number(forge: Forge) -> None:
    await propose(forge, "nowhere")

    assert (await forge.pull("feature"))["number"] == 4


async def test_a_body_that_is_too_long_is_refused(forge: Forge) -> None:
    await forge.branch("feature")

    answer = await propose(forge, "feature", body="x" * 65_537)

    assert (answer.status, answer.body["errors"][0]["resource"]) == (422, "PullRequest")


async def test_mergeable_is_null_until_it_is_computed(forge: Forge) -> None:
    """20."""
    pull = await forge.pull("feature")
    path = f"{forge.repo}/pulls/{pull['number']}"

    first, second = await forge.get(path), await forge.get(path)

    assert (pull["mergeable"], first.body["mergeable"], second.body["mergeable"]) == (
        None,
        None,
        True,
    )


async def test_mergeable_stays_null_as_long_as_asked_for(forge: Forge) -> None:
    """20."""
    pull = await forge.pull("feature")
    await forge.switch("mergeable_unknown", number=pull["number"], reads=2)
    path = f"{forge.repo}/pulls/{pull['number']}"

    read = [(await forge.get(path)).body["mergeable"] for _ in range(3)]

    assert read == [None, None, True]


async def test_a_conflict_is_not_mergeable(forge: Forge) -> None:
    """20: 405."""
    await forge.branch("feature")
    await forge.commit("feature", "same.txt", "one\n")
    answer = await propose(forge, "feature")
    await forge.commit("main", "same.txt", "other\n")
    path = f"{forge.repo}/pulls/{answer.body['number']}"

    await forge.get(path)
    read = await forge.get(path)
    merge = await forge.put(f"{path}/merge", {}, by="maintainer")

    assert (read.body["mergeable"], read.body["mergeable_state"]) == (False, "dirty")
    assert (merge.status, merge.body["message"]) == (405, "Pull Request is not mergeable")


async def test_a_merge_of_another_head_is_409(forge: Forge) -> None:
    """20."""
    pull = await forge.pull("feature")

    answer = await forge.put(
        f"{forge.repo}/pulls/{pull['number']}/merge", {"sha": "0" * 40}, by="maintainer"
    )

    assert answer.status == 409


async def test_a_merge_closes_what_the_body_names(forge: Forge) -> None:
    pull = await forge.pull("feature", body="Closes #1")

    path = f"{forge.repo}/pulls/{pull['number']}"
    answer = await forge.put(f"{path}/merge", {}, by="maintainer")

    assert answer.status == 200
    closed = await forge.event("pull_request.closed")
    assert closed.payload["pull_request"]["merged"] is True
    assert (await forge.get(f"{forge.repo}/issues/1")).body["state"] == "closed"
    main = await forge.get(f"{forge.repo}/git/ref/heads/main")
    assert main.body["object"]["sha"] == answer.body["sha"]


async def test_an_apps_own_pull_request_cannot_be_approved_by_it(forge: Forge) -> None:
    """11: hubtty#33: strings, not objects."""
    await forge.branch("feature")
    token = await forge.installation_token()
    body = {"title": "x", "head": "feature", "base": "main", "draft": True}
    pull = await forge.post(f"{forge.repo}/pulls", body, by=token)

    path = f"{forge.repo}/pulls/{pull.body['number']}/reviews"
    answer = await forge.post(path, {"event": "APPROVE"}, by=token)

    assert pull.body["user"]["type"] == "Bot"
    assert (answer.status, answer.body["errors"]) == (
        422,
        ["Can not approve your own pull request"],
    )


async def test_a_user_has_one_pending_review(forge: Forge) -> None:
    """11: github/app#3371."""
    path = f"{forge.repo}/pulls/{(await forge.pull('feature'))['number']}/reviews"
    first = await forge.post(path, {"body": "soon"}, by="reader")

    second = await forge.post(path, {"body": "too"}, by="reader")

    assert (first.body["state"], second.status) == ("PENDING", 422)
    assert "pull_request_review.submitted" not in await forge.settled()


async def test_others_do_not_see_a_pending_review(forge: Forge) -> None:
    path = f"{forge.repo}/pulls/{(await forge.pull('feature'))['number']}/reviews"
    await forge.post(path, {"body": "soon"}, by="reader")

    others, own = await forge.get(path, by="maintainer"), await forge.get(path, by="reader")

    assert (len(others.body), len(own.body)) == (0, 1)


async def test_one_line_outside_of_the_diff_refuses_the_whole_review(forge: Forge) -> None:
    """12: parkerbxyz/suggest-changes#28, #48; pr-agent#592."""
    pull = await forge.pull("feature")
    path = f"{forge.repo}/pulls/{pull['number']}"
    comments = [{"path": "feature.txt", "line": n, "body": "x"} for n in (1, 99)]

    answer = await forge.post(
        f"{path}/reviews", {"event": "COMMENT", "body": "", "comments": comments}, by="reader"
    )

    assert answer.status == 422
    assert answer.body["errors"] == ["Pull request review thread line must be part of the diff"]
    assert (await forge.get(f"{path}/comments")).body == []


async def test_a_start_line_precedes_its_line(forge: Forge) -> None:
    """12: ubuntu/WSL#244."""
    pull = await forge.pull("feature")
    comment = {"path": "feature.txt", "line": 1, "start_line": 1, "body": "x"}

    answer = await forge.post(
        f"{forge.repo}/pulls/{pull['number']}/reviews",
        {"event": "COMMENT", "body": "x", "comments": [comment]},
        by="reader",
    )

    assert (answer.status, "precede" in answer.body["errors"][0]) == (422, True)


async def test_a_review_tells_of_itself_and_its_comments(forge: Forge) -> None:
    pull = await forge.pull("feature")
    comment = {"path": "feature.txt", "line": 1, "body": "why"}
    body = {"event": "REQUEST_CHANGES", "body": "no", "comments": [comment]}
    await forge.post(f"{forge.repo}/pulls/{pull['number']}/reviews", body, by="triager")

    submitted = await forge.event("pull_request_review.submitted")
    commented = await forge.event("pull_request_review_comment.created")

    assert submitted.payload["review"]["state"] == "changes_requested"
    assert commented.payload["comment"]["diff_hunk"].startswith("@@ -0,0 +1 @@")


async def test_a_reply_stands_in_its_thread(forge: Forge) -> None:
    pull = await forge.pull("feature")
    path = f"{forge.repo}/pulls/{pull['number']}"
    place = {"path": "feature.txt", "line": 1, "commit_id": pull["head"]["sha"]}
    first = await forge.post(f"{path}/comments", {**place, "body": "why"}, by="reader")

    reply = await forge.post(
        f"{path}/comments/{first.body['id']}/replies", {"body": "so"}, by="maintainer"
    )

    assert (reply.status, reply.body["in_reply_to_id"]) == (201, first.body["id"])


async def test_the_author_is_not_asked_for_a_review(forge: Forge) -> None:
    path = f"{forge.repo}/pulls/{(await forge.pull('feature'))['number']}/requested_reviewers"

    own = await forge.post(path, {"reviewers": [forge.login("maintainer")]}, by="maintainer")
    other = await forge.post(path, {"reviewers": [forge.login("triager")]}, by="maintainer")

    assert (own.status, other.status) == (422, 201)
    await forge.event("pull_request.review_requested")


async def test_a_forks_pull_request_has_its_own_head(forge: Forge) -> None:
    """16, 26: `head.repo` is the fork, and null once it is gone."""
    fork = await forge.post(f"{forge.repo}/forks", by="stranger")
    name = fork.body["full_name"]
    main = await forge.get(f"/repos/{name}/git/ref/heads/main")
    ref = {"ref": "refs/heads/coppice/1", "sha": main.body["object"]["sha"]}
    await forge.post(f"/repos/{name}/git/refs", ref, by="stranger")
    content = {"message": "m", "content": "eA==", "branch": "coppice/1"}
    await forge.put(f"/repos/{name}/contents/x.txt", content, by="stranger")
    body = {"title": "x", "head": f"{forge.login('stranger')}:coppice/1", "base": "main"}
    pull = (await forge.post(f"{forge.repo}/pulls", body, by="stranger")).body

    assert pull["head"]["repo"]["full_name"] == name
    assert pull["changed_files"] == 1
    forge.repository.issues[pull["number"]].pull.head_repository = None  # type: ignore[union-attr]
    read = await forge.get(f"{forge.repo}/pulls/{pull['number']}")
    assert read.body["head"]["repo"] is None


async def test_a_pull_request_is_shown_as_a_diff(forge: Forge) -> None:
    pull = await forge.pull("feature")
    path = f"{forge.repo}/pulls/{pull['number']}"

    diff = await forge.get(path, Accept="application/vnd.github.diff")

    assert diff.body.startswith("diff --git a/feature.txt b/feature.txt")
