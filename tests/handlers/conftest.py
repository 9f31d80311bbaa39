"""For the handlers' tests: a fresh world each."""

import pytest

from tests.handlers.world import World


@pytest.fixture
def world() -> World:
    return World()
