"""A process that may have been replaced asks before each write, and writes nothing on a no."""

import aiohttp
import pytest

from bot.github.app import App, Registration
from tests.github.edge import Edge
from tests.github.watch import Watch


class Replaced(Exception):
    """Somebody else goes on in our place."""


@pytest.fixture
def replaced() -> list[bool]:
    return [False]


@pytest.fixture
def app(
    edge: Edge,
    session: aiohttp.ClientSession,
    private_key: str,
    watch: Watch,
    replaced: list[bool],
) -> App:
    async def fence() -> None:
        if replaced[0]:
            raise Replaced

    registration = Registration(app_id=1, private_key=private_key, api_url=edge.url)
    return App(registration, session, watch.clock, fence=fence)


@pytest.mark.parametrize("method", ["POST", "PATCH", "PUT", "DELETE"])
async def test_nothing_is_written_after_a_no(
    edge: Edge, app: App, replaced: list[bool], method: str
) -> None:
    edge.will(f"{method} /repos/o/r/x", 200, {})
    client = await app.client(9, 1)
    edge.will("GET /repos/o/r/y", 200, {})
    await client.getitem("/repos/o/r/y")
    replaced[0] = True

    with pytest.raises(Replaced):
        await client.send(method, "/repos/o/r/x", {})

    assert edge.calls(f"{method} /repos/o/r/x") == []
