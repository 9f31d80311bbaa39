"""The App's own identity, and tokens for git."""

import json
from email.utils import formatdate

import aiohttp
import jwt
import pytest

from bot.errors import EffectDelayed, GitError, OperatorError
from bot.github.app import App, Me, Registration
from bot.github.tokens import CI, FETCH, REST, Scope
from tests.github.edge import Edge
from tests.github.watch import Watch

SCOPE = Scope(9, 1, FETCH)


def test_the_jwt_is_a_minute_old_and_ends_within_ten(app: App, watch: Watch) -> None:
    claims = jwt.decode(app.jwt(), options={"verify_signature": False})

    assert claims == {"iat": watch.at - 60, "exp": watch.at + 540, "iss": "1"}


async def test_a_key_that_is_none_is_said_by_the_name_of_its_setting(
    session: aiohttp.ClientSession,
) -> None:
    registration = Registration(app_id=1, private_key="nonsense", api_url="http://127.0.0.1:1")

    with pytest.raises(OperatorError, match="COPPICE_PRIVATE_KEY"):
        App(registration, session).jwt()


async def test_a_key_of_another_app_is_said_to_the_operator(edge: Edge, app: App) -> None:
    edge.will("GET /app", 401, {"message": "A JSON web token could not be decoded"})

    with pytest.raises(OperatorError, match="COPPICE_APP_ID"):
        await app.me()


async def test_who_we_are_is_asked_once(edge: Edge, app: App) -> None:
    edge.will("GET /app", 200, {"id": 1, "slug": "coppice"})
    edge.will("GET /app/installations", 200, [{"id": 8, "suspended_at": "2026"}, {"id": 9}])
    edge.will("GET /users/coppice[bot]", 200, {"id": 41})
    await app.me()

    me = await app.me()

    assert me == Me(app_id=1, slug="coppice", user_id=41)
    assert me.email == "41+coppice[bot]@users.noreply.github.com"
    assert [asked.authorization for asked in edge.calls("GET /users/coppice[bot]")] == ["token t1"]


async def test_the_address_of_the_app_is_one_of_its_own_server(
    edge: Edge, session: aiohttp.ClientSession, watch: Watch, private_key: str
) -> None:
    registration = Registration(
        app_id=1, private_key=private_key, api_url=edge.url, mail_host="users.noreply.git.acme"
    )
    edge.will("GET /app", 200, {"id": 1, "slug": "coppice"})
    edge.will("GET /app/installations", 200, [])
    edge.will("GET /users/coppice[bot]", 200, {"id": 41})

    me = await App(registration, session, watch.clock).me()

    assert me.email == "41+coppice[bot]@users.noreply.git.acme"


async def test_without_an_installation_we_ask_as_strangers(edge: Edge, app: App) -> None:
    edge.will("GET /app", 200, {"id": 1, "slug": "coppice"})
    edge.will("GET /app/installations", 200, [])
    edge.will("GET /users/coppice[bot]", 200, {"id": 41})

    assert (await app.me()).user_id == 41
    assert [asked.authorization for asked in edge.calls("GET /users/coppice[bot]")] == [None]


async def test_git_waits_until_a_fresh_token_is_known(app: App, watch: Watch) -> None:
    said = ["repository 'http://x/o/r.git/' not found", "Authentication failed"]

    async def fetch(token: str) -> str:
        if said:
            raise GitError("fetch", 128, f"fatal: {said.pop()}")
        return token

    assert await app.with_git(SCOPE, fetch) == "t2"  # of two that are fresh, the newer
    assert watch.slept == [3, 10]


async def test_git_gets_a_new_token_where_an_old_one_is_refused(app: App, watch: Watch) -> None:
    async def fetch(token: str) -> str:
        if token == "t1":
            raise GitError("fetch", 128, "fatal: Authentication failed")
        return token

    async def look(token: str) -> str:
        return token

    await app.with_git(SCOPE, look)
    watch.pass_time(30 * 60)

    assert await app.with_git(SCOPE, fetch) == "t2"


async def test_another_failure_of_git_is_not_waited_for(app: App, watch: Watch) -> None:
    async def fetch(token: str) -> str:
        raise GitError("fetch", 128, "fatal: couldn't find remote ref x")

    with pytest.raises(GitError):
        await app.with_git(SCOPE, fetch)
    assert watch.slept == []


REFUSED = {"message": "A JSON web token could not be decoded"}


def keyed(edge: Edge, session: aiohttp.ClientSession, watch: Watch, *keys: str) -> App:
    """An App that starts with the first key, and finds the last in its file."""
    registration = Registration(
        app_id=1, private_key=keys[0], api_url=edge.url, reread=lambda: keys[-1]
    )
    return App(registration, session, watch.clock)


async def test_a_key_that_was_replaced_is_taken_up_without_a_restart(
    edge: Edge, session: aiohttp.ClientSession, watch: Watch, private_key: str, other_key: str
) -> None:
    app = keyed(edge, session, watch, private_key, other_key)
    edge.will("GET /app/hook/config", 401, REFUSED)
    edge.will("GET /app/hook/config", 200, {"url": "x"})

    assert await app.as_app.getitem("/app/hook/config") == {"url": "x"}

    first, second = (asked.authorization or "" for asked in edge.calls("GET /app/hook/config"))
    public = jwt.get_algorithm_by_name("RS256").prepare_key(other_key).public_key()
    assert first != second
    assert (
        jwt.decode(
            second.removeprefix("bearer "),
            public,
            algorithms=["RS256"],
            options={"verify_exp": False, "verify_iat": False},
        )["iss"]
        == "1"
    )


@pytest.mark.parametrize("off", [-600.0, 600.0])
async def test_a_clock_that_is_ten_minutes_off_goes_by_githubs(
    edge: Edge, session: aiohttp.ClientSession, watch: Watch, private_key: str, off: float
) -> None:
    app = keyed(edge, session, watch, private_key)
    githubs = formatdate(watch.at, usegmt=True)
    watch.pass_time(off)
    edge.will("GET /app/hook/config", 401, REFUSED, Date=githubs)
    edge.will("GET /app/hook/config", 200, {"url": "x"}, Date=githubs)

    for _ in range(2):
        assert await app.as_app.getitem("/app/hook/config") == {"url": "x"}

    asked = edge.calls("GET /app/hook/config")
    signed = [each.authorization or "" for each in asked]
    times = [
        jwt.decode(each.removeprefix("bearer "), options={"verify_signature": False})["iat"]
        for each in signed
    ]
    assert times == [watch.at - 60, watch.at - off - 60, watch.at - off - 60]


async def test_a_key_that_is_refused_puts_work_off_and_says_what_to_check(
    edge: Edge, session: aiohttp.ClientSession, watch: Watch, private_key: str
) -> None:
    app = keyed(edge, session, watch, private_key)
    edge.will("POST /app/installations/9/access_tokens", 401, REFUSED)
    client = await app.client(9, 1)

    with pytest.raises(EffectDelayed, match="COPPICE_PRIVATE_KEY") as delayed:
        await client.getitem("/repos/o/r")

    assert delayed.value.seconds == 30


async def test_a_token_is_for_one_repository_and_what_is_needed_there(edge: Edge, app: App) -> None:
    edge.will("GET /repos/o/r", 200, {})
    for repository, permissions in ((1, REST), (1, CI), (2, REST), (1, REST)):
        client = await app.client(9, repository, permissions)
        await client.getitem("/repos/o/r")

    asked = [
        json.loads(mint.body) for mint in edge.calls("POST /app/installations/9/access_tokens")
    ]

    assert asked == [
        {"permissions": dict(REST), "repository_ids": [1]},
        {"permissions": dict(CI), "repository_ids": [1]},
        {"permissions": dict(REST), "repository_ids": [2]},
    ]
