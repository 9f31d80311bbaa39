"""Every test here runs the real programs: forge and service, each a process of its own."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.service.world import World, world


@pytest.fixture
async def there(tmp_path: Path) -> AsyncIterator[World]:
    async with world(tmp_path) as started:
        yield started
