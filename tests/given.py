"""Hypothesis's `given`, alike in each run: no example comes by chance, and no clock judges."""

from collections.abc import Callable
from typing import Any

import hypothesis
from hypothesis import HealthCheck, settings

Test = Callable[..., None]


def given(*strategies: Any, **named: Any) -> Callable[[Test], Test]:
    """Run the test with the same examples each time, however slow the machine; keep no files."""
    examples: Callable[[Test], Test] = hypothesis.given(*strategies, **named)
    steady: Callable[[Test], Test] = settings(
        database=None,
        deadline=None,
        derandomize=True,
        suppress_health_check=(HealthCheck.too_slow,),
    )
    return lambda test: steady(examples(test))
