"""Run `coppice` as a shell does: a process of its own, in an environment that a test gives it."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests import postgres

COMMAND = (sys.executable, "-m", "bot")
ROOT = Path(__file__).resolve().parents[2]


def environment(**settings: Any) -> dict[str, str]:
    """Keep PATH and HOME of ours, and set `COPPICE_…`; a test's own database goes with them."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    chosen = postgres.chosen(f"{settings.get('DATA_DIR')}/coppice.sqlite")
    database = {"DATABASE_URL": chosen} if chosen else {}
    named = {f"COPPICE_{name}": str(value) for name, value in (database | settings).items()}
    return kept | named | {"PYTHONPATH": str(ROOT)}


def git(folder: Path, *arguments: str) -> str:
    who = ("-c", "user.name=ana", "-c", "user.email=ana@example.com")
    command = ("git", *who, "-C", str(folder), *arguments)
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def played(*arguments: str) -> tuple[int, dict[str, Any]]:
    """Play `coppice demo` to its end; give its exit code and the object that it prints."""
    done = coppice("demo", "--once", "--json", *arguments)
    assert done.stdout.count("\n") == 1, done.stderr
    return done.returncode, json.loads(done.stdout)


def coppice(*arguments: str, **settings: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *arguments],
        env=environment(**settings),
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
