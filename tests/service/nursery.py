"""Forge and service by fork from a process that has loaded them: their start costs an eighth.

Nearly all of what a start costs, 1.4 seconds of a processor for the two, is Python loading modules,
the same ones in each of some hundred tests. A nursery loads what one command loads and then waits;
for each program it forks, and the fork becomes what `python -m bot` would have been: a process with
the given environment, descriptors, arguments and directory, that runs `bot.__main__` from its first
line and ends with its own exit code. It has one thread, no event loop, and opens nothing.

What a fork cannot show: variables that count before or while modules are loaded (so it is given
`COPPICE_…` alone, and whoever gives others gets a new interpreter), a hash seed of its own (so what
is started again after a kill is a new interpreter), another release's sources, and what the kernel
tells of a process: /proc/PID/environ and cmdline are the nursery's.
"""

import asyncio
import atexit
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Self

from tests.service import nursery_program

ROOT = Path(__file__).resolve().parents[2]


def can_start(arguments: Sequence[str], environment: Mapping[str, str]) -> bool:
    """Say whether a fork would be the same as a new interpreter, as far as tests look."""
    lean = "web" in arguments  # a role that loads less
    given = {name for name in environment if not name.startswith("COPPICE_")}
    return arguments[0] in nursery_program.MODULES and not lean and given == {"PATH", "HOME"}


@dataclass(slots=True)
class Forked:
    """A program, with the members of `asyncio.subprocess.Process` that tests use."""

    pid: int
    stdout: asyncio.StreamReader
    nursery: "Nursery"
    handle: int
    """Of the process, which has no other by this number until it is closed."""
    pipe: asyncio.ReadTransport
    returncode: int | None = None
    gone: asyncio.Event = field(default_factory=asyncio.Event)

    def send_signal(self, number: int) -> None:
        if self.returncode is not None:
            raise ProcessLookupError
        signal.pidfd_send_signal(self.handle, number)

    async def wait(self) -> int:
        await self.gone.wait()
        assert self.returncode is not None
        return self.returncode

    def end(self) -> None:
        """Take the exit code: the process has ended."""
        asyncio.get_running_loop().remove_reader(self.handle)
        os.close(self.handle)
        self.returncode = self.nursery.ask({"reap": self.pid})
        self.pipe.close()
        self.gone.set()


@dataclass(slots=True)
class Nursery:
    """The process for one command, which ends with this one: when its line is closed."""

    line: socket.socket
    process: subprocess.Popen[bytes]

    @classmethod
    @cache
    def of(cls, command: str) -> Self:
        near, far = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with far:
            words = (sys.executable, "-m", nursery_program.__name__, command, str(far.fileno()))
            process = subprocess.Popen(
                words,
                env={"PATH": os.environ["PATH"]},
                cwd=ROOT,
                stdout=subprocess.PIPE,  # as a program's: Python looks once what it is
                pass_fds=[far.fileno()],
            )
        there = cls(near, process)
        atexit.register(there.close)
        return there

    def close(self) -> None:
        self.line.close()
        self.process.communicate()

    def ask(self, request: Mapping[str, Any], fds: Sequence[int] = ()) -> int:
        socket.send_fds(self.line, [json.dumps(request).encode()], fds)
        answer = self.line.recv(nursery_program.LONGEST)
        assert answer, "the nursery has ended"
        return int(answer)

    async def start(
        self, arguments: Sequence[str], environment: Mapping[str, str], stderr: int, limit: int
    ) -> Forked:
        """Fork a program; ``limit`` is that of its stdout's lines."""
        request = {"arguments": list(arguments), "environment": dict(environment)}
        near, far = os.pipe()
        try:
            pid = self.ask(request, (far, stderr))
        finally:
            os.close(far)
        loop, stdout = asyncio.get_running_loop(), asyncio.StreamReader(limit=limit)
        file = os.fdopen(near, "rb", buffering=0)
        pipe, _ = await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(stdout), file)
        program = Forked(pid, stdout, self, os.pidfd_open(pid), pipe)
        loop.add_reader(program.handle, program.end)
        return program
