"""Run `coppice` as a shell does: a process of its own, in an environment that a test gives it."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

COMMAND = (sys.executable, "-m", "bot")
ROOT = Path(__file__).resolve().parents[2]


def environment(**settings: Any) -> dict[str, str]:
    """Keep PATH and HOME of ours, and set `COPPICE_…`."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    named = {f"COPPICE_{name}": str(value) for name, value in settings.items()}
    return kept | named | {"PYTHONPATH": str(ROOT)}


def coppice(*arguments: str, **settings: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *arguments],
        env=environment(**settings),
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
