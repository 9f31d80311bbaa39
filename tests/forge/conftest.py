"""The forge of these tests; after each one, nothing that it said may break GitHub's schema."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.forge.running import Forge, start_forge


@pytest.fixture
async def forge(tmp_path: Path) -> AsyncIterator[Forge]:
    async with start_forge(tmp_path) as running:
        yield running
        await running.settled()
        assert running.violations == []
