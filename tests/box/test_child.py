"""Pipes to children are closed once: a descriptor closed twice may be another thread's by then."""

import asyncio
import io
import os
import subprocess
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import IO, Any

import pytest
import uvloop

from bot.box.child import Child

Run = Callable[[Coroutine[Any, Any, None]], None]


class Watched(io.FileIO):
    """The end of a pipe that knows whether its descriptor was its own when it was closed."""

    was_ours: bool | None = None

    def close(self) -> None:
        if not self.closed:
            try:
                os.fstat(self.fileno())
                self.was_ours = True
            except OSError:
                self.was_ours = False
        super().close()


def watched(pipe: IO[bytes] | None, mode: str) -> Watched:
    assert pipe is not None
    descriptor = os.dup(pipe.fileno())
    pipe.close()
    return Watched(descriptor, mode)


def started() -> subprocess.Popen[bytes]:
    popen = subprocess.Popen(("cat",), bufsize=0, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    popen.stdin = watched(popen.stdin, "wb")
    popen.stdout = watched(popen.stdout, "rb")
    return popen


def pipes() -> set[str]:
    """The pipes that this process holds an end of."""
    found = set()
    for name in os.listdir("/proc/self/fd"):
        with suppress(FileNotFoundError):  # the listing's own
            found.add(os.readlink(f"/proc/self/fd/{name}"))
    return {link for link in found if link.startswith("pipe:")}


async def said(popen: subprocess.Popen[bytes]) -> bytes:
    child = Child(popen)
    await child.connect()
    child.stdin.write(b"hello")
    child.stdin.close()
    heard = await child.stdout.read()
    await child.wait()
    child.close()
    await asyncio.sleep(0.05)  # transports close their pipes in the loop's next turns
    return heard


@pytest.mark.parametrize("run", [asyncio.run, uvloop.run], ids=["asyncio", "uvloop"])
def test_no_pipe_is_closed_by_its_number_after_it_was_given_back(run: Run) -> None:
    async def story() -> None:
        await said(started())  # a loop opens what it needs itself at its first pipe
        before = pipes()
        popen = started()

        assert await said(popen) == b"hello"

        assert isinstance(popen.stdin, Watched)
        assert isinstance(popen.stdout, Watched)
        assert (popen.stdin.was_ours, popen.stdout.was_ours) == (True, True)
        assert pipes() <= before

    run(story())
