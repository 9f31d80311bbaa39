"""The client at GitHub's edge: redirects, limits, lost answers, tokens that come and go."""

from contextlib import suppress
from typing import Any

import pytest

from bot.errors import EffectRefused
from bot.github.answers import RateLimited, Refusal, Unanswered
from bot.github.app import App
from bot.github.client import Client
from bot.github.people import in_organization, in_team
from bot.github.tokens import TEAMS
from bot.runs import RepositoryRef
from tests.github.edge import SILENCE, TOKENS, Edge
from tests.github.watch import Watch

REPOSITORY = RepositoryRef(id=1, full_name="o/r", installation_id=9)


@pytest.fixture
async def client(app: App) -> Client:
    return await app.client(9, 1)


@pytest.mark.parametrize("status", [301, 302, 307, 308])
async def test_a_write_to_a_renamed_repository_arrives_whole(
    edge: Edge, client: Client, status: int
) -> None:
    edge.will("POST /repos/o/old/issues", status, location=f"{edge.url}/repositories/1/issues")
    edge.will("POST /repositories/1/issues", 201, {"id": 3})

    assert await client.send("POST", "/repos/o/old/issues", {"a": 1}) == (201, {"id": 3})
    assert [asked.body for asked in edge.calls("POST /repositories/1/issues")] == ['{"a": 1}']


async def test_the_token_goes_to_no_other_host(edge: Edge, client: Client) -> None:
    edge.will("GET /x", 302, location=edge.url.replace("127.0.0.1", "localhost") + "/y")

    with pytest.raises(Refusal, match="another host"):
        await client.getitem("/x")
    assert edge.calls("GET /y") == []


async def test_a_next_page_on_another_host_is_not_read(edge: Edge, client: Client) -> None:
    edge.will("GET /x", 200, [1], link='<http://localhost:1/x?page=2>; rel="next"')

    with pytest.raises(Refusal, match="another host"):
        assert [item async for item in client.getiter("/x")]


async def test_pages_follow_their_links_whatever_their_path(edge: Edge, client: Client) -> None:
    edge.will("GET /repos/o/r/x", 200, [1], link=f'<{edge.url}/repositories/1/x>; rel="next"')
    edge.will("GET /repositories/1/x", 200, [2])

    assert [item async for item in client.getiter("/repos/o/r/x")] == [1, 2]


async def test_a_transferred_issue_is_gone_and_its_new_place_untouched(
    edge: Edge, client: Client
) -> None:
    edge.will("POST /repos/o/r/issues/7/comments", 307, location="/repositories/2/issues/1")

    with pytest.raises(EffectRefused, match="transferred") as refused:
        await client.post("/repos/o/r/issues/7/comments", data={})
    assert refused.value.kind == "gone"
    assert edge.calls("POST /repositories/2/issues/1") == []


async def test_a_circle_of_redirects_ends(edge: Edge, client: Client) -> None:
    edge.will("GET /x", 301, location=f"{edge.url}/x")

    with pytest.raises(Refusal, match="for ever"):
        await client.getitem("/x")


@pytest.mark.parametrize(
    ("status", "headers", "message", "seconds"),
    [
        (403, {"retry_after": "30"}, "You have exceeded a secondary rate limit", 30),
        (429, {"retry_after": "7"}, "slow down", 7),
        (403, {}, "You have exceeded a secondary rate limit. Please wait.", 60),
        (429, {}, "too many", 60),
        (403, {"x_ratelimit_remaining": "0", "x_ratelimit_reset": "1000000090"}, "API rate", 90),
        (429, {"x_ratelimit_remaining": "0", "x_ratelimit_reset": "1000000090"}, "API rate", 90),
    ],
)
async def test_a_limit_is_a_limit_and_never_a_missing_permission(
    edge: Edge, client: Client, status: int, headers: dict[str, str], message: str, seconds: float
) -> None:
    edge.will("POST /x", status, {"message": message}, **headers)

    with pytest.raises(RateLimited, match="rate limit") as limited:
        await client.post("/x", data={})
    assert limited.value.seconds == seconds


async def test_after_a_limit_nothing_is_asked_until_it_is_over(
    edge: Edge, client: Client, watch: Watch
) -> None:
    edge.will("GET /x", 429, {"message": "slow down"}, retry_after="30")
    edge.will("GET /x", 200, {"id": 1})
    with pytest.raises(RateLimited):
        await client.getitem("/x")

    with pytest.raises(RateLimited):
        await client.getitem("/x")
    assert len(edge.calls("GET /x")) == 1
    watch.pass_time(31)
    assert await client.getitem("/x") == {"id": 1}


async def test_a_missing_permission_is_named(edge: Edge, client: Client, watch: Watch) -> None:
    edge.will("POST /x", 403, {"message": "Resource not accessible by integration"})

    with pytest.raises(EffectRefused, match="lacks a permission") as refused:
        await client.post("/x", data={})
    assert refused.value.kind == "no_access"


@pytest.mark.parametrize(
    ("header", "said"),
    [
        ("checks=write", "the permission `checks: write`"),
        ("issues=write; pull_requests=write", "`issues: write` or `pull_requests: write`"),
        ("contents=read,checks=read", "the permission `contents` and `checks` for this"),
        ("`@everyone`=write", "lacks a permission"),
    ],
)
async def test_the_permission_that_github_names_is_named(
    edge: Edge, client: Client, header: str, said: str
) -> None:
    refusal = {"message": "Resource not accessible by integration"}
    edge.will("POST /x", 403, refusal, x_accepted_github_permissions=header)

    with pytest.raises(EffectRefused) as refused:
        await client.post("/x", data={})
    assert said in refused.value.reason
    assert "everyone" not in refused.value.reason


async def test_who_is_blocked_meets_no_locked_conversation(edge: Edge, client: Client) -> None:
    edge.will("POST /x", 403, {"message": "Repository access blocked"})

    with pytest.raises(EffectRefused) as refused:
        await client.post("/x", data={})
    assert refused.value.kind == "no_access"


async def test_a_read_survives_two_failures_of_github(edge: Edge, client: Client) -> None:
    edge.will("GET /x", 502)
    edge.will("GET /x", 503)
    edge.will("GET /x", 200, {"id": 1})

    assert await client.getitem("/x") == {"id": 1}


async def test_a_write_is_never_sent_twice_by_the_client(edge: Edge, client: Client) -> None:
    edge.will("POST /x", 502)

    with pytest.raises(Unanswered):
        await client.post("/x", data={})
    assert len(edge.calls("POST /x")) == 1


async def test_a_write_without_an_answer_is_called_unanswered(edge: Edge, client: Client) -> None:
    edge.will("POST /x", SILENCE)

    with pytest.raises(Unanswered, match="in time"):
        await client.post("/x", data={})


async def test_an_unchanged_answer_is_asked_for_conditionally(edge: Edge, client: Client) -> None:
    edge.will("GET /x", 200, {"id": 1}, etag='W/"e1"')
    edge.will("GET /x", 304)

    assert [await client.getitem("/x"), await client.getitem("/x")] == [{"id": 1}, {"id": 1}]
    assert [asked.if_none_match for asked in edge.calls("GET /x")] == [None, 'W/"e1"']


async def test_a_fresh_token_is_given_time_to_be_known(
    edge: Edge, client: Client, watch: Watch
) -> None:
    edge.will("GET /x", 401, {"message": "Bad credentials"})
    edge.will("GET /x", 403, {"message": "Resource not accessible by integration"})
    edge.will("GET /x", 200, {"id": 1})

    assert await client.getitem("/x") == {"id": 1}
    assert watch.slept == [3, 10]
    assert edge.tokens == 2  # the second tells that such a token is still given


async def test_a_token_that_expired_on_the_way_is_replaced_once(
    edge: Edge, client: Client, watch: Watch
) -> None:
    edge.will("GET /x", 200, {"id": 1})
    edge.will("GET /x", 401, {"message": "Bad credentials"})
    edge.will("GET /x", 200, {"id": 2})
    await client.getitem("/x")
    watch.pass_time(40 * 60)

    assert await client.getitem("/x") == {"id": 2}
    sent = [asked.authorization for asked in edge.calls("GET /x")]
    assert sent == ["token t1", "token t1", "token t2"]


async def test_a_token_is_kept_for_fifty_minutes(edge: Edge, client: Client, watch: Watch) -> None:
    edge.will("GET /x", 200, {"id": 1})
    for minutes in (0, 49, 2):
        watch.pass_time(minutes * 60)
        await client.getitem("/x")

    assert edge.tokens == 2


async def test_a_token_is_for_one_repository_and_no_workflows(edge: Edge, client: Client) -> None:
    edge.will("GET /x", 200, {})
    await client.getitem("/x")

    assert edge.calls(f"POST {TOKENS}")[0].body == (
        '{"permissions": {"metadata": "read", "contents": "read", "issues": "write",'
        ' "pull_requests": "write", "checks": "write"}, "repository_ids": [1]}'
    )


@pytest.mark.parametrize(
    ("status", "message", "kind"),
    [
        (403, "This installation has been suspended", "suspended"),
        (404, "Not Found", "uninstalled"),
        (422, "There is at least one repository that does not exist", "gone"),
        (422, "The permissions requested are not granted", "no_access"),
    ],
)
async def test_no_token_is_named_for_its_reason(
    edge: Edge, client: Client, status: int, message: str, kind: str
) -> None:
    edge.will(f"POST {TOKENS}", status, {"message": message})
    edge.will("GET /app/installations/9", 200, {"permissions": {}})

    with pytest.raises(EffectRefused) as refused:
        await client.getitem("/x")
    assert refused.value.kind == kind


NOT_GRANTED = "The permissions requested are not granted to this installation."
FORBIDDEN = {"type": "FORBIDDEN", "message": "Resource not accessible by integration"}
GRANTED = {"metadata": "read", "contents": "write", "issues": "write", "pull_requests": "read"}


async def test_where_not_all_is_granted_a_token_carries_the_rest(
    edge: Edge, client: Client, watch: Watch
) -> None:
    edge.will(f"POST {TOKENS}", 422, {"message": NOT_GRANTED})
    edge.will(f"POST {TOKENS}", 201, {"token": "part"})
    edge.will(f"POST {TOKENS}", 422, {"message": NOT_GRANTED})
    edge.will(f"POST {TOKENS}", 201, {"token": "part"})
    edge.will("GET /app/installations/9", 200, {"permissions": GRANTED})
    edge.will("POST /comment", 201, {"id": 1})
    edge.will("POST /check", 403, {"message": "Resource not accessible by integration"})

    assert await client.send("POST", "/comment", {}) == (201, {"id": 1})
    assert '"contents": "read"' in edge.calls(f"POST {TOKENS}")[1].body
    assert '"pull_requests": "read"' in edge.calls(f"POST {TOKENS}")[1].body
    assert "checks" not in edge.calls(f"POST {TOKENS}")[1].body
    with pytest.raises(EffectRefused, match="lacks a permission"):
        await client.send("POST", "/check", {})
    assert watch.slept == []


async def test_what_an_owner_grants_meanwhile_is_used_at_once(edge: Edge, client: Client) -> None:
    edge.will(f"POST {TOKENS}", 422, {"message": NOT_GRANTED})
    edge.will(f"POST {TOKENS}", 201, {"token": "part"})
    edge.will(f"POST {TOKENS}", 201, {"token": "whole"})
    edge.will("GET /app/installations/9", 200, {"permissions": GRANTED})
    edge.will("POST /check", 403, {"message": "Resource not accessible by integration"})
    edge.will("POST /check", 201, {"id": 1})

    assert await client.send("POST", "/check", {}) == (201, {"id": 1})
    sent = [asked.authorization for asked in edge.calls("POST /check")]
    assert sent == ["token part", "token whole"]


async def test_what_an_owner_grants_meanwhile_is_used_by_graphql_too(
    edge: Edge, client: Client
) -> None:
    edge.will(f"POST {TOKENS}", 422, {"message": NOT_GRANTED})
    edge.will(f"POST {TOKENS}", 201, {"token": "part"})
    edge.will(f"POST {TOKENS}", 201, {"token": "whole"})
    edge.will("GET /app/installations/9", 200, {"permissions": GRANTED})
    edge.will("POST /graphql", 200, {"data": None, "errors": [FORBIDDEN]})
    edge.will("POST /graphql", 200, {"data": {"viewer": 1}})

    assert await client.graphql("query { viewer }") == {"viewer": 1}
    sent = [asked.authorization for asked in edge.calls("POST /graphql")]
    assert sent == ["token part", "token whole"]


@pytest.mark.parametrize(
    "answer",
    [
        {"data": {"reply0": {"id": "r"}, "reply1": None}, "errors": [FORBIDDEN]},
        {"data": {"repository": {"body": "Resource not accessible by integration"}}},
    ],
    ids=["a part of it was done", "somebody's words"],
)
async def test_what_graphql_has_done_is_not_asked_again(
    edge: Edge, client: Client, answer: dict[str, Any]
) -> None:
    edge.will(f"POST {TOKENS}", 422, {"message": NOT_GRANTED})
    edge.will(f"POST {TOKENS}", 201, {"token": "part"})
    edge.will("GET /app/installations/9", 200, {"permissions": GRANTED})
    edge.will("POST /graphql", 200, answer)

    with suppress(EffectRefused):
        await client.graphql("mutation { reply0 reply1 }")

    assert len(edge.calls("POST /graphql")) == 1


async def test_what_was_taken_back_from_a_new_token_is_not_waited_for(
    edge: Edge, client: Client, watch: Watch
) -> None:
    edge.will(f"POST {TOKENS}", 201, {"token": "whole"})
    edge.will(f"POST {TOKENS}", 422, {"message": NOT_GRANTED})
    edge.will(f"POST {TOKENS}", 201, {"token": "part"})
    edge.will("GET /app/installations/9", 200, {"permissions": GRANTED})
    edge.will("POST /check", 403, {"message": "Resource not accessible by integration"})

    with pytest.raises(EffectRefused, match="lacks a permission"):
        await client.send("POST", "/check", {})
    sent = [asked.authorization for asked in edge.calls("POST /check")]
    assert sent == ["token whole", "token part"]
    assert watch.slept == []


async def test_a_token_that_carries_less_is_asked_for_anew_after_a_minute(
    edge: Edge, client: Client, watch: Watch
) -> None:
    edge.will(f"POST {TOKENS}", 422, {"message": NOT_GRANTED})
    edge.will(f"POST {TOKENS}", 201, {"token": "part"})
    edge.will(f"POST {TOKENS}", 201, {"token": "whole"})
    edge.will("GET /app/installations/9", 200, {"permissions": GRANTED})
    edge.will("GET /x", 200, {"id": 1})

    for seconds in (0, 59, 2):
        watch.pass_time(seconds)
        await client.getitem("/x")

    sent = [asked.authorization for asked in edge.calls("GET /x")]
    assert sent == ["token part", "token part", "token whole"]


@pytest.mark.parametrize("status", [403, 404])
async def test_a_team_that_the_app_may_not_see_has_no_members(
    edge: Edge, client: Client, status: int
) -> None:
    edge.will("GET /orgs/o/teams/core/memberships/ana", status, {"message": "no"})
    edge.will("GET /orgs/o/members/ana", status, {"message": "no"})

    assert await in_team(client, REPOSITORY, "core", "ana") is (None if status == 403 else False)
    assert not await in_organization(client, REPOSITORY, "ana")


async def test_where_members_are_not_granted_nobody_knows_who_is_on_a_team(
    edge: Edge, app: App
) -> None:
    client = await app.client(9, 1, TEAMS)
    edge.will(f"POST {TOKENS}", 422, {"message": NOT_GRANTED})

    assert await in_team(client, REPOSITORY, "core", "ana") is None
    assert not await in_organization(client, REPOSITORY, "ana")
