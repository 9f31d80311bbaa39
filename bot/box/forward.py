"""A port of the box's 127.0.0.1 that leads to a Unix socket of the host, and to nothing else."""

import sys
from dataclasses import dataclass
from pathlib import Path

from bot.box import forwarder_program
from bot.box.mount import Mount

ROOM = "/run/coppice"
PROGRAM = f"{ROOM}/forwarder_program.py"


@dataclass(frozen=True, slots=True, kw_only=True)
class Forward:
    """For programs that speak TCP only, as agents do.

    Give the command the address in its arguments or environment as ``127.0.0.1:PORT``
    (`http://127.0.0.1:8100/v1`). Boxes without a network of their own take a free port of the host
    instead and replace that text in arguments and environment; files are not rewritten, so what is
    written to a file has to refer to an environment variable.
    """

    port: int
    """From 1024 to 65535, any: no two boxes share their ports."""
    socket: Path
    """On the host; somebody has to listen there."""


def in_network(
    argv: tuple[str, ...], forwards: tuple[Forward, ...]
) -> tuple[tuple[str, ...], tuple[Mount, ...]]:
    """Put the forwarder before a command in a box with a network of its own; give its mounts."""
    if not forwards:
        return argv, ()
    mounts = [Mount(source=Path(forwarder_program.__file__), target=PROGRAM)]
    words = [_python(), "-I", "-S", "-B", PROGRAM]
    for forward in forwards:
        target = f"{ROOM}/{forward.port}.sock"
        mounts.append(Mount(source=forward.socket, target=target, writable=True))
        words += (str(forward.port), target)
    return (*words, "--", *argv), tuple(mounts)


def _python() -> str:
    """Name a Python in the box: ours where it is shown beside the system, else the system's."""
    own = Path(sys.executable).resolve()
    return "python3" if own.is_relative_to("/usr") else sys.executable
