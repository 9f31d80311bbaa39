"""The released projects, one after another; and what agent programs did is counted."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.real.counting import HEADS, Counted, write_down
from tests.real.projects import STEPS, Project, prepare

_found: list[Counted] = []


@pytest.fixture(params=STEPS, ids=lambda step: f"{step.old.name} to {step.new.version}")
def project(request: pytest.FixtureRequest, tmp_path: Path) -> Project:
    return prepare(request.param, tmp_path)


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Count what the body of a test did; pass or fail, it is counted."""
    if report.when == "call":
        properties: Sequence[tuple[str, Any]] = report.user_properties
        _found.extend(
            Counted(what=what, name=value[0], seconds=value[1], good=report.passed)
            for what, value in properties
            if what in HEADS
        )


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Write the counts down where somebody asked for them (`make real RUNS=n`)."""
    if os.environ.get("RUNS") and _found:
        write_down(_found)
