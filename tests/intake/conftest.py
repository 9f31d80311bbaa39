"""A door and, behind it, a dispatcher for each test."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.intake.door import Door, open_door
from tests.intake.house import House, open_house
from tests.intake.office import Office, open_office


@pytest.fixture
def url(either_url: str) -> str:
    return either_url


@pytest.fixture
async def door(url: str) -> AsyncIterator[Door]:
    async with open_door(url) as door:
        yield door


@pytest.fixture
async def office(door: Door) -> AsyncIterator[Office]:
    async with open_office(door) as office:
        yield office


@pytest.fixture
async def house(either_database: None, tmp_path: Path) -> AsyncIterator[House]:
    async with open_house(tmp_path) as house:
        yield house
