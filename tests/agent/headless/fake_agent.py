"""A headless agent that prints what its words say; runs in the box on the standard library."""

import json
import os
import sys
import time


def lines(told: str, code: str) -> None:
    for line in json.loads(told):
        sys.stdout.write((line if isinstance(line, str) else json.dumps(line)) + "\n")
    sys.stdout.flush()
    sys.exit(int(code))


def echo() -> None:
    sys.stdout.write(sys.stdin.read())


def argument(prompt: str) -> None:
    sys.stdout.write(prompt)


def hang() -> None:
    dawdle("working")


def dawdle(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()
    time.sleep(100)


def flood() -> None:
    while True:
        sys.stdout.write("x" * 10_000 + "\n")


def endless() -> None:
    while True:
        sys.stdout.write("x" * 2**16)


def killed() -> None:
    os.kill(os.getpid(), 9)


if __name__ == "__main__":
    globals()[sys.argv[1]](*sys.argv[2:])
