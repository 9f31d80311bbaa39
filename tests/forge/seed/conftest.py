"""A seeded state, and checkouts of what it holds."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from bot.forge.seed import Seed, seed_demo
from bot.forge.state import State

Checkout = Callable[[Seed], Path]


@pytest.fixture
def state(tmp_path: Path) -> State:
    return State(tmp_path / "forge")


@pytest.fixture
async def seed(state: State) -> Seed:
    return await seed_demo(state)


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    """Clone the seeded repository into a fresh directory."""

    def clone(seed: Seed) -> Path:
        tree = tmp_path / "tree"
        subprocess.run(("git", "clone", "-q", str(seed.repository.path), str(tree)), check=True)
        return tree

    return clone
