"""The released projects, one after another."""

from pathlib import Path

import pytest

from tests.real.projects import STEPS, Project, prepare


@pytest.fixture(params=STEPS, ids=lambda step: f"{step.old.name} to {step.new.version}")
def project(request: pytest.FixtureRequest, tmp_path: Path) -> Project:
    return prepare(request.param, tmp_path)
