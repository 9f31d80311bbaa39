"""The scripted agent itself: takes steps as JSON on stdin, tells events as JSON lines on stdout.

Runs in the box on the standard library alone. What a command prints goes to stderr, the log.
"""

import base64
import json
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

Step = Mapping[str, Any]


class StepFailed(Exception):
    """The attempt ends here; the text says why."""


def main() -> None:
    for step in json.load(sys.stdin):
        if "say" in step:
            tell("message", text=step["say"])
            continue
        act = next(name for name in ACTS if name in step)
        title = f"{act} {step[act]}"
        tell("tool_started", title=title)
        try:
            detail = ACTS[act](step) or ""
        except (StepFailed, OSError, ValueError) as error:
            tell("tool_finished", title=title, ok=False, detail=str(error))
            tell("end", ok=False, message=f"{title}: {error}")
            return
        tell("tool_finished", title=title, ok=not detail, detail=detail)
    tell("end", ok=True, message="")


def tell(kind: str, **fields: object) -> None:
    event: dict[str, object] = {"type": kind}
    for name, value in fields.items():
        event[name] = value[:4000] if isinstance(value, str) else value
    sys.stdout.write(json.dumps(event) + "\n")
    sys.stdout.flush()


def write(step: Step) -> None:
    path = Path(step["write"])
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(step["text"], encoding="utf-8", newline="")


def delete(step: Step) -> None:
    path = Path(step["delete"])
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink()


def link(step: Step) -> None:
    path = Path(step["link"])
    path.parent.mkdir(parents=True, exist_ok=True)
    path.symlink_to(step["to"])


def diff(step: Step) -> None:
    applied = subprocess.run(
        ["git", "apply", "-p1", "--whitespace=nowarn"],
        input=base64.b64decode(step["data"]),
        stdout=sys.stderr,
        stderr=subprocess.PIPE,
    )
    if applied.returncode:
        words = applied.stderr.decode(errors="replace").strip()
        raise StepFailed(f"the patch does not apply: {words}")


def run(step: Step) -> str | None:
    argv = ["/bin/sh", "-c", step["run"]]
    code = subprocess.run(argv, stdin=subprocess.DEVNULL, stdout=sys.stderr).returncode
    return f"exit code {code}" if code else None


def hang(step: Step) -> None:
    time.sleep(step["hang"])


ACTS: Mapping[str, Callable[[Step], str | None]] = {
    "write": write,
    "delete": delete,
    "link": link,
    "diff": diff,
    "run": run,
    "hang": hang,
}

if __name__ == "__main__":
    main()
