"""Issues, comments, labels, reactions (github.md, section e, 13-15, 18, 26)."""

from tests.forge.running import Forge


async def test_a_reaction_is_201_then_200(forge: Forge) -> None:
    """13: "Reaction created", "Reaction exists" (S)."""
    path = f"{forge.repo}/issues/1/reactions"
    first = await forge.post(path, {"content": "eyes"}, by="reader")
    again = await forge.post(path, {"content": "eyes"}, by="reader")

    assert (first.status, again.status) == (201, 200)
    assert first.body["id"] == again.body["id"]
    issue = await forge.get(f"{forge.repo}/issues/1")
    assert issue.body["reactions"]["eyes"] == 1


async def test_an_unknown_reaction_is_refused(forge: Forge) -> None:
    path = f"{forge.repo}/issues/1/reactions"

    assert (await forge.post(path, {"content": "thumbs"}, by="reader")).status == 422


async def test_only_ones_own_reaction_can_be_taken_back(forge: Forge) -> None:
    path = f"{forge.repo}/issues/1/reactions"
    made = await forge.post(path, {"content": "eyes"}, by="reader")

    other = await forge.delete(f"{path}/{made.body['id']}", by="maintainer")
    own = await forge.delete(f"{path}/{made.body['id']}", by="reader")

    assert (other.status, own.status) == (404, 204)


async def test_an_unknown_label_is_made_in_grey(forge: Forge) -> None:
    """14: github/docs#35718."""
    answer = await forge.post(
        f"{forge.repo}/issues/1/labels", {"labels": ["brand new"]}, by="maintainer"
    )

    label = next(one for one in answer.body if one["name"] == "brand new")
    assert label["color"] == "ededed"
    assert await forge.settled() == ["label.created", "issues.labeled"]


async def test_who_may_not_push_makes_no_label(forge: Forge) -> None:
    """14: cyberark/dev-flow#31."""
    path = f"{forge.repo}/issues/1/labels"

    answer = await forge.post(path, {"labels": ["brand new"]}, by="triager")

    assert answer.status == 403
    assert "brand new" not in forge.repository.labels


async def test_a_label_that_is_not_there_is_404_to_remove(forge: Forge) -> None:
    """14."""
    answer = await forge.delete(f"{forge.repo}/issues/1/labels/coppice", by="maintainer")

    assert (answer.status, answer.body["message"]) == (404, "Label does not exist")


async def test_labels_are_one_event_each(forge: Forge) -> None:
    path = f"{forge.repo}/issues/1/labels"
    await forge.put(path, {"labels": ["coppice", "enhancement"]}, by="maintainer")

    await forge.event("issues.labeled", n=2)
    await forge.event("issues.unlabeled")
    await forge.delete(f"{path}/coppice", by="maintainer")

    gone = await forge.event("issues.unlabeled", n=2)
    assert gone.payload["label"]["name"] == "coppice"


async def test_a_label_is_found_in_any_case_and_with_a_colon(forge: Forge) -> None:
    path = f"{forge.repo}/issues/1/labels"
    await forge.post(path, {"labels": ["COPPICE", "coppice:working"]}, by="maintainer")

    answer = await forge.delete(f"{path}/coppice%3Aworking", by="maintainer")

    assert "coppice" in [label["name"] for label in answer.body]


async def test_a_comment_may_have_65536_characters(forge: Forge) -> None:
    """15: telia-oss/github-pr-resource#259."""
    path = f"{forge.repo}/issues/1/comments"
    fits = await forge.post(path, {"body": "x" * 65_536}, by="reader")
    answer = await forge.post(path, {"body": "x" * 65_537}, by="reader")

    (error,) = answer.body["errors"]
    assert (fits.status, answer.status) == (201, 422)
    assert (error["resource"], error["code"], error["field"]) == (
        "IssueComment",
        "unprocessable",
        "data",
    )


async def test_a_missing_body_is_named(forge: Forge) -> None:
    answer = await forge.post(f"{forge.repo}/issues/1/comments", {}, by="reader")

    assert answer.status == 422
    assert '"body" wasn\'t supplied' in answer.body["message"]


async def test_broken_json_is_400(forge: Forge) -> None:
    url = f"{forge.api_url}{forge.repo}/issues/1/comments"
    headers = {"Authorization": f"Bearer {forge.token('reader')}"}

    async with forge.session.post(url, data=b"{", headers=headers) as response:
        body = await response.json()

    assert (response.status, body["message"]) == (400, "Problems parsing JSON")


async def test_issues_and_pull_requests_share_numbers(forge: Forge) -> None:
    """18: a pull request is readable at /issues/N."""
    pull = await forge.pull("feature")
    issue = await forge.post(f"{forge.repo}/issues", {"title": "next"}, by="reader")

    as_issue = await forge.get(f"{forge.repo}/issues/{pull['number']}")

    assert issue.body["number"] == pull["number"] + 1
    assert as_issue.body["pull_request"]["url"] == pull["url"]
    assert "pull_request" not in issue.body


async def test_a_pull_requests_label_is_its_own_event(forge: Forge) -> None:
    """18."""
    pull = await forge.pull("feature")
    path = f"{forge.repo}/issues/{pull['number']}/labels"
    await forge.post(path, {"labels": ["coppice"]}, by="maintainer")

    labeled = await forge.event("pull_request.labeled")

    assert labeled.payload["number"] == pull["number"]
    assert forge.events("issues.labeled") == []


async def test_a_comment_on_a_pull_request_is_an_issue_comment(forge: Forge) -> None:
    """18."""
    pull = await forge.pull("feature")
    path = f"{forge.repo}/issues/{pull['number']}/comments"
    await forge.post(path, {"body": "hello"}, by="reader")

    created = await forge.event("issue_comment.created")

    assert created.payload["issue"]["pull_request"]["html_url"] == pull["html_url"]


async def test_closing_keeps_the_reason_and_who(forge: Forge) -> None:
    body = {"state": "closed", "state_reason": "not_planned"}
    await forge.patch(f"{forge.repo}/issues/1", body, by="maintainer")

    closed = await forge.event("issues.closed")

    assert closed.payload["issue"]["state_reason"] == "not_planned"
    read = await forge.get(f"{forge.repo}/issues/1")
    assert read.body["closed_by"]["login"] == forge.login("maintainer")


async def test_a_reader_closes_no_issue_of_others(forge: Forge) -> None:
    await forge.post(f"{forge.repo}/issues", {"title": "mine"}, by="stranger")

    answer = await forge.patch(f"{forge.repo}/issues/1", {"state": "closed"}, by="stranger")
    own = await forge.patch(f"{forge.repo}/issues/4", {"state": "closed"}, by="stranger")

    assert (answer.status, own.status) == (403, 200)


async def test_a_readers_labels_on_a_new_issue_are_dropped(forge: Forge) -> None:
    body = {"title": "please", "labels": ["coppice"]}
    answer = await forge.post(f"{forge.repo}/issues", body, by="reader")

    assert (answer.status, answer.body["labels"]) == (201, [])
    assert await forge.settled() == ["issues.opened"]


async def test_a_deleted_account_is_null(forge: Forge) -> None:
    """26: `user: null` in REST."""
    made = await forge.post(f"{forge.repo}/issues/1/comments", {"body": "x"}, by="stranger")

    await forge.switch("ghost", login=forge.login("stranger"))

    comment = await forge.get(f"{forge.repo}/issues/comments/{made.body['id']}")
    assert comment.body["user"] is None


async def test_a_locked_issue_takes_comments_of_writers_only(forge: Forge) -> None:
    await forge.put(f"{forge.repo}/issues/1/lock", by="maintainer")
    path = f"{forge.repo}/issues/1/comments"

    reader = await forge.post(path, {"body": "x"}, by="reader")
    maintainer = await forge.post(path, {"body": "x"}, by="maintainer")

    assert (reader.status, maintainer.status) == (403, 201)


async def test_the_timeline_tells_what_happened(forge: Forge) -> None:
    await forge.post(f"{forge.repo}/issues/1/labels", {"labels": ["coppice"]}, by="maintainer")
    await forge.post(f"{forge.repo}/issues/1/comments", {"body": "x"}, by="reader")
    await forge.patch(f"{forge.repo}/issues/1", {"state": "closed"}, by="maintainer")

    timeline = await forge.get(f"{forge.repo}/issues/1/timeline")

    assert [line["event"] for line in timeline.body] == ["labeled", "commented", "closed"]


async def test_people_are_assigned_and_told(forge: Forge) -> None:
    path = f"{forge.repo}/issues/1/assignees"
    who = forge.login("triager")

    answer = await forge.post(path, {"assignees": [who, "nobody"]}, by="maintainer")

    assert [one["login"] for one in answer.body["assignees"]] == [who]
    assert (await forge.event("issues.assigned")).payload["assignee"]["login"] == who
