"""A desk for the agent to work at."""

from pathlib import Path

import pytest

from tests.agent.attempts import Desk


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(root=tmp_path)
