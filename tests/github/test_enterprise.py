"""A GitHub Enterprise Server has REST below a path of its own, and says less of itself."""

import aiohttp
import pytest

from bot.errors import EffectRefused
from bot.github.app import App, Registration
from bot.github.client import Client
from tests.github.edge import TOKENS, Edge
from tests.github.watch import Watch

ROOT = "/api/v3"


@pytest.fixture
async def client(
    edge: Edge, session: aiohttp.ClientSession, private_key: str, watch: Watch
) -> Client:
    edge.will(f"POST {ROOT}{TOKENS}", 201, {"token": "t1"})
    registration = Registration(app_id=1, private_key=private_key, api_url=f"{edge.url}{ROOT}/")
    return await App(registration, session, watch.clock).client(9, 1)


async def test_a_renamed_repository_is_followed(edge: Edge, client: Client) -> None:
    there = f"{edge.url}{ROOT}/repositories/1/issues"
    edge.will(f"POST {ROOT}/repos/o/old/issues", 307, location=there)
    edge.will(f"POST {ROOT}/repositories/1/issues", 201, {"id": 3})

    assert await client.send("POST", "/repos/o/old/issues", {"a": 1}) == (201, {"id": 3})


async def test_what_leads_to_another_repository_is_refused(edge: Edge, client: Client) -> None:
    there = f"{edge.url}{ROOT}/repositories/2/issues/1"
    edge.will(f"GET {ROOT}/repos/o/r/issues/7", 301, location=there)

    with pytest.raises(EffectRefused, match="transferred"):
        await client.getitem("/repos/o/r/issues/7")

    assert edge.calls(f"GET {ROOT}/repositories/2/issues/1") == []


async def test_pages_are_followed(edge: Edge, client: Client) -> None:
    there = f'<{edge.url}{ROOT}/repositories/1/x?page=2>; rel="next"'
    edge.will(f"GET {ROOT}/repos/o/r/x", 200, [1], link=there)
    edge.will(f"GET {ROOT}/repositories/1/x", 200, [2])

    assert [item async for item in client.getiter("/repos/o/r/x")] == [1, 2]


async def test_graphql_lies_beside_rest(edge: Edge, client: Client) -> None:
    edge.will("POST /api/graphql", 200, {"data": {"viewer": None}})

    assert await client.graphql("query { viewer }") == {"viewer": None}


async def test_a_refusal_that_names_nothing_is_no_limit(edge: Edge, client: Client) -> None:
    edge.will(f"GET {ROOT}/x", 403, {"message": "Resource not accessible by integration"})

    with pytest.raises(EffectRefused, match="lacks a permission") as refused:
        await client.getitem("/x")

    assert refused.value.kind == "no_access"
