"""A real agent's whole process tree under strace: what it connects to and what it opens."""

import re
import shutil
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from bot.agent.runtime import FinishReason
from bot.box import Box, probe
from bot.box.bubblewrap import Bubblewrap
from bot.box.probe import installed
from tests.real.agent_world import World
from tests.real.test_agents import HELLO, RUN, world

pytestmark = pytest.mark.database

SHOWN = (
    *("/usr/", "/bin/", "/sbin/", "/lib", "/etc/", "/opt/coppice/", "/tree", "/tmp", "/home/agent"),
    *("/proc", "/dev/", "/sys/", "/run/coppice/", sys.prefix, sys.base_prefix),
)
"""What a box shows; the host has more."""
_UNIX = re.compile(r'sa_family=AF_UNIX, sun_path=@?"([^"]*)"')
_INTERNET = re.compile(r'inet_addr\("([^"]*)"\)|inet_pton\(AF_INET6, "([^"]*)"')
_OPENED = re.compile(r'\bopen(?:at|at2)?\((?:AT_FDCWD, )?"(/[^"]*)".* = \d+')


def traced(box: Bubblewrap, root: Path, program: str) -> Box:
    """Put strace before bubblewrap; it sees what happens inside from outside."""
    wrapper = root / "bwrap"
    wrapper.write_text(
        f"#!/bin/sh\nexec strace -f -qq -s 4096 -o {root}/trace"
        f' -e trace=connect,sendto,open,openat,openat2,execve {program} "$@"\n'
    )
    wrapper.chmod(0o755)
    box._program = replace(box._program, path=str(wrapper))
    return box


def inside(trace: Path) -> list[str]:
    """The lines behind the point at which bubblewrap hands over to the command."""
    lines = trace.read_text(errors="replace").splitlines()
    begin = next(
        at for at, line in enumerate(lines) if re.search(r"execve\(\"[^\"]*/prlimit\"", line)
    )
    return lines[begin:]


def connected(lines: list[str]) -> Iterator[str]:
    """Name every place to which a connection was made."""
    for line in lines:
        if "connect(" in line and (line.endswith("= 0") or "EINPROGRESS" in line):
            for match in (*_UNIX.finditer(line), *_INTERNET.finditer(line)):
                yield next(filter(None, match.groups()), "")


@pytest.fixture
async def box(tmp_path: Path) -> Box:
    if shutil.which("strace") is None:
        pytest.skip("strace is not installed; type: apt-get install strace")
    box = await probe("bubblewrap")
    assert isinstance(box, Bubblewrap)
    return traced(box, tmp_path, (await installed()).path)


@pytest.mark.parametrize("name", ["codex"])
async def test_it_reaches_its_model_and_sees_its_box(tmp_path: Path, name: str, box: Box) -> None:
    real: World = world(tmp_path, name, box=box)

    end = await real.play([HELLO, RUN])

    lines = inside(tmp_path / "trace")
    opened = [match[1] for line in lines if (match := _OPENED.search(line))]
    assert end.reason == FinishReason.DONE
    assert set(connected(lines)) == {"127.0.0.1", "/run/coppice/8100.sock"}
    assert len(opened) > 100
    assert [path for path in opened if not path.startswith(SHOWN)] == []
