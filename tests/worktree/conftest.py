"""A room for each test, and a commit to stand on."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.worktree.rooms import FILES, Room, open_room


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[Room]:
    async with open_room(tmp_path) as room:
        yield room


@pytest.fixture
async def base(room: Room) -> str:
    """A commit of four files on `main`, fetched."""
    room.hub.commit(FILES)
    return await room.fetch()
