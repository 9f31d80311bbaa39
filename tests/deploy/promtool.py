"""Prometheus's own checker, of Debian's package `prometheus`."""

import shutil
import subprocess
from pathlib import Path

import pytest


def promtool(*arguments: str, folder: Path, given: bytes = b"") -> subprocess.CompletedProcess[str]:
    """Run it in a folder; skip where it is not installed."""
    found = shutil.which("promtool")
    if found is None:
        pytest.skip("no promtool here (apt-get install prometheus)")
    return subprocess.run(
        [found, *arguments],
        cwd=folder,
        input=given.decode(),
        capture_output=True,
        text=True,
        check=False,
    )
