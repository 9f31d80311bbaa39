"""The GraphQL endpoint: what an App asks of it, its refusals, its limits; documents by schema."""

import pytest

from bot.forge.graphql.schema import executable
from tests.forge.running import Forge, Json

THREADS = """
query($owner: String!, $name: String!, $number: Int!, $after: String) {
  repository(owner: $owner, name: $name) {
    pullRequest(number: $number) {
      id
      reviewThreads(first: 1, after: $after) {
        totalCount
        pageInfo { hasNextPage endCursor }
        nodes {
          id isResolved isOutdated path line originalLine diffSide resolvedBy { login }
          comments(first: 10) {
            nodes { id databaseId body author { __typename login } isMinimized minimizedReason }
          }
        }
      }
    }
  }
}
"""


async def done(forge: Forge, query: str, /, *, by: str = "maintainer", **variables: Json) -> Json:
    """The data of a request that must succeed."""
    answer = await forge.ask(query, by=by, **variables)
    assert answer.status == 200, answer.body
    assert "errors" not in answer.body, answer.body
    return answer.body["data"]


async def threads(forge: Forge, pull: Json, *, by: str = "maintainer", **more: Json) -> Json:
    owner, name = forge.repository.full_name.split("/")
    data = await done(forge, THREADS, by=by, owner=owner, name=name, number=pull["number"], **more)
    return data["repository"]["pullRequest"]["reviewThreads"]


async def commented(forge: Forge, *, files: int = 1) -> tuple[Json, Json]:
    """A pull request with a thread; and the comment that began it."""
    pull = await forge.pull("feature")
    body = {"path": "feature.txt", "line": 1, "body": "why", "commit_id": pull["head"]["sha"]}
    path = f"{forge.repo}/pulls/{pull['number']}/comments"
    made = [await forge.post(path, body, by="triager") for _ in range(files)]
    return pull, made[0].body


RESOLVE = (
    "mutation($id: ID!) { resolveReviewThread(input: {threadId: $id}) { thread { isResolved } } }"
)
UNRESOLVE = RESOLVE.replace("resolveReviewThread", "unresolveReviewThread")


def test_every_field_of_the_extract_is_answered() -> None:
    """A type without a resolver of its own is a KeyError here."""
    assert executable().query_type is not None


async def test_threads_are_listed_with_their_comments(forge: Forge) -> None:
    pull, comment = await commented(forge, files=2)

    first = await threads(forge, pull)
    second = await threads(forge, pull, after=first["pageInfo"]["endCursor"])

    (thread,) = first["nodes"]
    assert (first["totalCount"], second["pageInfo"]["hasNextPage"]) == (2, False)
    assert (thread["isResolved"], thread["isOutdated"], thread["line"]) == (False, False, 1)
    assert thread["comments"]["nodes"][0] == {
        "id": comment["node_id"],
        "databaseId": comment["id"],
        "body": "why",
        "author": {"__typename": "User", "login": forge.login("triager")},
        "isMinimized": False,
        "minimizedReason": None,
    }


async def test_a_push_over_the_line_makes_a_thread_outdated(forge: Forge) -> None:
    pull, _ = await commented(forge)
    sha = (await forge.get(f"{forge.repo}/contents/feature.txt?ref=feature")).body["sha"]
    body = {"message": "m", "content": "eA==", "branch": "feature", "sha": sha}
    await forge.put(f"{forge.repo}/contents/feature.txt", body, by="maintainer")

    (thread,) = (await threads(forge, pull))["nodes"]

    assert (thread["isOutdated"], thread["line"], thread["originalLine"]) == (True, None, 1)


async def test_a_thread_is_resolved_and_opened_again_with_events(forge: Forge) -> None:
    pull, comment = await commented(forge)
    (thread,) = (await threads(forge, pull))["nodes"]

    resolved = await done(forge, RESOLVE, id=thread["id"])
    await done(forge, RESOLVE, id=thread["id"])
    opened = await done(forge, UNRESOLVE, id=thread["id"])

    assert resolved["resolveReviewThread"]["thread"]["isResolved"] is True
    assert opened["unresolveReviewThread"]["thread"]["isResolved"] is False
    event = await forge.event("pull_request_review_thread.resolved")
    await forge.event("pull_request_review_thread.unresolved")
    assert event.payload["thread"]["node_id"] == thread["id"]
    assert event.payload["thread"]["comments"][0]["id"] == comment["id"]
    assert (await forge.settled()).count("pull_request_review_thread.resolved") == 1


async def test_an_app_resolves_only_with_contents_write(forge: Forge) -> None:
    """github/gh-aw#35726, community discussion 44650: `pull_requests: write` is not enough."""
    pull, _ = await commented(forge)
    (thread,) = (await threads(forge, pull))["nodes"]
    given = {"pull_requests": "write", "contents": "read"}
    weak = await forge.installation_token(permissions=given)
    strong = await forge.installation_token(permissions={**given, "contents": "write"})

    refused = await forge.ask(RESOLVE, by=weak, id=thread["id"])
    await done(forge, RESOLVE, by=strong, id=thread["id"])

    (error,) = refused.body["errors"]
    assert refused.status == 200
    assert refused.body["data"] == {"resolveReviewThread": None}
    assert (error["type"], error["path"]) == ("FORBIDDEN", ["resolveReviewThread"])
    assert error["message"] == "Resource not accessible by integration"


async def test_a_reader_resolves_nothing(forge: Forge) -> None:
    pull, _ = await commented(forge)
    (thread,) = (await threads(forge, pull))["nodes"]

    answer = await forge.ask(RESOLVE, by="reader", id=thread["id"])

    assert answer.body["errors"][0]["type"] == "FORBIDDEN"


async def test_a_comment_is_hidden_and_shown_again(forge: Forge) -> None:
    token = await forge.installation_token()
    comment = await forge.post(f"{forge.repo}/issues/1/comments", {"body": "old"}, by=token)
    hide = """mutation($id: ID!) {
      minimizeComment(input: {subjectId: $id, classifier: OUTDATED, clientMutationId: "7"}) {
        clientMutationId minimizedComment { isMinimized minimizedReason }
      }
    }"""
    show = """mutation($id: ID!) {
      unminimizeComment(input: {subjectId: $id}) { unminimizedComment { isMinimized } }
    }"""

    hidden = await done(forge, hide, by=token, id=comment.body["node_id"])
    shown = await done(forge, show, by=token, id=comment.body["node_id"])
    refused = await forge.ask(hide, by="reader", id=comment.body["node_id"])

    assert hidden["minimizeComment"] == {
        "clientMutationId": "7",
        "minimizedComment": {"isMinimized": True, "minimizedReason": "outdated"},
    }
    assert shown["unminimizeComment"]["unminimizedComment"]["isMinimized"] is False
    assert refused.body["errors"][0]["type"] == "FORBIDDEN"


async def test_a_draft_is_marked_ready_and_back(forge: Forge) -> None:
    pull = await forge.pull("feature", draft=True)
    ready = """mutation($id: ID!) {
      markPullRequestReadyForReview(input: {pullRequestId: $id}) { pullRequest { isDraft } }
    }"""
    back = ready.replace("markPullRequestReadyForReview", "convertPullRequestToDraft")

    first = await done(forge, ready, id=pull["node_id"])
    await done(forge, back, id=pull["node_id"])

    assert first["markPullRequestReadyForReview"]["pullRequest"]["isDraft"] is False
    event = await forge.event("pull_request.ready_for_review")
    assert event.payload["pull_request"]["draft"] is False
    await forge.event("pull_request.converted_to_draft")


async def test_an_app_marks_ready_only_with_contents_write(forge: Forge) -> None:
    """cli/cli#8910 and its discussion 6924: `pull_requests: write` is not enough."""
    pull = await forge.pull("feature", draft=True)
    ready = """mutation($id: ID!) {
      markPullRequestReadyForReview(input: {pullRequestId: $id}) { pullRequest { isDraft } }
    }"""
    given = {"pull_requests": "write", "contents": "read"}
    weak = await forge.installation_token(permissions=given)
    strong = await forge.installation_token(permissions={**given, "contents": "write"})

    refused = await forge.ask(ready, by=weak, id=pull["node_id"])
    await done(forge, ready, by=strong, id=pull["node_id"])

    assert refused.body["errors"][0]["type"] == "FORBIDDEN"
    await forge.event("pull_request.ready_for_review")


async def test_one_review_answers_many_threads(forge: Forge) -> None:
    pull, _ = await commented(forge, files=2)
    token = await forge.installation_token()
    first = await threads(forge, pull, by=token)
    second = await threads(forge, pull, by=token, after=first["pageInfo"]["endCursor"])
    begin = """mutation($id: ID!) {
      addPullRequestReview(input: {pullRequestId: $id}) { pullRequestReview { id state } }
    }"""
    reply = """mutation($review: ID!, $thread: ID!, $body: String!) {
      addPullRequestReviewThreadReply(input: {
        pullRequestReviewId: $review, pullRequestReviewThreadId: $thread, body: $body
      }) { comment { id state replyTo { id } } }
    }"""
    submit = """mutation($review: ID!) {
      submitPullRequestReview(input: {pullRequestReviewId: $review, event: COMMENT, body: "Done"}) {
        pullRequestReview { databaseId state comments(first: 5) { totalCount } }
      }
    }"""

    made = await done(forge, begin, by=token, id=pull["node_id"])
    review = made["addPullRequestReview"]["pullRequestReview"]["id"]
    for page in (first, second):
        thread = page["nodes"][0]["id"]
        await done(forge, reply, by=token, review=review, thread=thread, body="fixed in abc")
    unseen = (await threads(forge, pull))["nodes"][0]["comments"]["nodes"]
    ended = await done(forge, submit, by=token, review=review)

    shown = ended["submitPullRequestReview"]["pullRequestReview"]
    assert (len(unseen), shown["state"], shown["comments"]["totalCount"]) == (1, "COMMENTED", 2)
    names = await forge.settled()
    assert names.count("pull_request_review.submitted") == 3  # two single comments before
    assert names.count("pull_request_review_comment.created") == 4
    submitted = await forge.event("pull_request_review.submitted", n=3)
    assert submitted.payload["review"]["user"]["login"] == "coppice[bot]"


async def test_issues_that_a_pull_request_closes_are_named(forge: Forge) -> None:
    text = "Fixes #1, closes acme/greenhouse#2\n\n`resolves #3`"
    pull = await forge.pull("feature", body=text)
    query = """query($id: ID!) { node(id: $id) { ... on PullRequest {
      closingIssuesReferences(first: 5) { nodes { number } }
    } } }"""

    data = await done(forge, query, id=pull["node_id"])

    assert [n["number"] for n in data["node"]["closingIssuesReferences"]["nodes"]] == [1, 2]


async def test_ids_are_those_of_rest(forge: Forge) -> None:
    pull, comment = await commented(forge)
    issue = (await forge.get(f"{forge.repo}/issues/1")).body
    as_issue = (await forge.get(f"{forge.repo}/issues/{pull['number']}")).body
    query = "query($ids: [ID!]!) { nodes(ids: $ids) { __typename id } }"

    data = await done(forge, query, ids=[pull["node_id"], comment["node_id"], issue["node_id"]])

    assert as_issue["node_id"] == pull["node_id"]
    assert [node["__typename"] for node in data["nodes"]] == [
        "PullRequest",
        "PullRequestReviewComment",
        "Issue",
    ]


async def test_a_bots_login_has_no_suffix_but_for_itself(forge: Forge) -> None:
    token = await forge.installation_token()
    await forge.post(f"{forge.repo}/issues/1/comments", {"body": "x"}, by=token)
    query = """{ viewer { login } repository(owner: "acme", name: "greenhouse") {
      issue(number: 1) { comments(last: 1) { nodes { author { __typename login } } } }
    } }"""

    data = await done(forge, query, by=token)

    (comment,) = data["repository"]["issue"]["comments"]["nodes"]
    assert data["viewer"]["login"] == "coppice[bot]"
    assert comment["author"] == {"__typename": "Bot", "login": "coppice"}


@pytest.mark.parametrize(
    ("query", "kind", "words"),
    [
        ('{ node(id: "nonsense") { id } }', "NOT_FOUND", "global id of 'nonsense'"),
        ('{ repository(owner: "a", name: "b") { id } }', "NOT_FOUND", "with the name 'a/b'"),
        (
            '{ repository(owner: "acme", name: "greenhouse") { pullRequest(number: 99) { id } } }',
            "NOT_FOUND",
            "Could not resolve to a PullRequest with the number of 99.",
        ),
        (
            '{ repository(owner: "acme", name: "greenhouse") { issue(number: 1) '
            "{ comments { totalCount } } } }",
            "MISSING_PAGINATION_BOUNDARIES",
            "`first` or `last`",
        ),
        (
            '{ repository(owner: "acme", name: "greenhouse") { issue(number: 1) '
            "{ comments(first: 500) { totalCount } } } }",
            "EXCESSIVE_PAGINATION",
            "limit of 100",
        ),
    ],
)
async def test_what_is_not_there_is_an_error_with_200(
    forge: Forge, query: str, kind: str, words: str
) -> None:
    answer = await forge.ask(query)

    (error,) = answer.body["errors"]
    assert (answer.status, error["type"]) == (200, kind)
    assert words in error["message"]
    assert error["locations"]


async def test_what_github_does_not_have_is_named(forge: Forge) -> None:
    unknown = await forge.ask("{ wishes }")
    broken = await forge.ask("{ viewer {")
    nothing = await forge.post("/graphql", {}, by="maintainer")

    assert unknown.body["errors"][0]["extensions"] == {
        "code": "undefinedField",
        "typeName": "Query",
        "fieldName": "wishes",
    }
    assert "data" not in unknown.body
    assert "Syntax Error" in broken.body["errors"][0]["message"]
    assert "query attribute" in nothing.body["errors"][0]["message"]


async def test_nobody_and_an_expired_token_are_401(forge: Forge) -> None:
    token = await forge.installation_token()
    await forge.switch("expire_tokens")

    answers = [await forge.ask("{ viewer { login } }", by=by) for by in ("", token, "app")]

    assert [answer.status for answer in answers] == [401, 401, 401]


async def test_an_app_reads_only_what_it_was_given(forge: Forge) -> None:
    pull, _ = await commented(forge)
    token = await forge.installation_token(permissions={"issues": "read"})
    query = "query($id: ID!) { node(id: $id) { id } }"

    answer = await forge.ask(query, by=token, id=pull["node_id"])

    assert answer.body["errors"][0]["type"] == "FORBIDDEN"


async def test_a_private_repository_is_not_there_for_a_stranger(forge: Forge) -> None:
    await forge.switch("private", on=True)

    answer = await forge.ask(
        '{ repository(owner: "acme", name: "greenhouse") { id } }', by="stranger"
    )

    assert answer.body["errors"][0]["type"] == "NOT_FOUND"


async def test_queries_and_mutations_have_limits_of_their_own(forge: Forge) -> None:
    pull, _ = await commented(forge)
    (thread,) = (await threads(forge, pull))["nodes"]
    before = await forge.get("/rate_limit", by="maintainer")
    await forge.switch("limits", hourly=3)

    answers = [await forge.ask("{ rateLimit { remaining } }") for _ in range(4)]

    assert answers[0].headers["X-RateLimit-Resource"] == "graphql"
    assert before.body["resources"]["graphql"]["used"] == 1
    last = answers[-1].body["errors"][0]
    assert (answers[-1].status, last["type"]) == (200, "RATE_LIMITED")
    assert thread["id"]


async def test_mutations_count_as_content(forge: Forge) -> None:
    pull, _ = await commented(forge)
    (thread,) = (await threads(forge, pull))["nodes"]
    await forge.switch("limits", content_minute=1)

    answer = await forge.ask(RESOLVE, id=thread["id"])

    assert (answer.status, "Retry-After" in answer.headers) == (403, True)


async def test_mutations_are_in_the_list_of_writes_and_meet_faults(forge: Forge) -> None:
    pull, _ = await commented(forge)
    (thread,) = (await threads(forge, pull))["nodes"]
    await forge.fault("error", path="/graphql#resolveReviewThread", method="POST")

    spoiled = await forge.ask(RESOLVE, id=thread["id"])
    await done(forge, RESOLVE, id=thread["id"])

    writes = (await forge.get("/_forge/writes")).body
    assert spoiled.status == 502
    assert (writes[-1]["path"], writes[-1]["status"]) == ("/graphql#resolveReviewThread", 200)
    assert not [write for write in writes if write["path"] == "/graphql"]


async def test_an_enterprise_servers_address_answers_too(forge: Forge) -> None:
    body = {"query": "{ viewer { login } }"}

    answer = await forge.post("/api/graphql", body, by="maintainer")

    assert answer.body["data"]["viewer"]["login"] == forge.login("maintainer")


async def test_a_mention_is_a_cross_reference(forge: Forge) -> None:
    pull = await forge.pull("feature")
    await forge.post(
        f"{forge.repo}/issues/1/comments", {"body": f"see #{pull['number']}"}, by="reader"
    )
    query = """query($id: ID!) { node(id: $id) { ... on PullRequest {
      timelineItems(first: 5, itemTypes: [CROSS_REFERENCED_EVENT]) {
        nodes { ... on CrossReferencedEvent { willCloseTarget source { ... on Issue { number } } } }
      }
    } } }"""

    data = await done(forge, query, id=pull["node_id"])

    assert data["node"]["timelineItems"]["nodes"] == [
        {"willCloseTarget": False, "source": {"number": 1}}
    ]


@pytest.mark.parametrize("variables", [[], "x", {"id": 7.5}, {"id": None}, {}])
async def test_variables_that_do_not_fit_are_an_error(forge: Forge, variables: Json) -> None:
    query = "query($id: ID!) { node(id: $id) { id } }"

    answer = await forge.post("/graphql", {"query": query, "variables": variables}, by="maintainer")

    assert (answer.status, len(answer.body["errors"])) == (200, 1)


async def test_many_mutations_of_one_request_are_done_in_their_order(forge: Forge) -> None:
    """One request, one write: the first one fails and the others are done all the same."""
    pull = await forge.pull("feature")
    query = """mutation($id: ID!) {
      none: resolveReviewThread(input: {threadId: "nonsense"}) { thread { id } }
      ready: convertPullRequestToDraft(input: {pullRequestId: $id}) { pullRequest { isDraft } }
      back: markPullRequestReadyForReview(input: {pullRequestId: $id}) { pullRequest { isDraft } }
    }"""

    answer = await forge.ask(query, id=pull["node_id"])

    data = answer.body["data"]
    assert (data["none"], answer.body["errors"][0]["path"]) == (None, ["none"])
    assert [data[name]["pullRequest"]["isDraft"] for name in ("ready", "back")] == [True, False]
    names = await forge.settled()
    assert names.index("pull_request.converted_to_draft") < names.index(
        "pull_request.ready_for_review"
    )


async def test_an_issue_says_when_its_body_was_changed_last(forge: Forge) -> None:
    query = """
    query($owner: String!, $name: String!) {
      repository(owner: $owner, name: $name) { issue(number: 1) { lastEditedAt updatedAt } }
    }
    """
    owner, name = forge.repository.full_name.split("/")
    await forge.patch(f"{forge.repo}/issues/1", {"title": "Another"}, by="maintainer")
    before = await done(forge, query, owner=owner, name=name)
    await forge.patch(f"{forge.repo}/issues/1", {"body": "Other words"}, by="maintainer")
    after = (await done(forge, query, owner=owner, name=name))["repository"]["issue"]

    assert before["repository"]["issue"]["lastEditedAt"] is None
    assert after["lastEditedAt"] == after["updatedAt"]
