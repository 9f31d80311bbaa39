"""The box holds for an unprivileged service as it does for root: the same tests, as nobody."""

import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path

import pytest

from tests.box.boxed import AS_ROOT

NOBODY = 65534
ROOT = Path(__file__).parents[2]
NOT_NEEDED = (
    "__pycache__",
    "alembic*",
    "*crypt*",
    "dbos*",
    "*hypothesis*",
    "kingfisher*",
    "mypy*",
    "playwright*",
    "ruff*",
)
TESTS = (
    "tests/box",
    "tests/attacks/test_box_files.py",
    "tests/attacks/test_box_processes.py",
    "tests/attacks/test_box_kernel.py",
    "tests/attacks/test_box_limits.py",
    "tests/attacks/test_box_landlock.py",
)


def interpreter() -> str:
    """Find a Python of this version that nobody may start."""
    version = f"python3.{sys.version_info.minor}"
    for path in (sys.executable, f"/usr/bin/{version}", f"/usr/local/bin/{version}"):
        if Path(path).exists() and as_nobody(path, "-c", "pass").returncode == 0:
            return path
    pytest.skip("no Python of this version that another user may start")


def within_reach(folder: Path) -> tuple[Path, Path]:
    """Name sources and packages that nobody may read: copies, where ours are closed to others."""
    packages = Path(sysconfig.get_path("purelib"))
    python = interpreter()
    if as_nobody(python, "-c", "import pytest, tests.box").returncode == 0:
        return ROOT, packages
    left_out = shutil.ignore_patterns(*NOT_NEEDED)
    # not the byte code: whoever imports beside us writes it, and renames it while we copy
    for name in ("bot", "tests"):
        shutil.copytree(ROOT / name, folder / "sources" / name, ignore=left_out)
    shutil.copy(ROOT / "pyproject.toml", folder / "sources")
    shutil.copytree(packages, folder / "packages", ignore=left_out)
    return folder / "sources", folder / "packages"


def as_nobody(
    *argv: str, home: str = "/", sources: Path = ROOT, packages: Path | None = None
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ("/usr/bin/env", *argv),
        cwd=sources if os.access(sources, os.X_OK) else "/",
        env={
            "PATH": "/usr/bin:/bin",
            "PYTHONPATH": f"{packages or sysconfig.get_path('purelib')}:{sources}",
            "HOME": home,
            "TMPDIR": home,
            "PYTHONDONTWRITEBYTECODE": "1",
        },
        user=NOBODY,
        group=NOBODY,
        extra_groups=[],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.slow
@pytest.mark.skipif(not AS_ROOT, reason="these tests run unprivileged already")
def test_all_of_it_holds_for_an_unprivileged_user() -> None:
    with tempfile.TemporaryDirectory() as home:  # pytest keeps its own directories to root
        (Path(home) / "sources").mkdir()
        sources, packages = within_reach(Path(home))
        os.chown(home, NOBODY, NOBODY)
        tests = ("-m", "pytest", "-q", *TESTS, "--basetemp", f"{home}/tests")

        done = as_nobody(interpreter(), *tests, home=home, sources=sources, packages=packages)

    assert done.returncode == 0, done.stdout[-5000:] + done.stderr[-2000:]
