"""Midnight UTC, when budgets of a day begin anew: no test begins before it and looks after it."""

import time

DAY = 86_400


def keep_clear(seconds: float = 60.0) -> None:
    """Wait until it is over where it is nearer than ``seconds``."""
    left = DAY - time.time() % DAY
    if left < seconds:
        time.sleep(left + 1)
