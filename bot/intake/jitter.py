"""Pauses of about so long: what looks now and then does not do it when everybody does."""

import random
from collections.abc import Callable

SPREAD = 0.1


def about(seconds: float, chance: Callable[[float, float], float] = random.uniform) -> float:
    """Choose a pause that is a tenth shorter or longer at the most."""
    return seconds * chance(1 - SPREAD, 1 + SPREAD)
