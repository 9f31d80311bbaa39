"""What people do to a pull request of ours in the middle of a round on it."""

import asyncio
import base64

import pytest

from tests.service.test_rounds import QUICK, answers, head, opened, review, settled
from tests.service.turns import branch, delete_branch, over
from tests.service.world import Json, World

pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="module")]

THREADS = (
    "query($o: String!, $n: String!, $number: Int!) { repository(owner: $o, name: $n) {"
    " pullRequest(number: $number) { id reviewThreads(first: 50) {"
    " nodes { id isResolved comments(first: 9) { nodes { databaseId body } } } } } } }"
)


@pytest.fixture(scope="module")
def rules() -> str:
    return QUICK


async def graphql(town: World, query: str, **variables: Json) -> Json:
    answer = await town.call("POST", "/graphql", {"query": query, "variables": variables})
    assert "errors" not in answer, answer
    return answer["data"]


async def conversation(town: World, run: Json) -> Json:
    """The pull request's node id, and its threads."""
    owner, _, name = town.repository.partition("/")
    found = await graphql(town, THREADS, o=owner, n=name, number=run["pull_request"])
    return found["repository"]["pullRequest"]


async def in_a_round(town: World, *comments: str, body: str = "") -> tuple[int, Json, Json]:
    """A run whose agent works on a review; its issue, the run, the review."""
    issue, run = await opened(town, [{"write": "MORE.md", "text": "More.\n"}, {"hang": 5}])
    path = f"NOTES-{issue}.md"
    lines = [{"path": path, "line": 1, "body": text} for text in comments]
    made = await review(town, run, *lines, body=body)
    await town.until(lambda rows: rows[0]["issue"] == issue and rows[0]["status"] == "running")
    return issue, run, made


async def test_one_thread_that_is_deleted_meanwhile_takes_no_other_answer_along(
    town: World,
) -> None:
    issue, run, made = await in_a_round(town, "Why?", "And this?")
    at = f"/pulls/{run['pull_request']}/reviews/{made['id']}/comments"
    first = (await town.repo("GET", at))[0]

    await town.repo("DELETE", f"/pulls/comments/{first['id']}")

    (answer,) = await answers(town, run, 1)
    assert answer["body"]
    assert (await settled(town, issue))["status"] == "done"
    listed = await town.repo("GET", f"/pulls/{run['pull_request']}/reviews")
    assert [r["state"] for r in listed if r["user"]["type"] == "Bot"] == ["COMMENTED"]


async def test_a_thread_that_a_person_resolves_meanwhile_stays_resolved(town: World) -> None:
    issue, run, _ = await in_a_round(town, "Why?")
    (thread,) = (await conversation(town, run))["reviewThreads"]["nodes"]
    resolve = "mutation($id: ID!) { resolveReviewThread(input: {threadId: $id}) { thread { id } } }"

    await graphql(town, resolve, id=thread["id"])

    await answers(town, run, 1)
    assert (await settled(town, issue))["status"] == "done"
    (thread,) = (await conversation(town, run))["reviewThreads"]["nodes"]
    assert thread["isResolved"] is True


async def test_a_review_that_is_dismissed_meanwhile_is_answered_all_the_same(town: World) -> None:
    issue, run = await opened(town, [{"write": "MORE.md", "text": "More.\n"}, {"hang": 5}])
    line = {"path": f"NOTES-{issue}.md", "line": 1, "body": "Not so."}
    made = await review(town, run, line, event="REQUEST_CHANGES", body="No.")
    await town.until(lambda rows: rows[0]["issue"] == issue and rows[0]["status"] == "running")
    at = f"/pulls/{run['pull_request']}/reviews/{made['id']}/dismissals"

    await town.repo("PUT", at, {"message": "A mistake."})

    await answers(town, run, 1)
    assert (await settled(town, issue))["status"] == "done"


@pytest.mark.parametrize("ready", [True, False])
async def test_what_people_make_of_the_draft_meanwhile_stays(town: World, ready: bool) -> None:
    issue, run, _ = await in_a_round(town, "Why?")
    pull = await conversation(town, run)
    verbs = {
        True: "mutation($id: ID!) { markPullRequestReadyForReview(input: {pullRequestId: $id})"
        " { pullRequest { id } } }",
        False: "mutation($id: ID!) { convertPullRequestToDraft(input: {pullRequestId: $id})"
        " { pullRequest { id } } }",
    }
    await graphql(town, verbs[True], id=pull["id"])
    if not ready:
        await graphql(town, verbs[False], id=pull["id"])

    await answers(town, run, 1)

    assert (await settled(town, issue))["status"] == "done"
    there = await town.repo("GET", f"/pulls/{run['pull_request']}")
    assert there["draft"] is not ready


async def test_a_branch_that_is_deleted_meanwhile_ends_the_run(town: World) -> None:
    issue, run, _ = await in_a_round(town, "Why?")

    await delete_branch(town, branch(run))

    ended = await over(town, issue)
    assert ended["error"]["class"] in ("branch_deleted", "branch_gone", "closed")
    heads = await town.repo("GET", "/git/matching-refs/heads/coppice/")
    assert f"refs/heads/{branch(run)}" not in [each["ref"] for each in heads]


async def test_a_comment_on_a_whole_file_is_answered(town: World) -> None:
    issue, run = await opened(town, [{"write": "MORE.md", "text": "More.\n"}])
    sha = await head(town, run)
    path = f"NOTES-{issue}.md"
    whole = {"path": path, "subject_type": "file", "commit_id": sha, "body": "Is it needed?"}

    await town.repo("POST", f"/pulls/{run['pull_request']}/comments", whole)

    (answer,) = await answers(town, run, 1)
    assert answer["path"] == path
    assert (await settled(town, issue))["status"] == "done"


async def test_people_without_write_access_and_programs_begin_no_round(town: World) -> None:
    issue, run = await opened(town, [{"write": "MORE.md", "text": "More.\n"}])
    before, number = await head(town, run), run["pull_request"]
    line = {"path": f"NOTES-{issue}.md", "line": 1, "body": "```suggestion\nMine.\n```"}
    wanted = {"event": "COMMENT", "body": "Do it.", "comments": [line]}

    await town.repo("POST", f"/pulls/{number}/reviews", wanted, who="reader")

    row = await town.settled("pull_request_review.submitted", number)
    assert "needs write access" in row["reason"]
    await asyncio.sleep(2)
    assert await head(town, run) == before


async def test_suggestions_that_overlap_or_are_long_or_end_otherwise(town: World) -> None:
    issue = len(await town.repo("GET", "/issues?state=all")) + 1
    path = f"NOTES-{issue}.md"
    six = "one\r\ntwo\r\nthree\r\nfour\r\nfive\r\nsix"
    town.script(issue, [{"write": path, "text": six}], [{"say": "1: declined because not needed"}])
    assert await town.issue() == issue
    await town.label(issue)
    run = await town.ended(issue)
    before = await head(town, run)
    first = {"start_line": 1, "line": 2, "body": "```suggestion\nONE\nand TWO\n```"}
    second = {"start_line": 2, "line": 3, "body": "```suggestion\nno\n```"}
    last = {"line": 6, "body": "```suggestion\r\nSIX\r\n```\r\n"}

    await review(town, run, *[{"path": path, **each} for each in (first, second, last)])

    after = await town.head_after(run["pull_request"], before)
    there = await town.repo("GET", f"/contents/{path}?ref={after}")
    text = base64.b64decode(there["content"])
    assert text == b"ONE\r\nand TWO\r\nthree\r\nfour\r\nfive\r\nSIX"
    said = sorted(each["body"] for each in await answers(town, run, 3))
    assert said[0].startswith("Declined because not needed")
    assert said[1] == said[2] == f"Fixed in {after[:7]}, as suggested."
    assert (await settled(town, issue))["status"] == "done"
