"""An hour without a service: what GitHub sent meanwhile comes back, in order, inside its limits."""

from collections import defaultdict
from collections.abc import AsyncIterator, Iterable
from functools import partial
from pathlib import Path

import aiohttp
import pytest

from bot.forge.records import Repository
from bot.intake.sweep import Sweep
from bot.store import marks
from tests.github.world import World, open_world
from tests.intake.door import Door
from tests.intake.house import patient
from tests.intake.office import open_office

pytestmark = pytest.mark.slow

MISSED = 1000
HOUR = 3600.0
MOST_SECONDS = 300.0
NOBODY = "http://127.0.0.1:9/webhook"


@pytest.fixture
async def world(either_database: None, tmp_path: Path) -> AsyncIterator[World]:
    async with aiohttp.ClientSession() as session, open_world(tmp_path / "world", session) as world:
        world.app = patient(world)
        yield world


async def outage(world: World) -> list[Repository]:
    """Have people comment for an hour, in five repositories in turn, while nobody listens."""
    state, limits = world.forge.forge.state, world.forge.forge.limits
    limits.content_minute = limits.content_hour = MISSED + 5  # of the people; the sweep writes not
    (first,) = state.repositories.values()
    places = [first, *(state.add_repository(first.owner, f"shop-{n}") for n in range(4))]
    for place in places[1:]:
        state.add_issue(place, first.owner, "An issue", None)
    world.time.ahead -= HOUR + 60
    world.forge.installation.app.hook.url = NOBODY
    token = state.token_of(first.owner)
    for n in range(MISSED):
        url = f"{state.api_url}/repos/{places[n % len(places)].full_name}/issues/1/comments"
        headers = {"authorization": f"Bearer {token}"}
        async with world.session.post(url, json={"body": f"{n}"}, headers=headers) as answer:
            assert answer.status == 201, await answer.text()
        world.time.ahead += HOUR / MISSED
    await world.forge.forge.hooks.settled()
    return places


def by_repository(found: Iterable[tuple[int | None, str]]) -> dict[int | None, list[str]]:
    sorted_out: dict[int | None, list[str]] = defaultdict(list)
    for repository_id, guid in found:
        sorted_out[repository_id].append(guid)
    return sorted_out


async def test_a_thousand_come_back_in_order_inside_an_hours_limit(
    world: World, door: Door
) -> None:
    places = await outage(world)
    state, limits = world.forge.forge.state, world.forge.forge.limits
    sent = by_repository((each.repository_id, each.guid) for each in state.deliveries)
    assert {place.id: len(sent[place.id]) for place in places} == dict.fromkeys(
        [place.id for place in places], MISSED // len(places)
    )
    for name in ("sweep", "sweep-first"):
        at = world.time.now() - HOUR - 120
        await door.database.write(partial(marks.put, name=name, at=at))
    began, key = state.clock(), f"app/{world.forge.installation.app.id}"
    used = limits.shape(key)["used"]

    async with open_office(door) as office:
        count = await Sweep(world.app.as_app, door.database).once(door.journal)
        rows = await office.settled()

    assert count == MISSED
    assert by_repository((row.repository_id, row.guid) for row in rows) == sent
    where = {row.guid: row.repository_id for row in rows}
    assert by_repository((where[guid], guid) for guid in office.handled) == sent
    assert state.clock() - began < MOST_SECONDS
    assert limits.shape(key)["used"] - used <= MISSED + MISSED // 100 + 1
