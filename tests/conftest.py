"""For all tests: what is left out is named, and in CI nothing is."""

import inspect
import os
import re
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

from tests import databases
from tests.postgres import either_database, either_url, postgresql_server, postgresql_url

__all__ = ["either_database", "either_url", "postgresql_server", "postgresql_url"]

ROOMS_WITH_PROGRAMS = (
    "agent",
    "attacks",
    "box",
    "cli",
    "forge",
    "github",
    "intake",
    "pipeline",
    "real",
    "scripted_model",
    "service",
    "store",
    "worktree",
)
"""Their asynchronous tests start servers, git, boxes or databases."""


QUICK = "not slow"
"""What `make quick` selects."""


def pytest_configure() -> None:
    databases.watch()


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave to `make quick` only modules with a test for it: most of its time went into imports."""
    if config.option.markexpr != QUICK or not collection_path.match("test_*.py"):
        return None
    text = collection_path.read_text()
    if re.search(r"^pytestmark = .*\bslow\b", text, re.MULTILINE):
        return True
    room = room_of(collection_path)
    plain = re.search(r"^def test_", text, re.MULTILINE)
    return True if room == "cli" or (room in ROOMS_WITH_PROGRAMS and not plain) else None


def room_of(path: Path) -> str:
    return path.relative_to(Path(__file__).parent).parts[0]


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave to `make quick` what decides on plain data: the rest takes a program each."""
    for item in items:
        room = room_of(item.path)
        starts = inspect.iscoroutinefunction(getattr(item, "function", None)) or room == "cli"
        if room in ROOMS_WITH_PROGRAMS and starts:
            item.add_marker("slow")
    databases.mark(items)
    if databases.wanted():
        ours = [item for item in items if not item.get_closest_marker("sqlite")]
        config.hook.pytest_deselected(items=[item for item in items if item not in ours])
        items[:] = ours


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[Any]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Count a test that was skipped as a failure where `CI=true`."""
    report = yield
    if report.skipped and not hasattr(report, "wasxfail") and os.environ.get("CI") == "true":
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
        report.outcome = "failed"
        report.longrepr = f"{item.nodeid} was left out, and in CI nothing is: {reason}"
    return report
