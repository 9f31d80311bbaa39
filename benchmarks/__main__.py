"""Run the benchmarks one after the other; each is a process of its own, so none warms another."""

import argparse
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
NOT_BENCHMARKS = {"__init__", "__main__", "figure", "pictures"}


def names() -> list[str]:
    """List the modules here that measure: those that can be run by themselves."""
    found = (path.stem for path in HERE.glob("*.py") if '"__main__"' in path.read_text())
    return sorted(set(found) - NOT_BENCHMARKS)


def measure(name: str) -> tuple[list[dict[str, Any]], bool]:
    """Run one; its stderr is shown, and the lines of its stdout are its figures."""
    done = subprocess.run(
        [sys.executable, "-m", f"benchmarks.{name}"],
        cwd=HERE.parent,
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    figures = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    if done.returncode or not figures:
        print(f"benchmarks: {name} could not measure (exit {done.returncode})", file=sys.stderr)
    return figures, done.returncode == 0 and bool(figures)


def line(figure: dict[str, Any]) -> str:
    against = f" against {figure['against']}" if figure["against"] else ""
    theirs = "" if figure["theirs"] is None else f" : {figure['theirs']:g}"
    ratio = "" if figure["ratio"] is None else f" = {figure['ratio']:g}x"
    verdict = "ok" if figure["ok"] else "SHORT"
    numbers = f"{figure['ours']:g}{theirs} {figure['unit']}{ratio}"
    return f"{verdict:5} {figure['name']}{against}: {numbers} (goal {figure['goal']})"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks")
    parser.add_argument("--only", choices=names(), metavar="NAME", help=", ".join(names()))
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    measured = True
    for name in [arguments.only] if arguments.only else names():
        figures, good = measure(name)
        measured = measured and good
        for figure in figures:
            print(json.dumps(figure) if arguments.json else line(figure), flush=True)
    return 0 if measured else 1


if __name__ == "__main__":
    sys.exit(main())
