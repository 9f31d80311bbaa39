"""Every test here runs the real programs: forge and service, each a process of its own."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.service.towns import Towns, towns
from tests.service.world import World, world

QUICK = "verify: {test: 'true'}\nlimits: {open_pull_requests: 100}\n"


@pytest.fixture
async def there(either_database: None, tmp_path: Path) -> AsyncIterator[World]:
    async with world(tmp_path, forked=True) as started:
        yield started


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def around(
    either_database: None, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Towns[World]]:
    async with towns(
        lambda: world(tmp_path_factory.mktemp("town"), forked=True), lambda it: it
    ) as opened:
        yield opened


@pytest.fixture(scope="module")
def rules() -> str:
    """The repository's configuration when a test begins; a module may have another."""
    return QUICK


@pytest_asyncio.fixture(loop_scope="module")
async def town(around: Towns[World], rules: str) -> World:
    """A world that tests of a module share; each takes an issue of its own."""
    there = await around.one()
    await there.write_file(".github/coppice.yml", rules)
    return there
