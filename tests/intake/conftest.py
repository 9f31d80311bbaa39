"""A door and, behind it, a dispatcher for each test."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests import postgres
from tests.intake.door import Door, open_door
from tests.intake.office import Office, open_office


@pytest.fixture
def url(tmp_path: Path) -> str:
    return postgres.url_for(f"{tmp_path}/coppice.sqlite")


@pytest.fixture
async def door(url: str) -> AsyncIterator[Door]:
    async with open_door(url) as door:
        yield door


@pytest.fixture
async def office(door: Door) -> AsyncIterator[Office]:
    async with open_office(door) as office:
        yield office
