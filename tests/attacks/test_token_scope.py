"""Row 7: what a run for one repository gets to see of the others."""

import pytest

from bot.github.answers import Refusal
from tests.github.conftest import session as _session
from tests.github.conftest import world as _world
from tests.github.world import World

world, session = _world, _session


async def test_a_token_of_one_repository_reads_no_other(world: World) -> None:
    """It is the same installation, and private."""
    state = world.forge.forge.state
    owner = next(iter(state.repositories.values())).owner
    other = state.add_repository(owner, "private")
    other.private = True
    client = await world.client()

    with pytest.raises(Refusal) as refused:
        await client.getitem(f"/repos/{other.full_name}")

    assert refused.value.status == 404
    assert (await client.getitem(f"/repos/{world.repository.full_name}"))["id"]
