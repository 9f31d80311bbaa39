"""Timelines and events of issues: what somebody who was away reads up on."""

from tests.forge.running import Forge, Json


async def timeline(forge: Forge, number: int, kind: str = "timeline") -> list[Json]:
    answer = await forge.get(f"{forge.repo}/issues/{number}/{kind}?per_page=100")
    assert answer.status == 200, answer.body
    return list(answer.body)


async def test_labels_and_closing_are_told_with_who_and_when(forge: Forge) -> None:
    await forge.post(f"{forge.repo}/issues/1/labels", {"labels": ["coppice"]}, by="maintainer")
    await forge.patch(f"{forge.repo}/issues/1", {"state": "closed"}, by="maintainer")

    labeled, closed = await timeline(forge, 1, "events")

    assert (labeled["event"], labeled["label"]["name"]) == ("labeled", "coppice")
    assert labeled["actor"]["login"] == forge.login("maintainer")
    assert (closed["event"], closed["created_at"] >= labeled["created_at"]) == ("closed", True)


async def test_a_mention_elsewhere_is_in_the_timeline_once(forge: Forge) -> None:
    body = {"title": "Another", "body": "like #1, and #1 again\n\n`#2`"}
    source = await forge.post(f"{forge.repo}/issues", body, by="reader")
    path = f"{forge.repo}/issues/{source.body['number']}"
    await forge.patch(path, {"body": "still #1"}, by="reader")

    (line,) = await timeline(forge, 1)

    assert (line["event"], line["source"]["issue"]["number"]) == (
        "cross-referenced",
        source.body["number"],
    )
    assert await timeline(forge, 2) == []
    assert await timeline(forge, 1, "events") == []


async def test_a_pull_requests_life_is_told(forge: Forge) -> None:
    pull = await forge.pull("feature", draft=True)
    path = f"{forge.repo}/pulls/{pull['number']}"
    who = {"reviewers": [forge.login("triager")]}
    await forge.post(f"{path}/requested_reviewers", who, by="maintainer")
    await forge.post(f"{path}/reviews", {"event": "APPROVE"}, by="triager")
    ready = """mutation($id: ID!) {
      markPullRequestReadyForReview(input: {pullRequestId: $id}) { __typename }
    }"""
    await forge.post(
        "/graphql", {"query": ready, "variables": {"id": pull["node_id"]}}, by="maintainer"
    )
    await forge.put(f"{path}/merge", {}, by="maintainer")

    lines = await timeline(forge, pull["number"])

    assert [line["event"] for line in lines] == [
        "committed",
        "review_requested",
        "reviewed",
        "ready_for_review",
        "merged",
        "closed",
    ]
    assert lines[1]["requested_reviewer"]["login"] == forge.login("triager")
    assert lines[4]["commit_id"]


async def test_a_forced_push_and_a_deleted_branch_are_told(forge: Forge) -> None:
    pull = await forge.pull("feature")
    main = await forge.get(f"{forge.repo}/git/ref/heads/main")
    tree = (await forge.get(f"{forge.repo}/git/commits/{pull['head']['sha']}")).body["tree"]["sha"]
    new = {"message": "Again", "tree": tree, "parents": [main.body["object"]["sha"]]}
    commit = await forge.post(f"{forge.repo}/git/commits", new, by="maintainer")
    moved = {"sha": commit.body["sha"], "force": True}
    await forge.patch(f"{forge.repo}/git/refs/heads/feature", moved, by="maintainer")
    await forge.delete(f"{forge.repo}/git/refs/heads/feature", by="maintainer")

    forced, deleted, closed = await timeline(forge, pull["number"], "events")

    assert (forced["event"], forced["commit_id"]) == ("head_ref_force_pushed", moved["sha"])
    assert (deleted["event"], closed["event"]) == ("head_ref_deleted", "closed")


async def test_a_lock_is_told_and_stops_reactions(forge: Forge) -> None:
    """GitHawkApp/GitHawk#2297, github/gh-aw#15966: even of those who may write."""
    path = f"{forge.repo}/issues/1"
    await forge.put(f"{path}/lock", {"lock_reason": "too heated"}, by="maintainer")

    reaction = await forge.post(f"{path}/reactions", {"content": "eyes"}, by="maintainer")

    event = await forge.event("issues.locked")
    (line,) = await timeline(forge, 1, "events")
    assert event.payload["issue"]["active_lock_reason"] == "too heated"
    assert (line["event"], line["lock_reason"]) == ("locked", "too heated")
    assert reaction.status == 403
    await forge.delete(f"{path}/lock", by="maintainer")
    await forge.event("issues.unlocked")


async def test_assignments_are_told(forge: Forge) -> None:
    who = {"assignees": [forge.login("triager")]}
    await forge.post(f"{forge.repo}/issues/1/assignees", who, by="maintainer")
    await forge.delete(f"{forge.repo}/issues/1/assignees", who, by="maintainer")

    assigned, unassigned = await timeline(forge, 1)

    assert (assigned["assignee"]["login"], unassigned["event"]) == (
        forge.login("triager"),
        "unassigned",
    )
