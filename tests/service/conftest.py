"""Every test here runs the real programs: forge and service, each a process of its own."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.service.world import World, world

QUICK = "verify: {test: 'true'}\nlimits: {open_pull_requests: 100}\n"


@pytest.fixture
async def there(tmp_path: Path) -> AsyncIterator[World]:
    async with world(tmp_path) as started:
        yield started


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def town(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    """One world for all tests of a module; each takes an issue of its own."""
    async with world(tmp_path_factory.mktemp("town")) as started:
        await started.write_file(".github/coppice.yml", QUICK)
        yield started
