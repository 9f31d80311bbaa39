"""Who may read the figures, and what readiness names."""

import asyncio

import pytest
from multidict import CIMultiDict

from bot.telemetry.door import Access
from bot.telemetry.health import Health, Unready
from tests.telemetry.board import full_board, samples, served

TOKEN = "a-token-for-prometheus"
LOCAL = Access(metrics="local", token="")
BEARER = {"Authorization": f"Bearer {TOKEN}"}


@pytest.mark.parametrize(
    ("metrics", "token", "headers", "status"),
    [
        ("local", "", {}, 200),
        ("local", "", {"X-Forwarded-For": "203.0.113.9"}, 403),
        ("local", "", {"Forwarded": "for=203.0.113.9"}, 403),
        ("local", "", {"Host": "rebound.example:8080"}, 403),
        ("local", "", {"Host": "localhost:8080"}, 200),
        ("local", TOKEN, {}, 401),
        ("local", TOKEN, {"X-Forwarded-For": "203.0.113.9", **BEARER}, 200),
        ("on", "", {"X-Forwarded-For": "203.0.113.9"}, 200),
        ("on", TOKEN, {"Authorization": "Bearer another"}, 401),
        ("on", TOKEN, {"Authorization": "Bearer \udcff"}, 401),
        ("off", TOKEN, BEARER, 404),
    ],
)
async def test_figures_are_for_whom_the_operator_says(
    metrics: str, token: str, headers: dict[str, str], status: int
) -> None:
    access = Access(metrics=metrics, token=token)  # type: ignore[arg-type]
    sent = CIMultiDict(headers)
    if "\udcff" in headers.get("Authorization", ""):
        sent["Authorization"] = "Bearer ÿ"
    async with (
        served(full_board(), access) as session,
        session.get("/metrics", headers=sent) as answer,
    ):
        text = await answer.text()

    assert answer.status == status
    assert ("coppice_info" in text) is (status == 200)


@pytest.mark.parametrize(
    ("url", "token", "status"),
    [
        ("https://coppice.example", "", 403),
        ("https://coppice.example", TOKEN, 200),
        ("http://127.0.0.1:8080", "", 200),
        ("http://localhost:8080", "", 200),
    ],
)
async def test_where_there_is_a_public_address_a_token_is_needed(
    url: str, token: str, status: int
) -> None:
    """A proxy on this machine may send no header that tells for whom it asks."""
    access = Access(metrics="local", token=token, public_url=url)
    async with (
        served(full_board(), access) as session,
        session.get("/metrics", headers=BEARER) as answer,
    ):
        assert answer.status == status


async def test_a_proxy_as_nginx_is_by_default_is_none_of_this_machine() -> None:
    async with served(full_board(), LOCAL) as session:
        base = session._base_url
        assert base is not None
        reader, writer = await asyncio.open_connection(base.host, base.port)
        writer.write(b"GET /metrics HTTP/1.0\r\nHost: 127.0.0.1:8080\r\nConnection: close\r\n\r\n")
        answer = await reader.read()
        writer.close()
        await writer.wait_closed()

    assert b" 403 " in answer.partition(b"\r\n")[0]


async def test_readiness_names_what_is_missing() -> None:
    health = Health("GitHub", "engine")
    health.has("engine")

    async def broken() -> None:
        raise ConnectionError("host=db.internal user=coppice password=hunter2")

    health.probe("database", broken)
    async with served(full_board(health=health), LOCAL) as session:
        async with session.get("/readyz") as answer:
            said = await answer.json()
        async with session.get("/healthz") as alive:
            pass

    assert (answer.status, alive.status) == (503, 200)
    assert said == {
        "ok": False,
        "missing": ["GitHub", "database"],
        "parts": {"engine": "ok", "GitHub": "not there yet", "database": "cannot be reached"},
    }


async def test_a_reason_that_anybody_may_read_is_shown() -> None:
    health = Health()

    async def look() -> None:
        raise Unready("can only be read")

    health.probe("database", look)

    assert await health.look() is False
    assert health.parts == {"database": "can only be read"}


async def test_what_was_missing_may_come_back() -> None:
    health, there = Health(kept=0), False

    async def look() -> str:
        if not there:
            raise LookupError
        return "another process"

    health.probe("leader", look)
    first = await health.look()
    there = True

    assert (first, await health.look()) == (False, True)
    assert health.parts == {"leader": "another process"}


async def test_webhooks_that_are_refused_are_counted_by_status() -> None:
    board = full_board()
    async with served(board, LOCAL) as session:
        for path in ("/webhook", "/webhook", "/elsewhere"):
            async with session.post(path):
                pass

    assert (await samples(board))["coppice_webhooks_refused_total{status=401}"] == 2


async def test_a_part_that_comes_while_the_others_are_looked_at_is_no_hindrance() -> None:
    health = Health(kept=0)

    async def slow() -> None:
        health.probe("engine", slow)

    health.probe("database", slow)

    assert await health.look() is False  # the engine was not looked at yet
    assert health.missing == ["engine"]
