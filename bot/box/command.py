"""What a box is asked to run, what came of it, and what every box can do."""

from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from enum import IntEnum
from pathlib import Path
from typing import Protocol

from bot.box.forward import Forward
from bot.box.mount import TREE, Mount
from bot.box.process import BoxedProcess

OUTPUT_LIMIT = 64 * 2**20


class BoxLevel(IntEnum):
    """How well a process is confined; higher is better, and every run shows it."""

    NONE = 0  # only an empty environment and a time limit
    LANDLOCK = 2  # the kernel checks paths, the process sees the host's processes
    BUBBLEWRAP = 3  # namespaces of its own: files, processes, network

    @property
    def label(self) -> str:
        """The word of `COPPICE_BOX`."""
        return self.name.lower()


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    argv: tuple[str, ...]
    mounts: tuple[Mount, ...] = ()
    """Bound in this order, so that one may stand inside another."""
    cwd: str = TREE
    """A path in the box."""
    env: Mapping[str, str] = field(default_factory=dict)
    """Beside PATH, LANG and HOME; nothing is inherited."""
    stdin: bytes | None = None
    """None: stdin is at its end, so a command that asks for input ends. Not used by `open`."""
    seconds: float
    """After that everything in the box is killed."""
    output_limit: int = OUTPUT_LIMIT
    """Bytes; a command that prints more is killed."""
    log: Path | None = None
    """Gets the whole output, mode 0600."""
    loopback: bool = False
    """Allow internet sockets, which reach nothing but the box's own 127.0.0.1."""
    forward: tuple[Forward, ...] = ()
    """Ports of the box's 127.0.0.1 that lead to Unix sockets of the host."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    exit_code: int | None
    """128 + n when signal n ended it; None when it was killed by us."""
    seconds: float
    output: str
    """Head and tail of stdout and stderr."""
    problem: str | None = None
    """Why it did not end by itself (`time limit of 600 s`, `output limit of 64 MB`)."""


class Box(Protocol):
    @property
    def level(self) -> BoxLevel: ...

    @property
    def held(self) -> str:
        """Say which limits it holds its commands to, and by what."""
        ...

    async def run(self, command: Command) -> Outcome:
        """Run it to its end, or to a limit; nothing of it is alive afterwards.

        Raises OperatorError when the box itself cannot be set up, StageFailed (`bad_command`) when
        the command's own words cannot be handed over.
        """
        ...

    def open(self, command: Command) -> AbstractAsyncContextManager[BoxedProcess]:
        """Start it with stdin and stdout in hand; leaving the block kills all of it.

        stderr goes to the log. Time is the caller's to watch, `seconds` is not used.
        """
        ...
