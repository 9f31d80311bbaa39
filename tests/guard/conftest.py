"""For the guard's tests: its rules are loaded once."""

import pytest

from tests.guard.warm import warm_rules


@pytest.fixture(autouse=True, scope="session")
def _rules() -> None:
    warm_rules()
